"""`manage.py metric` and `manage.py recompute`, as scripts use them."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from crm import tenures
from crm.models import Customer, Segment
from metrics.models import Mark, Snapshot
from staff.models import Business, User
from tests.factories import CustomerFactory, OrderFactory

FEBRUARY = ("--from", "2026-02-01", "--to", "2026-03-01")


@pytest.fixture
def buyer(business: Business) -> Customer:
    when = datetime(2026, 2, 5, 15, tzinfo=UTC)
    found: Customer = CustomerFactory(created_at=when)
    for total in (100, 50):
        OrderFactory(customer=found, ordered_at=when, total=Decimal(total), external_id=str(total))
    tenures.rebuild([found.pk])
    return found


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def metric(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("metric", *words, "--json").splitlines()[-1])
    return found


def test_metric_answers_under_its_fixed_names(buyer: Customer) -> None:
    answer = metric("average_ticket", *FEBRUARY)
    assert list(answer)[:12] == [
        "kpi",
        "from",
        "to",
        "status",
        "value",
        "exact",
        "numerator",
        "denominator",
        "n",
        "ci",
        "ci_method",
        "unit",
    ]
    assert answer | {"parts": None} == answer | {
        "kpi": "average_ticket",
        "from": "2026-02-01",
        "to": "2026-03-01",
        "status": "ok",
        "value": 75,
        "numerator": 150,
        "denominator": 2,
        "n": 2,
        "ci": None,
        "unit": "money:BRL",
        "parts": None,
    }


def test_metric_gives_the_rows_and_their_sum(buyer: Customer) -> None:
    answer = metric("average_ticket", *FEBRUARY, "--rows", "numerator")
    assert answer["sum"] == answer["numerator"] == 150
    assert [row["external_id"] for row in answer["rows"]] == ["100", "50"]
    assert {row["customer"] for row in answer["rows"]} == {buyer.pk}


def test_metric_takes_parameters(business: Business) -> None:
    given = [("annual_revenue", "5000"), ("years", "10"), ("cac", "3000")]
    words = [word for name, value in given for word in ("--param", f"{name}={value}")]
    assert metric("ltv_annual", *FEBRUARY, *words)["value"] == 47_000


def test_metric_as_of_an_instant_knows_no_later_facts(buyer: Customer) -> None:
    assert metric("turnover", *FEBRUARY, "--as-of", "2026-02-05T00:00:00Z")["n"] == 0
    assert metric("turnover", *FEBRUARY, "--as-of", "2026-02-06")["n"] == 1


def test_metric_reads_what_is_stored(buyer: Customer) -> None:
    with pytest.raises(CommandError, match="stored"):
        metric("average_ticket", *FEBRUARY, "--stored")
    run("recompute")
    answer = metric("average_ticket", *FEBRUARY, "--stored")
    assert (answer["value"], answer["is_revision"]) == (75, False)
    OrderFactory(customer=buyer, ordered_at=datetime(2026, 2, 6, tzinfo=UTC), total=Decimal(300))
    assert metric("average_ticket", *FEBRUARY, "--stored")["value"] == 75
    before = answer["as_of"]
    run("recompute")
    assert metric("average_ticket", *FEBRUARY, "--stored")["is_revision"] is True
    assert metric("average_ticket", *FEBRUARY, "--stored", "--as-of", before)["value"] == 75


def test_metric_without_json_is_for_people(buyer: Customer) -> None:
    assert "value: 75" in run("metric", "average_ticket", *FEBRUARY)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["satisfaction", *FEBRUARY], "There is no metric “satisfaction”"),
        (["nps", "--from", "2026-03-01", "--to", "2026-02-01"], "later"),
        (["nps", *FEBRUARY, "--segment", "gold"], "no segment “gold”"),
        (["nps", *FEBRUARY, "--as-of", "yesterday"], "no instant"),
        (["nps", *FEBRUARY, "--param", "colour=red"], "no parameter “colour”"),
        (["csat", *FEBRUARY, "--param", "scale=ten"], "“ten” can’t be used for “scale”"),
        (["csat", *FEBRUARY, "--param", "scale"], "NAME=VALUE"),
        (["ltv_annual", *FEBRUARY, "--param", "cac=NaN"], "“NaN” can’t be used"),
    ],
)
def test_metric_says_what_is_wrong(business: Business, words: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint) as refusal:
        run("metric", *words)
    assert refusal.value.returncode == 2


def test_metric_needs_a_business(db: None) -> None:
    with pytest.raises(CommandError, match="business up first"):
        run("metric", "nps", *FEBRUARY)


def test_recompute_refreshes_and_checks(buyer: Customer) -> None:
    run("recompute")
    assert not Mark.objects.exists()
    assert "agrees" in run("recompute", "--check")
    Snapshot.objects.filter(kpi="average_ticket", grain="month").update(value=1)
    with pytest.raises(CommandError, match="1 stored figures differ"):
        run("recompute", "--check")
    run("recompute", "--full")
    assert "agrees" in run("recompute", "--check")


def test_metric_of_a_segment(buyer: Customer, owner: User) -> None:
    """A saved segment by its name, or filters as the list of customers has them."""
    other: Customer = CustomerFactory(source="fair", owner=owner, tags=["Très VIP"])
    when = datetime(2026, 2, 7, 15, tzinfo=UTC)
    OrderFactory(customer=other, ordered_at=when, total=Decimal(30), rebuild=True)
    Segment.objects.create(name="From the fair", query="source=fair")
    ways = ("From the fair", "source=fair", f"owner={owner.email}", "tag=tres vip", "tag=TRÈS VIP")
    for way in ways:
        answer = metric("average_ticket", *FEBRUARY, "--segment", way, "--rows", "numerator")
        assert (answer["value"], answer["n"], answer["sum"]) == (30, 1, 30), way
        assert answer["segment"]
    assert metric("average_ticket", *FEBRUARY, "--segment", "without=source")["value"] == 75
    assert metric("average_ticket", *FEBRUARY, "--segment", "source=web")["status"] == "no_orders"
    both = metric("average_ticket", *FEBRUARY, "--segment", "source=fair&stage=lead")
    assert both["status"] == "no_orders"


@pytest.mark.parametrize("name", ["nobody", "tag=gone", "colour=red", "q=ana", "="])
def test_metric_refuses_a_segment_that_it_does_not_know(business: Business, name: str) -> None:
    with pytest.raises(CommandError, match="There is no segment") as refused:
        metric("average_ticket", *FEBRUARY, "--segment", name)
    assert refused.value.returncode == 2


def test_an_own_segment_is_meant_only_when_there_is_no_other(
    buyer: Customer, owner: User, agent: User
) -> None:
    for own in (owner, agent):
        Segment.objects.create(name="Mine", owner=own, query="stage=lead")
    with pytest.raises(CommandError, match="There is no segment"):
        metric("average_ticket", *FEBRUARY, "--segment", "Mine")
    Segment.objects.create(name="Mine", query="stage=lost")
    assert metric("average_ticket", *FEBRUARY, "--segment", "Mine")["value"] == 75
