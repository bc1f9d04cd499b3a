"""Making, changing, tagging and archiving customers; the people there and their addresses."""

from datetime import date

import pytest

from crm import actions, search
from crm.actions.contacts import AlreadyRetired, EmailTaken, NoLongerThere, NotAnEmail
from crm.actions.customers import (
    AlreadyArchived,
    NameMissing,
    NotArchived,
    RefersThemselves,
    TagTooLong,
)
from crm.models import Affiliation, Contact, ContactPoint, Customer, Tag
from crm.phones import NotAPhone
from staff.models import AuditEntry, User
from tests.factories import ContactFactory, CustomerFactory

pytestmark = pytest.mark.django_db


def audited(action: str) -> AuditEntry:
    [entry] = AuditEntry.objects.filter(action=action)
    return entry


def found(text: str) -> list[str]:
    return list(Customer.objects.search(text).values_list("name", flat=True))


def test_create_makes_a_lead_with_someone_to_reach_who_is_found(agent: User) -> None:
    customer = actions.create_customer(
        name="  Café Aurora ",
        kind="company",
        contact_name="Inês Prado",
        email="Ines@Cafe-Aurora.example",
        phone="(11) 98765-4321",
        tags=["Atacado", "atacado", " VIP "],
        language="pt-br",
        city="São Paulo",
        birthday=date(1990, 5, 4),
        by=agent,
    )
    assert (customer.name, customer.stage, customer.name_folded) == (
        "Café Aurora",
        "lead",
        "cafe aurora",
    )
    [affiliation] = customer.affiliations.all()
    assert (affiliation.contact.name, affiliation.is_primary) == ("Inês Prado", True)
    assert affiliation.contact.language == "pt-br"
    assert list(affiliation.contact.points.order_by("kind").values_list("value", flat=True)) == [
        "ines@cafe-aurora.example",
        "+5511987654321",
    ]
    assert [tag.name for tag in customer.tags.all()] == ["Atacado", "VIP"]
    for text in ("aurora", "ines", "98765", "vip", "sao paulo", "cafe-aur"):
        assert found(text) == ["Café Aurora"], text
    entry = audited("customer.create")
    assert (entry.by, entry.target_id) == (agent, customer.pk)
    assert entry.changes["name"] == [None, "Café Aurora"]
    assert entry.changes["tags"] == [None, ["Atacado", "VIP"]]


def test_create_refuses_and_leaves_nothing(agent: User) -> None:
    ContactFactory(name="Rita", email="rita@x.example")
    for refusal, values in [
        (NameMissing, {"name": "  "}),
        (EmailTaken, {"name": "A", "email": "RITA@x.example"}),
        (NotAnEmail, {"name": "A", "email": "rita"}),
        (NotAPhone, {"name": "A", "phone": "12"}),
        (TagTooLong, {"name": "A", "tags": ["x" * 61]}),
    ]:
        with pytest.raises(refusal):
            actions.create_customer(by=agent, **values)
    assert Customer.objects.count() == Tag.objects.count() == 0
    assert not AuditEntry.objects.filter(action__startswith="customer").exists()
    assert Contact.objects.count() == 1


def test_email_taken_says_by_whom(agent: User) -> None:
    holder = ContactFactory(name="Rita Sá", email="rita@x.example")
    with pytest.raises(EmailTaken) as refused:
        actions.create_customer(name="A", email="rita@x.example", by=agent)
    assert refused.value.holder == holder
    assert str(refused.value) == "rita@x.example belongs to Rita Sá already."


def test_update_changes_what_is_given_and_audits_the_difference(agent: User) -> None:
    customer = CustomerFactory(name="Ana", city="Faro", tags=["old"])
    changed = actions.update_customer(
        customer=customer, name="Âna Luz", tags=["Old", "new"], owner=agent, by=agent
    )
    assert (changed.name, changed.city, changed.name_folded) == ("Âna Luz", "Faro", "ana luz")
    entry = audited("customer.update")
    assert entry.changes["name"] == ["Ana", "Âna Luz"]
    assert entry.changes["tags"] == [["old"], ["new", "old"]]
    assert set(entry.changes) == {"name", "tags", "owner"}
    assert found("luz new") == ["Âna Luz"]
    actions.update_customer(customer=changed, name="Âna Luz", tags=["new", "OLD"], by=agent)
    assert audited("customer.update") == entry


def test_nobody_refers_themselves_even_round_a_corner(agent: User) -> None:
    one, other = CustomerFactory.create_batch(2)
    actions.update_customer(customer=other, referred_by=one, by=agent)
    for customer, referrer in [(one, one), (one, other)]:
        with pytest.raises(RefersThemselves):
            actions.update_customer(customer=customer, referred_by=referrer, by=agent)


