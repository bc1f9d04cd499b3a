"""Two customers who are one: everything goes over by rules, and comes back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from crm import projections
from crm.actions import merging
from crm.merging import MERGE_RULES, customer_of_referral_link
from crm.models import (
    Affiliation,
    Customer,
    Deal,
    Loss,
    Outreach,
    OutreachMessage,
    Pipeline,
    ReferralLink,
    Stage,
)
from crm.sides import Side
from staff.columns import own_columns, to_json
from staff.models import User
from support.models import TicketSearch
from tests.factories import (
    ContactFactory,
    ContractFactory,
    CostFactory,
    CustomerFactory,
    InteractionFactory,
    InvitationFactory,
    OpenedTicketFactory,
    OrderFactory,
    ResponseFactory,
    TaskFactory,
    TenureSpanFactory,
)

pytestmark = pytest.mark.django_db
ROOMS = {"staff", "mail", "crm", "support", "surveys", "metrics"}
# Rows of a merge itself, and what names rows of every kind in machine's words.
MECHANISM = {"staff.change.object_id", "crm.mergedcustomer.old_id"}


def pointing_to_customers() -> Iterator[str]:
    """Every field that points to a customer: keys, one-to-ones, many-to-manys, plain pairs."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label not in ROOMS:
            continue
        names = {field.name for field in model._meta.concrete_fields}
        for field in model._meta.concrete_fields:
            name = f"{model._meta.label_lower}.{field.name}"
            pair = field.name.removesuffix("_id") + "_model"
            if (
                field.related_model is Customer
                or (not field.is_relation and field.name.endswith("_id") and pair in names)
                or (field.name in {"customer_id", "customer_ids"} and not field.is_relation)
            ):
                yield name


# A list of keys frozen for a moment: whoever is merged meanwhile is no longer there, as if deleted.
FROZEN = {"crm.bulkedit.customer_ids"}


def test_everything_that_points_to_a_customer_has_a_rule() -> None:
    rules = {rule.name for rule in MERGE_RULES.all()}
    assert set(pointing_to_customers()) - rules == FROZEN


def test_every_rule_is_about_something() -> None:
    for rule in MERGE_RULES.all():
        assert rule.model._meta.get_field(rule.field)


def everything() -> dict[str, dict[int, dict[str, Any]]]:
    """Every row of what points to customers, and the customers: {model: {key: columns}}."""
    found = {}
    labels = {name.rpartition(".")[0] for name in pointing_to_customers()} | {"crm.customer"}
    derived = {"crm.customersearch", "crm.tocompare", "crm.duplicatekey", "staff.auditentry"}
    for label in sorted(labels - derived - {"crm.bulkedit"}):
        model: Any = apps.get_model(label)
        columns = own_columns(model)
        found[label] = {
            row.pk: {name: to_json(getattr(row, name)) for name in columns}
            for row in model._base_manager.all()
        }
    # Projections are the same by what they say, not by their keys.
    for row in found["crm.tenure"].values():
        row["id"] = 0
    found["crm.tenure"] = dict(enumerate(sorted(found["crm.tenure"].values(), key=str)))
    return found


@pytest.fixture
def both(business: object) -> tuple[Customer, Customer]:
    """Two with one of everything each, and with all that clashes."""
    winner = CustomerFactory(name="Ana Souza", email="ana@example.com", tags=["vip", "cake"])
    loser = CustomerFactory(
        name="Ana Maria Souza", email="ana.s@example.com", tags=["VIP", "bread"], city="Recife"
    )
    for one in (winner, loser):
        furnish(one)
    shared = ContactFactory(customer=winner, name="Their accountant")
    Affiliation.objects.create(customer=loser, contact=shared, role="accountant")
    Customer.objects.filter(pk=winner.pk).update(referred_by=loser)
    CustomerFactory(name="Brought by the loser", referred_by=loser)
    projections.rebuild([winner.pk, loser.pk])
    winner.refresh_from_db()
    loser.refresh_from_db()
    return winner, loser


