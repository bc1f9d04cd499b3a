"""What the list of customers can be asked, alone and combined; the names are a promise."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django.asserts import assertContains, assertNotContains

from crm.filters import CustomerFilter
from crm.models import Customer, CustomField, Deal, LoyaltyTier, Pipeline, Stage
from staff.models import Business
from support.models import Ticket
from tests.factories import (
    CustomerFactory,
    InvitationFactory,
    OrderFactory,
    ResponseFactory,
    TaskFactory,
    TicketFactory,
)

URL = reverse("crm:customer-list")
NOW = timezone.now()


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def found(query: str) -> list[str]:
    chosen = CustomerFilter(QueryDict(query), queryset=Customer.objects.all())
    return list(chosen.qs.order_by("name").values_list("name", flat=True))


def sentence(query: str) -> list[str]:
    chosen = CustomerFilter(QueryDict(query), queryset=Customer.objects.all())
    return [chip.text for chip in chosen.chips()]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("tag=vip", ["Ada", "Bea"]),
        ("tag=vip&tag=new", ["Ada", "Bea", "Cid"]),
        ("tag=vip&tag=new&tags=all", ["Bea"]),
        ("tag=vip&tags=none", ["Cid", "Dee"]),
        ("tag=vip&stage=customer", ["Ada"]),
        ("tag=nobody-has-it", ["Ada", "Bea", "Cid", "Dee"]),
    ],
)
def test_several_tags(query: str, names: list[str]) -> None:
    CustomerFactory(name="Ada", tags=["vip"], stage="customer")
    CustomerFactory(name="Bea", tags=["vip", "new"])
    CustomerFactory(name="Cid", tags=["new"])
    CustomerFactory(name="Dee")

    assert found(query) == names


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("kind=company", ["Ada"]),
        ("city=Lima", ["Ada"]),
        ("country=PE&kind=person", []),
        ("language=es", ["Ada"]),
        ("bought=no", ["Bea"]),
        ("bought=yes", ["Ada"]),
        ("tier=none", ["Bea"]),
        ("promise=late", ["Bea"]),
        ("deal=open", ["Ada"]),
        ("deal=none", ["Bea"]),
    ],
)
def test_what_they_are_and_what_is_open(business: Business, query: str, names: list[str]) -> None:
    tier = LoyaltyTier.objects.create(name="Gold", rank=1, min_tenure_days=1)
    ada = CustomerFactory(
        name="Ada",
        kind="company",
        city="Lima",
        country="PE",
        language="es",
        last_order_at=NOW,
        tier=tier,
    )
    bea = CustomerFactory(name="Bea")
    stage = Stage.objects.create(
        pipeline=Pipeline.objects.create(name="Sales"), name="Talking", position=1
    )
    Deal.objects.create(customer=ada, title="Cakes", stage=stage, currency="BRL")
    won = {"state": "won", "closed_at": NOW, "opened_at": ago(3)}
    Deal.objects.create(customer=bea, title="Bread", stage=stage, currency="BRL", **won)
    TaskFactory(customer=bea, is_promise=True, due_at=ago(1))
    TaskFactory(customer=ada, is_promise=True, due_at=ago(1), done_at=NOW)
    TaskFactory(customer=ada, due_at=ago(1))

    assert found(query) == names
    assert found(f"tier={tier.pk}") == ["Ada"]


@pytest.mark.django_db
def test_days_are_local_and_both_ends_belong(business: Business) -> None:
    """Half past eleven in the evening of the 9th in São Paulo is the 10th in UTC."""
    late = datetime.fromisoformat("2026-03-10T02:30:00+00:00")
    CustomerFactory(name="Ada", created_at=late, first_order_at=late, last_order_at=late)
    CustomerFactory(name="Bea", created_at=ago(3))
    with timezone.override(business.zone):
        for what in ("created", "first_purchase", "purchase", "contact"):
            assert found(f"{what}_from=2026-03-09&{what}_to=2026-03-09") == ["Ada"]
            assert found(f"{what}_from=2026-03-10&{what}_to=2026-03-11") == []


@pytest.mark.django_db
def test_the_last_contact_is_a_word_or_a_purchase_of_either_side() -> None:
    CustomerFactory(name="Ada", last_inbound_at=ago(90), last_outbound_at=ago(2))
    CustomerFactory(name="Bea", last_order_at=ago(50))
    CustomerFactory(name="Never")
    day = ago(30).date().isoformat()

    assert found(f"contact_from={day}") == ["Ada"]
    assert found(f"contact_to={day}") == ["Bea"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("value_min=100", ["Ada"]),
        ("value_max=100", ["Bea", "Cid", "Old"]),
        ("value_min=1&value_max=99.99", ["Bea"]),
        ("value_max=-1", ["Cid"]),
        ("value_min=0", ["Ada", "Bea", "Old"]),
    ],
)
def test_what_they_brought_in_twelve_months(
    business: Business, query: str, names: list[str]
) -> None:
    for name, days, total in [
        ("Ada", 10, 150),
        ("Bea", 10, 50),
        ("Old", 400, 900),
        ("Cid", 5, -20),
    ]:
        OrderFactory(
            customer=CustomerFactory(name=name), ordered_at=ago(days), total=Decimal(total)
        )

    assert found(query) == names


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("custom_size=XL", ["Ada"]),
        ("custom_door=front", ["Ada"]),
        ("custom_seats-from=10", ["Ada"]),
        ("custom_seats-from=1&custom_seats-to=9.5", ["Bea"]),
        ("custom_since-to=2025-12-31", ["Bea"]),
        ("custom_invoice=yes", ["Ada"]),
        ("custom_invoice=no", ["Bea"]),
        ("custom_unknown=1", ["Ada", "Bea", "Odd"]),
    ],
)
def test_fields_of_ones_own(query: str, names: list[str]) -> None:
    kinds = {"size": "choice", "door": "text", "seats": "number", "since": "date"}
    for key, kind in (kinds | {"invoice": "yes_no"}).items():
        CustomField.objects.create(key=key, label=key.capitalize(), kind=kind, choices=["XL", "S"])
    ada: dict[str, Any] = {"size": "XL", "door": "The Front one", "invoice": True}
    CustomerFactory(name="Ada", custom=ada | {"seats": "100", "since": "2026-01-01"})
    CustomerFactory(name="Bea", custom={"seats": "9.5", "since": "2025-12-31", "invoice": False})
    CustomerFactory(name="Odd", custom={"seats": "about ten"})

    assert found(query) == names


@pytest.mark.django_db
def test_higher_rooms_ask_about_answers_and_tickets(business: Business) -> None:
    ada, bea = CustomerFactory(name="Ada"), CustomerFactory(name="Bea")
    CustomerFactory(name="Cid")
    ResponseFactory(customer=ada, score=2, answered_at=ago(40))
    ResponseFactory(customer=ada, score=10, answered_at=ago(4))
    InvitationFactory(customer=bea)
    ticket = TicketFactory(customer=bea)

    assert found("nps=promoter") == ["Ada"]
    assert found("nps=detractor") == []
    assert found("nps=never") == ["Cid"]
    assert found("tickets=open") == ["Bea"]
    Ticket.objects.filter(pk=ticket.pk).update(state="closed")
    assert found("tickets=none") == ["Ada", "Bea", "Cid"]
    assert sentence("nps=promoter&tickets=open") == ["who are promoters", "with an open ticket"]


@pytest.mark.django_db
def test_the_address_says_the_same_in_every_language(business: Business) -> None:
    """A saved question is asked by people of three languages, and by the worker."""
    CustomField.objects.create(key="seats", label="Seats", kind="number")
    typed = QueryDict("value_min=1.234,50&created_from=21/11/2026&custom_seats-from=1,234")
    with translation.override("pt-br"):
        chosen = CustomerFilter(typed, queryset=Customer.objects.all())
        assert dict(chosen.parameters()) == {
            "created_from": "2026-11-21",
            "value_min": "1234.5",
            "custom_seats-from": "1.2340",
        }
        query = chosen.address().removeprefix("?")
    for language in ("es", "en"):
        with translation.override(language):
            again = CustomerFilter(QueryDict(query), queryset=Customer.objects.all())
            assert again.chosen["value_min"] == Decimal("1234.5")
            assert again.chosen["created_from"] == date(2026, 11, 21)
            assert again.chosen["custom_seats-from"] == Decimal("1.234")


@pytest.mark.django_db
def test_they_read_as_a_sentence(business: Business) -> None:
    CustomerFactory(tags=["vip", "new"])

    said = sentence("kind=company&tag=vip&tag=new&tags=all&value_min=1000&created_to=2026-03-09")
    assert said == [
        "tagged “new” and “vip”",
        "which are companies",
        "added until March 9, 2026",
        "at least R$1,000.00 in 12 months",
    ]


def test_only_what_is_asked_for_is_made() -> None:
    """Making all of them takes longer than the queries."""
    assert not CustomerFilter(QueryDict("page=1"), queryset=Customer.objects.none()).filters


def test_the_panel_offers_everything_in_groups(agent_client: Client) -> None:
    CustomField.objects.create(key="size", label="Shoe size", kind="number")
    CustomField.objects.create(key="old", label="Gone by", kind="text", archived_at=NOW)
    CustomerFactory(source="fair", city="Recife", tags=["vip"])

    response = agent_client.get(reverse("crm:customer-filter"), {"tag": "vip", "nps": "promoter"})

    assertContains(response, 'name="custom_size-from"')
    assertContains(response, '<option value="vip" selected>')
    assertContains(response, '<option value="promoter" selected>')
    assertContains(response, 'value="Recife"')
    assertNotContains(response, "Gone by")


@pytest.mark.parametrize(
    "query", ["nps=x", "custom_size-from=x", "value_min=much", "created_from=tomorrow"]
)
def test_nonsense_is_left_out(agent_client: Client, query: str) -> None:
    CustomField.objects.create(key="size", label="Shoe size", kind="number")
    CustomerFactory(name="Ada")

    assertContains(agent_client.get(f"{URL}?{query}"), "Ada")


def test_query_count_with_every_kind_of_filter(agent_client: Client) -> None:
    CustomField.objects.create(key="size", label="Shoe size", kind="number")
    CustomerFactory(tags=["vip"])
    query = "stage=lead&tag=vip&nps=never&tickets=none&custom_size-to=9&value_max=5&deal=none"

    with CaptureQueriesContext(connection) as queries:
        agent_client.get(f"{URL}?{query}")
    assert len(queries) <= 10


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("value_min=1000", "crm_order_"),
        ("archived=1", "crm_customer_archived"),
        ("tag=vip", "crm_customer_tags"),
        ("deal=open", "crm_deal"),
        ("promise=late", "crm_"),
        ("tickets=open", "support_"),
        ("nps=detractor", "surveys_response"),
    ],
)
def test_the_heavy_ones_walk_an_index(business: Business, query: str, index: str) -> None:
    """At a million customers each reads what it needs, and no table from end to end but their own."""
    if connection.vendor != "postgresql":
        pytest.skip("plans are PostgreSQL's")
    CustomerFactory(tags=["vip"])
    chosen = CustomerFilter(QueryDict(query), queryset=Customer.objects.all())
    sql, params = chosen.qs.order_by("name_folded", "pk")[:51].query.sql_with_params()
    with connection.cursor() as db:
        db.execute("SET LOCAL enable_seqscan = off")  # so few rows are read faster without
        db.execute(f"EXPLAIN {sql}", params)
        plan = "\n".join(row[0] for row in db.fetchall())
    assert index in plan
    assert "Seq Scan" not in plan, plan
