"""Who brought whom: a customer's link, its public form, and what comes through it."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.signing import TimestampSigner, b62_encode
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm import actions, referrals
from crm.actions.merging import merge_customers
from crm.actions.referrals import LinkClosed
from crm.models import Customer, Interaction, ReferralLink, Task
from staff.models import AuditEntry, Business, User
from staff.public import stamps
from tests.factories import ContactFactory, CustomerFactory


@pytest.fixture(autouse=True)
def fresh_limits(db: None) -> None:
    cache.clear()


@pytest.fixture
def ana(business: Business, agent: User) -> Customer:
    return CustomerFactory(name="Ana García Luz", owner=agent)


class Past(TimestampSigner):
    """Signs as of some seconds ago: nobody fills in a form at once."""

    def timestamp(self) -> str:
        then = timezone.now() - timedelta(seconds=30)
        return b62_encode(int(then.timestamp()))


def stamp() -> str:
    value = stamps.new_stamp("referral").rsplit(":", 2)[0]
    return Past(salt="staff.public.stamps").sign(value)


def address(customer: Customer) -> str:
    return reverse("crm:refer", args=[referrals.link_of(customer).slug])


def typed(**more: str) -> dict[str, str]:
    return {"name": "Bruno Sá", "email": "bruno@example.org", "stamp": stamp(), **more}


def test_a_stranger_becomes_a_lead_whom_somebody_is_asked_to_call(
    client: Client, ana: Customer, agent: User
) -> None:
    page = client.get(address(ana))
    assertContains(page, "Ana recommends")
    assertNotContains(page, "García")  # a stranger reads a first name only
    data = typed(message="A <b>cake</b>")

    response = client.post(address(ana), data)
    again = client.post(address(ana), data)  # pressed twice

    assertRedirects(response, reverse("crm:refer-thanks"))
    assertRedirects(again, reverse("crm:refer-thanks"))
    lead = Customer.objects.get(name="Bruno Sá")
    assert (lead.referred_by, lead.stage, lead.source) == (ana, "lead", "referral")
    told = lead.interactions.get()
    assert (told.kind, told.body.text) == (Interaction.Kind.REFERRAL, "A <b>cake</b>")
    assert ana.interactions.get().direction == ""
    ana.refresh_from_db()
    assert ana.last_inbound_at is None
    task = Task.objects.get()
    assert (task.owner, task.customer) == (agent, lead)


def test_who_is_known_stays_who_they_are(client: Client, ana: Customer, owner: User) -> None:
    bruno = CustomerFactory(name="Bruno", email="bruno@example.org")

    response = client.post(address(ana), typed(email="Bruno@Example.org"))

    assertRedirects(response, reverse("crm:refer-thanks"))
    bruno.refresh_from_db()
    assert bruno.referred_by is None
    assert bruno.interactions.get().kind == Interaction.Kind.REFERRAL
    assert Customer.objects.count() == 2


def test_nobody_brings_themselves(client: Client, ana: Customer) -> None:
    ContactFactory(customer=ana, email="ana@example.org")

    response = client.post(address(ana), typed(email="ana@example.org"))

    assertRedirects(response, reverse("crm:refer-thanks"))
    assert not Task.objects.exists()
    assert Customer.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": ""}, "Tell us your name."),
        ({"email": ""}, "We need an e-mail or a phone"),
        ({"email": "nothing"}, "valid email"),
        ({"phone": "12"}, "phone"),
        ({"stamp": "forged"}, "once more"),
    ],
    ids=["no name", "no way to reach", "no address", "no number", "no form of ours"],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    client: Client, ana: Customer, data: dict[str, str], words: str
) -> None:
    response = client.post(address(ana), typed(message="Kept words", **data))

    assertContains(response, words, status_code=422)
    assertContains(response, "Kept words", status_code=422)
    assert Customer.objects.count() == 1


def test_programs_and_floods_make_nothing(client: Client, ana: Customer) -> None:
    client.post(address(ana), typed(website="https://spam.example"))
    assert Customer.objects.count() == 1

    answers = [
        client.post(address(ana), typed(name=f"Flood {n}", email=f"flood{n}@example.org"))
        for n in range(12)
    ]
    assert answers[-1].status_code == 422
    assert Customer.objects.count() < 12


def test_a_closed_link_and_an_unknown_one(client: Client, ana: Customer, agent: User) -> None:
    url = address(ana)
    actions.close_link(customer=ana, by=agent)

    assertContains(client.get(url), "not in use", status_code=404)
    assert client.post(url, typed()).status_code == 404
    assert client.get(reverse("crm:refer", args=["unknown"])).status_code == 404
    with pytest.raises(LinkClosed):
        actions.take_referral(link=ReferralLink.objects.get(), name="B", once_key="x")
    actions.open_link(customer=ana, by=agent)
    assert address(ana) == url
    assert client.get(url).status_code == 200


def test_the_link_is_made_closed_and_opened_on_its_page(
    agent_client: Client, ana: Customer
) -> None:
    page, switch = (
        reverse(f"crm:{name}", args=[ana.pk]) for name in ("referral", "referral-switch")
    )
    assertContains(agent_client.get(page), "Make a link")
    assert not ReferralLink.objects.exists()

    agent_client.post(switch, {"do": "open"})
    CustomerFactory(name="Brought One", referred_by=ana)
    shown = agent_client.get(page)
    assertContains(shown, referrals.url_of(referrals.link_of(ana)))
    assertContains(shown, "Brought One")
    agent_client.post(switch, {"do": "close"})
    assertContains(agent_client.get(page), "Switched off")
    assert AuditEntry.objects.filter(action="referral.close", target_id=ana.pk).exists()


def test_two_who_ask_at_once_get_one_link(ana: Customer) -> None:
    first, second = referrals.link_of(ana), referrals.link_of(ana)
    assert first == second
    assert len(first.slug) == referrals.LENGTH
    assert timedelta(0) <= second.created_at - first.created_at


def test_the_link_of_who_was_merged_leads_to_who_they_became(
    client: Client, ana: Customer, agent: User
) -> None:
    twin = CustomerFactory(name="Ana Garcia")
    old, new = address(twin), address(ana)
    merge_customers(winner=ana, loser=twin, by=agent)

    assertRedirects(client.post(old, typed()), reverse("crm:refer-thanks"))

    assert old != new
    assert Customer.objects.get(name="Bruno Sá").referred_by == ana


def test_who_only_reads_sees_no_links(read_only_client: Client, ana: Customer) -> None:
    assert read_only_client.get(reverse("crm:referral", args=[ana.pk])).status_code == 403