def furnish(one: Customer) -> None:
    InteractionFactory(customer=one, direction="in")
    OrderFactory(customer=one)
    ContractFactory(customer=one)
    CostFactory(customer=one)
    TaskFactory(customer=one)
    TenureSpanFactory(customer=one)
    Loss.objects.create(customer=one, lost_at=timezone.now(), reason="service")
    OpenedTicketFactory(customer=one)
    ResponseFactory(customer=one)
    InvitationFactory(customer=one)
    ReferralLink.objects.create(customer=one, slug=f"link-{one.pk}")
    pipeline, _made = Pipeline.objects.get_or_create(name="Sales")
    stage, _made = Stage.objects.get_or_create(pipeline=pipeline, name="New")
    Deal.objects.create(customer=one, title="A cake", stage=stage)
    outreach, _made = Outreach.objects.get_or_create(name="News")
    OutreachMessage.objects.create(
        outreach=outreach, customer=one, occasion="once", state=OutreachMessage.State.QUEUED
    )


def merged(winner: Customer, loser: Customer, by: User | None = None, **values: Side) -> Any:
    return merging.merge_customers(winner=winner, loser=loser, by=by, values=values)


def test_everything_of_the_loser_is_the_winners(both: tuple[Customer, Customer]) -> None:
    winner, loser = both
    before = everything()
    merged(winner, loser)
    assert not Customer.objects.filter(pk=loser.pk).exists()
    after = everything()
    for label in ("order", "contract", "interaction", "cost", "task", "deal", "loss", "tenurespan"):
        assert len(after[f"crm.{label}"]) == len(before[f"crm.{label}"])
        assert {row["customer_id"] for row in after[f"crm.{label}"].values()} == {winner.pk}
    for label in ("support.ticket", "surveys.response", "surveys.invitation"):
        assert len(after[label]) == len(before[label])
        assert {row["customer_id"] for row in after[label].values()} == {winner.pk}
    assert after["crm.outreachmessage"].keys() == before["crm.outreachmessage"].keys()


def test_an_undo_brings_everything_back(both: tuple[Customer, Customer], agent: User) -> None:
    winner, loser = both
    before = everything()
    change_set = merged(winner, loser, agent)
    outcome = merging.undo_merge(change_set=change_set, by=agent)
    assert outcome.left_alone_count == 0
    assert everything() == before
    assert projections.check() == []


def test_clashes_are_settled(both: tuple[Customer, Customer]) -> None:
    winner, loser = both
    merged(winner, loser)
    winner.refresh_from_db()
    current = winner.affiliations.filter(until=None)
    assert current.filter(is_primary=True).count() == 1
    assert current.filter(contact__name="Their accountant").count() == 1
    assert current.get(contact__name="Their accountant").role == "accountant"
    assert sorted(winner.tags.values_list("name", flat=True)) == ["bread", "cake", "vip"]
    assert winner.referred_by is None
    assert winner.tenures.filter(is_first=True).count() == 1
    assert projections.check() == []


def test_the_words_of_both_find_the_winner(both: tuple[Customer, Customer]) -> None:
    winner, loser = both
    merged(winner, loser)
    assert list(Customer.objects.search("ana.s@example")) == [winner]


def test_tickets_are_found_by_the_name_that_stays(business: object) -> None:
    winner, loser = CustomerFactory(name="Padaria Sol"), CustomerFactory(name="Quitanda Lua")
    ticket = OpenedTicketFactory(customer=loser)
    change_set = merged(winner, loser)
    words = TicketSearch.objects.get(ticket=ticket)
    assert "padaria" in words.text
    assert "quitanda" not in words.text
    merging.undo_merge(change_set=change_set, by=None)
    words.refresh_from_db()
    assert "quitanda" in words.text
    assert "padaria" not in words.text


def test_the_second_referral_link_leads_to_the_winner(both: tuple[Customer, Customer]) -> None:
    winner, loser = both
    slug = f"link-{loser.pk}"
    change_set = merged(winner, loser)
    assert customer_of_referral_link(slug) == winner
    merging.undo_merge(change_set=change_set, by=None)
    assert customer_of_referral_link(slug) is None
    assert ReferralLink.objects.get(slug=slug).customer_id == loser.pk
