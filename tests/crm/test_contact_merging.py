"""Two contacts of a customer who are the same human: one from now on, and two again if asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm import actions, search
from crm.actions import contact_merging
from crm.merging import MERGE_RULES
from crm.models import Affiliation, Contact, ContactPoint, Customer
from crm.sides import Side
from staff import changes
from staff.columns import own_columns, to_json
from staff.models import AuditEntry, Change, ChangeSet, User
from support.models import Ticket
from surveys.models import Invitation
from tests.factories import (
    ContactFactory,
    ContactPointFactory,
    CustomerFactory,
    InteractionFactory,
    InvitationFactory,
    OpenedTicketFactory,
    ResponseFactory,
    SurveyRunFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("business")]
ROOMS = {"staff", "mail", "crm", "support", "surveys", "metrics"}


def pointing_to_contacts() -> Iterator[str]:
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if model._meta.app_label in ROOMS and (
                field.related_model is Contact or field.name == "contact_id"
            ):
                yield f"{model._meta.label_lower}.{field.name}"


def test_everything_that_points_to_a_contact_has_a_rule() -> None:
    assert set(pointing_to_contacts()) <= {rule.name for rule in MERGE_RULES.all()}


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of what points to contacts, and the contacts."""
    labels = {name.rpartition(".")[0] for name in pointing_to_contacts()} | {"crm.contact"}
    found = {}
    for label in sorted(labels):
        model: Any = apps.get_model(label)
        columns = own_columns(model)
        found[label] = [
            {name: to_json(getattr(row, name)) for name in columns}
            for row in model._base_manager.order_by("pk")
        ]
    return found


@pytest.fixture
def shop() -> Customer:
    customer: Customer = CustomerFactory(name="Padaria Aurora", kind="company")
    return customer


@pytest.fixture
def both(shop: Customer, agent: User) -> tuple[Affiliation, Affiliation]:
    """One with one of everything each, and with all that clashes."""
    winner = ContactFactory(customer=shop, name="Ana Souza", email="ana@example.com")
    loser = ContactFactory(customer=shop, name="Ana Maria de Souza", email="ana.s@example.com")
    for one in (winner, loser):
        ContactPointFactory(contact=one, kind="phone", value="+5511987654321")
        InteractionFactory(customer=shop, contact=one)
        actions.record_consent(contact=one, purpose="outreach", given=True, how="form", by=agent)
        actions.create_deal(customer=shop, title="Ovens", contact=one, by=agent)
        OpenedTicketFactory(customer=shop, contact=one)
    ContactPoint.objects.filter(contact=winner, kind="phone").update(retired_at=timezone.now())
    other = CustomerFactory(name="Padaria Norte", email="norte@example.com")
    actions.end_affiliation(affiliation=other.affiliations.get(), by=None)
    Affiliation.objects.create(customer=other, contact=loser, is_primary=True)
    Affiliation.objects.filter(contact=loser, customer=shop).update(role="buyer", is_primary=False)
    Affiliation.objects.filter(contact=winner, customer=shop).update(is_primary=True)
    search.index([shop.pk, other.pk])
    ours, theirs = (shop.affiliations.get(contact=one) for one in (winner, loser))
    return ours, theirs


def merged(both: tuple[Affiliation, Affiliation], **values: Side) -> ChangeSet:
    winner, loser = both
    return contact_merging.merge_contacts(
        winner=winner.contact, loser=loser.contact, by=None, values=values
    )


def test_all_that_is_known_of_both_is_with_one(
    both: tuple[Affiliation, Affiliation], shop: Customer
) -> None:
    winner, loser = both[0].contact, both[1].contact

    change_set = merged(both, name=Side.LOSER)

    winner.refresh_from_db()
    assert winner.name == "Ana Maria de Souza"
    assert not Contact.objects.filter(pk=loser.pk).exists()
    points = winner.points.filter(retired_at=None).values_list("value", flat=True)
    assert set(points) == {"ana@example.com", "ana.s@example.com", "+5511987654321"}
    own = shop.affiliations.get()
    assert (own.contact, own.role, own.is_primary) == (winner, "buyer", True)
    assert winner.customers.count() == 2
    assert shop.interactions.filter(contact=winner, about_model="").count() == 2
    assert winner.consents.count() == 2
    assert set(Ticket.objects.values_list("contact", flat=True)) == {winner.pk}
    assert list(Customer.objects.filter(search.matching("maria souza"))) != []
    entry = AuditEntry.objects.get(action="contact.merge")
    assert entry.change_set == change_set
    assert entry.changes["merged"] == [None, "Ana Maria de Souza"]


def test_an_undo_makes_them_two_as_they_were(both: tuple[Affiliation, Affiliation]) -> None:
    before = everything()
    change_set = merged(both, name=Side.LOSER)

    outcome = contact_merging.undo_contact_merge(change_set=change_set, by=None)

    assert outcome.left_alone == []
    assert everything() == before
    assert AuditEntry.objects.filter(action="contact.unmerge").count() == 2
    with pytest.raises(changes.AlreadyReverted):
        contact_merging.undo_contact_merge(change_set=change_set, by=None)


def test_what_came_since_stays_with_the_one(
    both: tuple[Affiliation, Affiliation], shop: Customer
) -> None:
    change_set = merged(both)
    since = InteractionFactory(customer=shop, contact=both[0].contact)

    contact_merging.undo_contact_merge(change_set=change_set, by=None)

    since.refresh_from_db()
    assert since.contact == both[0].contact


def test_what_only_one_of_them_has_is_kept(shop: Customer) -> None:
    winner, loser = ContactFactory(customer=shop), ContactFactory(customer=shop)
    Contact.objects.filter(pk=winner.pk).update(language="")
    Contact.objects.filter(pk=loser.pk).update(
        language="es", external_source="till", external_id="17"
    )

    contact_merging.merge_contacts(winner=winner, loser=loser, by=None)

    winner.refresh_from_db()
    assert (winner.language, winner.external_source, winner.external_id) == ("es", "till", "17")


