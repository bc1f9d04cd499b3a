"""Addresses that arrive in the same place are the same, said by Python and by either database."""

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.loose_email import LooseEmail, loose
from crm.models import ContactPoint
from tests.factories import ContactFactory

LOCAL = st.text("ab.+_-", min_size=1, max_size=8)
DOMAIN = st.sampled_from(["gmail.com", "googlemail.com", "padaria.example", "a+b.example"])
ADDRESS = st.builds("{}@{}".format, LOCAL, DOMAIN)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana.souza@gmail.com", "anasouza@gmail.com"),
        ("ana.souza+loja@gmail.com", "anasouza@googlemail.com"),
        ("a.n.a@padaria.example", "ana+news+more@padaria.example"),
    ],
)
def test_spellings_of_one_address(one: str, other: str) -> None:
    assert loose(one) == loose(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@gmail.com", "ana@outlook.com"),
        ("+ana@gmail.com", "+rui@gmail.com"),
        ("ana@a.b.example", "ana@ab.example"),
    ],
)
def test_addresses_of_two(one: str, other: str) -> None:
    assert loose(one) != loose(other)


@given(ADDRESS)
def test_it_is_idempotent_apart_from_a_tag_alone(address: str) -> None:
    once = loose(address)
    assert loose(once) == once or once.startswith("+")


@pytest.mark.django_db
@settings(max_examples=25, deadline=None)
@given(addresses=st.lists(ADDRESS, unique=True, min_size=1, max_size=20))
def test_the_database_says_the_same(addresses: list[str]) -> None:
    contact = ContactFactory(email="")
    ContactPoint.objects.all().delete()
    ContactPoint.objects.bulk_create(
        [ContactPoint(contact=contact, kind="email", value=value) for value in addresses]
    )
    said = dict(ContactPoint.objects.annotate(l=LooseEmail("value")).values_list("value", "l"))
    assert said == {value: loose(value) for value in addresses}


@pytest.mark.django_db
def test_an_index_finds_them() -> None:
    found = ContactPoint.objects.filter(retired_at=None)
    found = found.annotate(l=LooseEmail("value")).filter(l__in=["a@b.example", "c@d.example"])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "crm_contact_point_loose" in found.explain()
