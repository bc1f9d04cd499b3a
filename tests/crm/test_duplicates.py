"""Who may be one and the same: what is found, what is not, and how little is looked at for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm import actions, duplicate_tasks, duplicates
from crm.actions import merging
from crm.folding import fold
from crm.models import (
    Affiliation,
    Contact,
    ContactPoint,
    Customer,
    Duplicate,
    DuplicateKey,
    DuplicateSearch,
    ToCompare,
)
from crm.similar_names import likeness, sound
from staff import leases
from staff.models import User
from tests.factories import ContactFactory, CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("business")]


def look() -> dict[tuple[str, str], list[str]]:
    """Names of the pairs with their reasons, once nobody is left to be looked at."""
    while duplicates.search(10):
        pass
    return {(pair.first.name, pair.second.name): pair.reasons for pair in Duplicate.objects.all()}


def test_the_same_telephone() -> None:
    CustomerFactory(name="Ana", phone="+5511987654321")
    CustomerFactory(name="Padaria Sol", phone="+5511987654321")
    CustomerFactory(name="Rui", phone="+5511987654322")
    assert look() == {("Ana", "Padaria Sol"): ["phone"]}


def test_one_person_at_two_companies_is_no_duplicate() -> None:
    one, other = CustomerFactory(name="Sol"), CustomerFactory(name="Lua")
    accountant = ContactFactory(customer=one)
    Affiliation.objects.create(customer=other, contact=accountant)
    ContactPoint.objects.create(contact=accountant, kind="phone", value="+5511987654321")
    assert look() == {}


def test_a_telephone_that_many_share_makes_no_pair() -> None:
    share("+551132345678", 500)
    assert look() == {}


def share(number: str, count: int) -> None:
    people = Contact.objects.bulk_create([Contact(name=f"P{n}") for n in range(count)])
    shops = Customer.objects.bulk_create(
        [Customer(name=f"Shop {n}", name_folded=f"shop {n}") for n in range(count)]
    )
    Affiliation.objects.bulk_create(
        [Affiliation(contact=p, customer=s) for p, s in zip(people, shops, strict=True)]
    )
    ContactPoint.objects.bulk_create(
        [ContactPoint(contact=p, kind="phone", value=number) for p in people]
    )


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("ana.souza@gmail.com", "anasouza+loja@googlemail.com", True),
        ("ana.souza@padaria.example", "anasouza@padaria.example", True),
        ("ana@padaria.example", "ana@quitanda.example", False),
    ],
)
def test_nearly_the_same_email(one: str, other: str, alike: bool) -> None:
    CustomerFactory(name="Ana", email=one)
    CustomerFactory(name="Loja", email=other)
    assert look() == ({("Ana", "Loja"): ["email"]} if alike else {})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana García López", "López García, Ana"),
        ("João Gonçalves", "JOAO GONSALVES"),
        ("Panadería La Aurora, S.L.", "Panaderia Aurora"),
        ("Javier Jiménez", "Xavier Gimenez"),
        ("Ana Maria Souza", "Ana Souza"),
        ("Clínica Dental Norte", "Clinica Dentál Norte"),
    ],
)
def test_similar_names_at_one_place(one: str, other: str) -> None:
    CustomerFactory(name=one, city="São Paulo")
    CustomerFactory(name=other, city="SAO PAULO")
    assert look() == {(one, other): ["name"]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Souza", "Rui Prado"),
        ("Colégio 12 de Outubro", "Colégio 15 de Outubro"),
        ("Customer 0001", "Customer 0002"),
    ],
)
def test_other_names_at_one_place(one: str, other: str) -> None:
    CustomerFactory(name=one, city="Recife")
    CustomerFactory(name=other, city="Recife")
    assert look() == {}


def test_the_same_name_elsewhere_is_somebody_else() -> None:
    CustomerFactory(name="Ana Souza", city="Recife")
    CustomerFactory(name="Ana Souza", city="Lisboa")
    assert look() == {}


def test_the_same_name_of_whom_no_place_is_known() -> None:
    CustomerFactory(name="Ana Souza", city="Recife")
    CustomerFactory(name="ana souza")
    CustomerFactory(name="Ana Sousa")
    assert look() == {("Ana Souza", "ana souza"): ["name"]}


def test_the_country_of_a_telephone_is_a_place() -> None:
    CustomerFactory(name="João Gonçalves", phone="+351211234567")
    CustomerFactory(name="Joao Gonsalves", phone="+351211234568")
    CustomerFactory(name="Joao Gonsalvez", phone="+5511987654321")
    assert look() == {("João Gonçalves", "Joao Gonsalves"): ["name"]}


def test_more_reasons_make_surer() -> None:
    for name in ("Ana Souza", "Souza, Ana"):
        CustomerFactory(name=name, city="Recife", phone="+5511987654321")
    look()
    pair = Duplicate.objects.get()
    assert (pair.reasons, pair.score) == (["name", "phone"], 80)


def test_pairs_that_are_alike_no_more_go_away(agent: User) -> None:
    one = CustomerFactory(name="Ana Souza", city="Recife")
    CustomerFactory(name="Ana Souza", city="Recife")
    assert look()
    actions.update_customer(customer=one, by=agent, city="Lisboa")
    assert look() == {}


def test_who_is_called_otherwise_now_is_looked_at_again(agent: User) -> None:
    CustomerFactory(name="Ana Souza", city="Recife")
    other = CustomerFactory(name="Rui Prado", city="Recife")
    assert look() == {}
    actions.update_customer(customer=other, by=agent, name="Ana Sousa")
    assert ToCompare.objects.get().customer == other
    assert look() == {("Ana Souza", "Ana Sousa"): ["name"]}
    assert not ToCompare.objects.exists()


def test_that_they_are_two_is_said_once(agent: User) -> None:
    one = CustomerFactory(name="Ana Souza", city="Recife")
    CustomerFactory(name="Ana Souza", city="Recife")
    look()
    pair = Duplicate.objects.get()
    merging.dismiss_duplicate(pair=pair, by=agent)
    with pytest.raises(merging.AlreadyTwo):
        merging.dismiss_duplicate(pair=pair, by=agent)
    duplicates.look_again([one.pk])
    look()
    assert list(Duplicate.objects.values_list("dismissed_by", flat=True)) == [agent.pk]
    actions.update_customer(customer=one, by=agent, city="Lisboa")
    look()
    assert Duplicate.objects.filter(dismissed_by=agent).exists()
    merging.restore_duplicate(pair=pair, by=agent)
    with pytest.raises(merging.NotSaid):
        merging.restore_duplicate(pair=pair, by=agent)


def test_the_archived_are_not_looked_for(agent: User) -> None:
    one = CustomerFactory(name="Ana Souza", city="Recife")
    CustomerFactory(name="Ana Souza", city="Recife")
    actions.archive_customer(customer=one, by=agent)
    assert look() == {}


def test_twice_is_once() -> None:
    for name in ("Ana Souza", "Souza, Ana"):
        CustomerFactory(name=name, city="Recife", phone="+5511987654321")
    look()
    before = list(Duplicate.objects.values()), list(DuplicateKey.objects.values())
    duplicates.compare(list(Customer.objects.values_list("pk", flat=True)))
    assert (list(Duplicate.objects.values()), list(DuplicateKey.objects.values())) == before


def test_everybody_is_walked_through_once_a_week() -> None:
    for name in ("Ana Souza", "Souza, Ana"):
        CustomerFactory(name=name, city="Recife")
    look()
    Duplicate.objects.all().delete()
    assert look() == {}
    state = DuplicateSearch.objects.filter(pk=1)
    state.update(walk_ended_at=timezone.now() - timedelta(days=8))
    assert look()
    assert timezone.now() - state.get().walk_ended_at < timedelta(minutes=1)  # type: ignore[operator]


def test_the_task_goes_alone() -> None:
    for name in ("Ana Souza", "Souza, Ana"):
        CustomerFactory(name=name, city="Recife")
    assert leases.acquire(duplicate_tasks.LEASE, "another", 60)
    duplicate_tasks.find_duplicates()
    assert not Duplicate.objects.exists()
    leases.release(duplicate_tasks.LEASE, "another")
    duplicate_tasks.find_duplicates()
    assert Duplicate.objects.exists()


def test_a_slice_costs_the_same_whatever_its_size() -> None:
    counts = []
    for size in (5, 60):
        Customer.objects.bulk_create(
            [
                Customer(
                    name=(name := f"Ana{n} Souza{size}"), name_folded=fold(name), city="Recife"
                )
                for n in range(size)
                for _twice in range(2)
            ]
        )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            duplicates.compare(list(Customer.objects.values_list("pk", flat=True)[:500]))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20


@pytest.mark.parametrize(
    ("one", "other"),
    [("goncalves", "gonsalves"), ("xavier", "javier"), ("gimenez", "jimenes"), ("hana", "ana")],
)
def test_words_that_sound_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other)


def test_likeness() -> None:
    assert likeness("ana souza", "souza ana") == 100
    assert likeness("ana souza", "ana sousa") > 85
    assert likeness("rua 12", "rua 13") == 0
