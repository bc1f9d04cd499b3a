"""The columns of the customer list: chosen, ordered, sorted by, and what stands in them."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm import columns
from crm.actions.columns import choose_columns
from crm.models import CustomField, ListColumns, LoyaltyTier
from staff.models import User
from tests.factories import CustomerFactory, OrderFactory

URL = reverse("crm:customer-list")
CHOOSE = reverse("crm:customer-columns")


def test_everything_there_is_to_show(agent_client: Client, agent: User) -> None:
    CustomField.objects.create(key="size", label="Shoe size", kind="number")
    tier = LoyaltyTier.objects.create(name="Gold", rank=1, min_tenure_days=1)
    customer = CustomerFactory(
        name="Ada",
        email="ada@example.com",
        phone="+5511987654321",
        city="Lima <i>",
        country="PE",
        source="fair",
        language="es",
        kind="company",
        birthday=date(1990, 3, 9),
        tier=tier,
        tags=["<b>"],
        custom={"size": "41.5"},
    )
    OrderFactory(customer=customer, total=150, ordered_at=timezone.now())
    names = [column.name for column in columns.offered()]
    for start in (0, columns.MOST):
        choose_columns(by=agent, names=names[start : start + columns.MOST])
        page = agent_client.get(URL).content.decode()
        told = {
            0: [
                "Gold",
                "ada@example.com",
                "+5511987654321",
                "Lima &lt;i&gt;",
                "&lt;b&gt;",
                "R$150.00",
            ],
            columns.MOST: ["Mar 9, 1990", "41.5", "Shoe size"],
        }
        for words in told[start]:
            assert words in page


def test_chosen_in_an_order_of_ones_own(
    agent_client: Client, agent: User, manager_client: Client
) -> None:
    CustomerFactory(name="Ada", city="Lima Metropolitana")
    moved = agent_client.post(
        CHOOSE, {"order": ["stage", "owner", "city"], "column": ["city"], "up": "city"}
    )
    content = moved.content.decode()
    assert content.index('value="city"') < content.index('value="owner"')
    assert not ListColumns.objects.exists()

    data = {"order": ["city", "stage", "owner"], "column": ["city", "stage"], "next": f"{URL}?q=a"}
    assertRedirects(agent_client.post(CHOOSE, data), f"{URL}?q=a")

    assert columns.names_of(agent) == ["city", "stage"]
    assertContains(agent_client.get(URL), "Lima Metropolitana")
    assertNotContains(agent_client.get(URL), "cell-owner")
    assertNotContains(manager_client.get(URL), "Lima Metropolitana")
    agent_client.post(CHOOSE, {**data, "usual": "1"})
    assert columns.names_of(agent) == []


def test_what_is_no_column_is_left_out(agent: User, agent_client: Client) -> None:
    assert choose_columns(by=agent, names=["city", "password", "custom.gone", "city"]) == ["city"]
    field = CustomField.objects.create(key="size", label="Size", kind="text")
    choose_columns(by=agent, names=["custom.size", "city"])
    field.archived_at = timezone.now()
    field.save()

    assert agent_client.get(URL).context["columns"] == ["city"]


@pytest.mark.parametrize(
    ("asked", "head", "following"),
    [("", "name", "name_desc"), ("name_desc", "name", "name"), ("newest", "name", "name")],
)
def test_a_click_on_a_head_sorts_and_turns_round(
    agent_client: Client, asked: str, head: str, following: str
) -> None:
    CustomerFactory()
    context = agent_client.get(URL, {"sort": asked} if asked else {}).context

    assert context[f"{head}_head"]["address"] == f"?sort={following}"


def test_the_first_column_stays_and_the_last_give_way_first() -> None:
    names = [columns.BY_NAME[name] for name in ("city", "owner", "tags", "last_purchase")]

    assert [columns.css(column, place) for place, column in enumerate(names)] == [
        "cell-fact cell-cut",
        "cell-fact cell-owner cell-low",
        "cell-fact cell-tags cell-low",
        "cell-number cell-fact",
    ]
    assert "col-7" in columns.css(names[0], 7)


def test_query_count_with_many_columns_does_not_grow(
    agent_client: Client, agent: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    CustomField.objects.create(key="size", label="Size", kind="text")
    chosen = ["tags", "owner", "email", "phone", "value", "tier", "custom.size"]
    choose_columns(by=agent, names=chosen)
    for number in range(12):
        CustomerFactory(email=f"c{number}@example.com", tags=["vip"])
    # business, session, user, columns, fields of one's own, page with its tags, e-mails and phones,
    # how many there are, segments
    with django_assert_num_queries(9):
        agent_client.get(URL)


def test_an_export_has_the_columns_on_screen(agent_client: Client, agent: User) -> None:
    chosen = [CustomerFactory(name=name, city="Lima") for name in ("Ada", "Bea")]
    CustomerFactory(name="Cid")
    OrderFactory(customer=chosen[0], total=150, ordered_at=timezone.now())
    choose_columns(by=agent, names=["city", "value"])
    url = reverse("staff:export-create")

    data = {"list": "customers", "query": "city=Lima", "customer": [chosen[0].pk]}
    content = b"".join(agent_client.post(url, data)).decode("utf-8-sig")
    head, row = content.splitlines()
    assert "City" in head
    assert "Owner" not in head
    assert "150" in row
    everything = b"".join(agent_client.post(url, {**data, "everything": "1"})).decode("utf-8-sig")
    assert len(everything.splitlines()) == 3