def test_only_known_fields_are_set(agent: User) -> None:
    with pytest.raises(TypeError):
        actions.update_customer(customer=CustomerFactory(), stage="lost", by=agent)


def test_archive_and_restore_once_each(agent: User) -> None:
    customer = CustomerFactory()
    assert actions.can_archive(customer)
    actions.archive_customer(customer=customer, by=agent)
    assert not actions.can_archive(customer)
    assert not Customer.objects.active().exists()
    with pytest.raises(AlreadyArchived):
        actions.archive_customer(customer=customer, by=agent)
    assert actions.can_restore(customer)
    actions.restore_customer(customer=customer, by=agent)
    with pytest.raises(NotArchived):
        actions.restore_customer(customer=customer, by=agent)
    assert Customer.objects.active().count() == 1
    assert [audited("customer.archive").by, audited("customer.restore").by] == [agent, agent]


# --- People there --------------------------------------------------------------------------


def points(contact: Contact) -> set[str]:
    return set(contact.points.filter(retired_at=None).values_list("value", flat=True))


def test_add_contact_is_first_to_ask_only_when_nobody_is(agent: User) -> None:
    customer = CustomerFactory(name="Firma")
    first = actions.add_contact(customer=customer, name="Ana", email="ana@x.example", by=agent)
    second = actions.add_contact(customer=customer, name="Bea", role="buyer", by=agent)
    assert (first.is_primary, second.is_primary) == (True, False)
    third = actions.add_contact(customer=customer, name="Cleo", is_primary=True, by=agent)
    primary = Affiliation.objects.filter(is_primary=True)
    assert [affiliation.pk for affiliation in primary] == [third.pk]
    assert found("bea") == found("ana@x") == ["Firma"]
    assert AuditEntry.objects.filter(action="contact.create").count() == 3


def test_set_primary_passes_it_on(agent: User) -> None:
    customer = CustomerFactory()
    first, second = [
        actions.add_contact(customer=customer, name=name, by=agent) for name in ("Ana", "Bea")
    ]
    actions.set_primary(affiliation=second, by=agent)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_primary, second.is_primary) == (False, True)


def test_update_contact_replaces_an_address_and_frees_it(agent: User) -> None:
    customer = CustomerFactory(name="Firma")
    affiliation = actions.add_contact(
        customer=customer, name="Ana", email="ana@old.example", phone="11987654321", by=agent
    )
    actions.update_contact(
        affiliation=affiliation, name="Ana Luz", email="Ana@new.example", phone="", by=agent
    )
    assert points(affiliation.contact) == {"ana@new.example"}
    assert audited("contact.update").changes == {
        "name": ["Ana", "Ana Luz"],
        "email": ["ana@old.example", "ana@new.example"],
        "phone": ["+5511987654321", None],
    }
    assert found("luz new.example") == ["Firma"]
    assert found("old.example") == found("98765") == []
    # Somebody else may have the old one now; then it can't come back.
    actions.add_contact(customer=customer, name="Bea", email="ana@old.example", by=agent)
    with pytest.raises(EmailTaken):
        actions.update_contact(affiliation=affiliation, email="ana@old.example", by=agent)
    assert points(affiliation.contact) == {"ana@new.example"}


def test_an_address_given_up_can_be_taken_up_again(agent: User) -> None:
    contact = ContactFactory(email="ana@x.example", customer=CustomerFactory())
    [point] = contact.points.all()
    assert actions.can_retire(point)
    actions.retire_point(point=point, by=agent)
    assert found("ana") == []
    with pytest.raises(AlreadyRetired):
        actions.retire_point(point=point, by=agent)
    actions.add_point(contact=contact, kind="email", value="ANA@x.example", by=agent)
    assert points(contact) == {"ana@x.example"}
    assert ContactPoint.objects.count() == 1


def test_leaving_a_customer_keeps_the_person(agent: User) -> None:
    customer = CustomerFactory(name="Firma")
    affiliation = actions.add_contact(customer=customer, name="Ana", by=agent)
    actions.end_affiliation(affiliation=affiliation, by=agent)
    assert Contact.objects.count() == 1
    assert found("ana") == []
    for attempt in (actions.end_affiliation, actions.set_primary):
        with pytest.raises(NoLongerThere):
            attempt(affiliation=affiliation, by=agent)
    assert audited("contact.end").by == agent


def test_search_rows_are_never_stale_after_actions(agent: User) -> None:
    customer = actions.create_customer(name="A", email="a@x.example", tags=["t"], by=agent)
    actions.set_tags(customer=customer, tags=["u"], by=agent)
    assert search.stale([customer.pk]) == {}
