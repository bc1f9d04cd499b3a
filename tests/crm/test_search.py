"""Customers are found by the beginnings of words, the same on both databases."""

import time

import pytest
from django.db import connection

from crm import search
from crm.models import Customer, CustomerSearch
from tests.factories import ContactFactory, CustomerFactory

pytestmark = pytest.mark.django_db


def found(text: str) -> set[str]:
    return set(Customer.objects.filter(search.matching(text)).values_list("name", flat=True))


@pytest.fixture
def people(business: object) -> None:
    CustomerFactory(name="João Muñoz", city="São Paulo", email="joao.munoz@padaria-do-joao.example")
    CustomerFactory(name="Maria d'Ávila", phone="+5511987654321", tags=["Atacado VIP"])
    CustomerFactory(name="Straße & Søn ﬁt", external_id="C-0042")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("joao", {"João Muñoz"}),
        ("JOÃO mun", {"João Muñoz"}),
        ("muñ joã", {"João Muñoz"}),
        ("sao pau", {"João Muñoz"}),
        ("joao.mu", {"João Muñoz"}),
        ("joao.munoz@padaria-do", {"João Muñoz"}),
        ("padaria-do-j", {"João Muñoz"}),
        ("uñoz", set()),
        ("joao maria", set()),
        ("d'avila", {"Maria d'Ávila"}),
        ("Avila", {"Maria d'Ávila"}),
        ("d’Á", {"Maria d'Ávila"}),
        ("vip", {"Maria d'Ávila"}),
        ("strasse son", {"Straße & Søn ﬁt"}),
        ("fit", {"Straße & Søn ﬁt"}),
        ("0042", {"Straße & Søn ﬁt"}),
        ("c-0042", {"Straße & Søn ﬁt"}),
    ],
)
def test_every_word_begins_a_word_of_theirs(people: None, text: str, names: set[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "+55 11 98765-4321",
        "+5511987654321",
        "0055 11 98765 4321",
        "(11) 98765-4321",
        "011 98765-4321",
        "11987654321",
        "98765-4321",
        "98765",
        "4321",
        "+55 (0)11 98765.4321",
        "maria 98765-43",
        "+55 11 9876",
        "１１ 98765 4321",
    ],
)
def test_a_telephone_is_found_in_any_spelling(people: None, text: str) -> None:
    assert found(text) == {"Maria d'Ávila"}


@pytest.mark.parametrize("text", ["ana.gil9430@correo", "9430 ana.gil9430"])
def test_the_number_at_the_end_of_a_word_is_no_telephone(people: None, text: str) -> None:
    CustomerFactory(name="Ana Gil", email="ana.gil9430@correo.example", phone="+34612349430")
    assert found(text) == {"Ana Gil"}


@pytest.mark.parametrize("text", ["98765-4322", "+34 11 98765 4321", "765-4321"])
def test_another_telephone_is_not(people: None, text: str) -> None:
    assert found(text) == set()


def test_blank_matches_all_and_signs_alone_match_none(people: None) -> None:
    assert len(found("")) == len(found(" \t ")) == 3
    assert found("%%%") == found("“”") == set()


@pytest.mark.parametrize(
    "text",
    [
        '"', "'", "joao'", 'joao"', "joao*", "joao OR maria", "NEAR(joao)", "joao AND", "text:joao",
        "joao -muñoz", "(joao", "joao)", "joao & !", "joao:*", "joao\\", "joao\x00", "^joao", "' | 'm':*",
        "{joao}", "a" * 5000, "joao " * 300, "😀", "%s", "12-34-56-78-90-12-34-56-78", "++++", "0000",
    ],
)  # fmt: skip
def test_nothing_that_is_typed_is_syntax(people: None, text: str) -> None:
    found(text)
    if "joao" in text and not any(c.isalnum() for c in text.replace("joao", "")):
        assert found(text) == {"João Muñoz"}


def test_index_follows_what_changes_and_writes_nothing_the_second_time(people: None) -> None:
    customer = Customer.objects.get(name="João Muñoz")
    Customer.objects.filter(pk=customer.pk).update(name="Joaquim")
    ContactFactory(name="Zoë Lund", customer=customer)

    assert search.index([customer.pk]) == 1 or "joaquim" in customer.search_row.text
    assert found("joaquim zoe") == {"Joaquim"}
    assert found("mun joaquim") == {"Joaquim"}  # the e-mail still says so
    assert search.index(Customer.objects.values_list("pk", flat=True)) == 0
    customer.delete()
    assert found("zoe") == set()


def test_index_takes_the_same_queries_for_many(
    people: None, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    CustomerSearch.objects.all().delete()
    CustomerFactory.create_batch(15)
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        search.index(Customer.objects.values_list("pk", flat=True))


def test_a_common_beginning_among_ten_thousand_is_quick(business: object) -> None:
    customers = Customer.objects.bulk_create(
        Customer(name=f"Maria {n} Santos", name_folded=f"maria {n} santos") for n in range(10_000)
    )
    # Filled as `index` would, without its reading: ten thousand of them alike.
    CustomerSearch.objects.bulk_create(
        CustomerSearch(customer=customer, text=customer.name_folded) for customer in customers
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    page = Customer.objects.active().order_by("name_folded", "pk")
    took = []
    for text in ("m", "ma", "maria", "maria san", "maria 99"):
        began = time.perf_counter()
        found = list(page.search(text)[:51])
        took.append(time.perf_counter() - began)
        assert len(found) == 51
        assert found[0].name_folded <= found[-1].name_folded
    # A few hundredths of a second on an idle machine; the bar leaves room for a busy one.
    assert sorted(took)[2] < 1