@pytest.mark.parametrize(
    ("ours", "theirs", "left"),
    [("queued", "pending", "queued"), ("pending", "queued", "queued"), ("queued", "queued", "")],
)
def test_a_sending_asked_both(shop: Customer, ours: str, theirs: str, left: str) -> None:
    winner, loser = ContactFactory(customer=shop), ContactFactory(customer=shop)
    run = SurveyRunFactory()
    for one, state in ((winner, ours), (loser, theirs)):
        InvitationFactory(run=run, survey=run.survey, customer=shop, contact=one, state=state)
    before = everything()

    change_set = contact_merging.merge_contacts(winner=winner, loser=loser, by=None)

    states = list(Invitation.objects.filter(contact=winner).values_list("state", flat=True))
    assert states == ([left] if left else ["queued", "queued"])
    contact_merging.undo_contact_merge(change_set=change_set, by=None)
    assert everything() == before


def test_an_answer_goes_over(shop: Customer) -> None:
    winner, loser = ContactFactory(customer=shop), ContactFactory(customer=shop)
    response = ResponseFactory(customer=shop, contact=loser)

    contact_merging.merge_contacts(winner=winner, loser=loser, by=None)

    response.refresh_from_db()
    assert response.contact == winner


def test_who_cannot_be_merged(shop: Customer, both: tuple[Affiliation, Affiliation]) -> None:
    one, other = both[0].contact, both[1].contact
    with pytest.raises(contact_merging.SameContact):
        contact_merging.merge_contacts(winner=one, loser=one, by=None)
    change_set = merged(both)
    with pytest.raises(contact_merging.ContactMergedAlready):
        merged(both)
    third = ContactFactory(customer=shop)
    contact_merging.merge_contacts(winner=third, loser=one, by=None)
    with pytest.raises(contact_merging.ContactMergedFurther):
        contact_merging.undo_contact_merge(change_set=change_set, by=None)
    erased = ContactFactory(customer=shop)
    actions.erase_person(contact=erased, by=None)
    with pytest.raises(contact_merging.ContactErased):
        contact_merging.merge_contacts(winner=third, loser=erased, by=None)
    assert not Contact.objects.filter(pk=other.pk).exists()


def test_nobody_can_tell_of_an_erased_person_who_was_two_or_three(shop: Customer) -> None:
    first, second, third = (
        ContactFactory(customer=shop, name=name) for name in ("Berta", "Zenobia", "Zuleika")
    )
    actions.update_contact(
        affiliation=third.affiliations.get(), by=None, email="zuleika@example.com"
    )
    early = contact_merging.merge_contacts(winner=second, loser=third, by=None)
    contact_merging.merge_contacts(winner=first, loser=second, by=None)

    actions.erase_person(contact=first, by=None)

    assert not Change.objects.exists()
    for rows in (AuditEntry.objects.values(), ChangeSet.objects.values()):
        assert not [row for row in rows if "zenobia" in str(row).lower() or "zuleika" in str(row)]
    with pytest.raises(contact_merging.ContactMergedFurther):
        contact_merging.undo_contact_merge(change_set=early, by=None)


# --- The pages -----------------------------------------------------------------------------


def page_of(affiliation: Affiliation) -> str:
    return reverse("crm:contact-merge", args=[affiliation.pk])


def test_two_are_merged_from_the_customers_page_and_come_apart(
    agent_client: Client, both: tuple[Affiliation, Affiliation], shop: Customer
) -> None:
    home = reverse("crm:customer", args=[shop.pk])
    assertContains(agent_client.get(home), page_of(both[0]))
    page = agent_client.get(page_of(both[0]))
    for said in ("Ana Souza", "ana.s@example.com", "buyer", "(11) 98765-4321", "consents"):
        assertContains(page, said)

    done = agent_client.post(page_of(both[0]), {"answer": "1", "name": "loser"})

    assertRedirects(done, home, fetch_redirect_response=False)
    told = agent_client.get(home)
    assertContains(told, "Ana Souza and Ana Maria de Souza are one contact now.")
    assertNotContains(told, "Two of them are the same person")
    undo = reverse("crm:undo", args=[ChangeSet.objects.get(kind="crm.contact_merge").pk])
    agent_client.post(undo)
    assert shop.affiliations.count() == 2


def test_of_several_one_is_chosen_first(
    agent_client: Client, both: tuple[Affiliation, Affiliation], shop: Customer
) -> None:
    third = ContactFactory(customer=shop, name="Rui Dias").affiliations.get()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        page = agent_client.get(page_of(both[0]))
    assert len(captured) <= 10
    assertContains(page, "Who is the same person?")
    for one in (both[1], third):
        assertContains(page, f"?with={one.pk}")
    chosen = agent_client.get(page_of(both[0]), {"with": third.pk})
    assertContains(chosen, "Make them one")
    assertContains(chosen, "Rui Dias")


def test_who_is_alone_or_elsewhere(
    agent_client: Client, read_only_client: Client, both: tuple[Affiliation, Affiliation]
) -> None:
    alone = CustomerFactory(name="Rui Dias", email="rui@example.com").affiliations.get()
    assertContains(agent_client.get(page_of(alone)), "Nobody else is there")
    elsewhere = agent_client.post(f"{page_of(alone)}?with={both[0].pk}", {"answer": "1"})
    assertContains(elsewhere, "Nobody else is there")
    assert Contact.objects.filter(pk=both[0].contact_id).exists()
    assert read_only_client.get(page_of(alone)).status_code == 403
