"""To whom outreach goes and to whom it does not, once; and the mail that they get."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.actions import outreach as actions
from crm.actions.consents import record_consent
from crm.models import (
    Affiliation,
    Consent,
    Contact,
    ContactPoint,
    Customer,
    Interaction,
    Outreach,
    OutreachMessage,
)
from crm.outreach import delivering, tasks
from crm.outreach.audience import preview
from crm.outreach.results import results
from mail.models import OutgoingEmail, Scope, Suppression
from staff import leases
from staff.models import AuditEntry, Business, User
from tests.factories import ContactFactory, CustomerFactory

WORDS = {"en": {"subject": "Spring at {business}", "body": "Hello {first_name|friend}, come by."}}


def draft(by: User, **given) -> Outreach:
    return actions.save_outreach(by=by, **{"name": "Spring letter", "texts": WORDS} | given)


def reader(address: str = "ada@example.com", **given) -> Customer:
    """Somebody who agreed to news."""
    customer = CustomerFactory(email=address, **given)
    agree(customer)
    return customer


def agree(customer: Customer, *, given: bool = True) -> None:
    for contact in customer.contacts.all():
        record_consent(contact=contact, purpose="outreach", given=given, how="form", by=None)


def many(count: int) -> list[Contact]:
    """Customers with a contact who has an address and agreed to news, a few writes for all."""
    numbers = range(count)
    customers = Customer.objects.bulk_create(
        Customer(name=f"Customer {n}", name_folded=f"customer {n}") for n in numbers
    )
    contacts = Contact.objects.bulk_create(Contact(name=f"Reader {n}") for n in numbers)
    Affiliation.objects.bulk_create(
        Affiliation(customer=customer, contact=contact, is_primary=True)
        for customer, contact in zip(customers, contacts, strict=True)
    )
    ContactPoint.objects.bulk_create(
        ContactPoint(contact=contact, kind="email", value=f"reader{n}@example.com")
        for n, contact in enumerate(contacts)
    )
    Consent.objects.bulk_create(
        Consent(contact=contact, purpose="outreach", given=True, how="form") for contact in contacts
    )
    return contacts


def send(outreach: Outreach, by: User) -> Outreach:
    actions.send_outreach(outreach=outreach, by=by)
    return walk(outreach)


def walk(outreach: Outreach) -> Outreach:
    while delivering.slice_of(outreach.pk, seconds=60):
        pass
    outreach.refresh_from_db()
    return outreach


def outcome(outreach: Outreach) -> dict[str, str]:
    """By customer's name: the state, or the reason why there was no mail."""
    rows = outreach.messages.values_list("customer__name", "state", "reason")
    return {name: reason or state for name, state, reason in rows}


def test_a_thousand_forty_suppressed_ten_without_consent(manager: User) -> None:
    contacts = many(1000)
    Suppression.objects.bulk_create(
        Suppression(address=f"reader{n}@example.com", scope=Scope.OUTREACH, reason="unsubscribe")
        for n in range(40)
    )
    Consent.objects.filter(contact__in=contacts[990:]).delete()
    outreach = draft(manager)
    told = preview(outreach=outreach, business=Business.objects.get())
    assert (told.written, told.left_out) == (950, {"suppressed": 40, "no_consent": 10})

    outreach = send(outreach, manager)

    assert outreach.state == "sent"
    assert OutgoingEmail.objects.filter(stream="outreach", state="queued").count() == 950
    left_out = outreach.messages.filter(state="skipped").values_list("reason", flat=True)
    assert sorted(left_out) == ["no_consent"] * 10 + ["suppressed"] * 40
    assert Interaction.objects.filter(kind="outreach").count() == 950
    assert Customer.objects.filter(last_outbound_at__isnull=False).count() == 950

    walk(outreach)
    assert OutgoingEmail.objects.count() == 950


def test_a_batch_costs_the_same_queries_however_many_it_has(manager: User) -> None:
    many(10)
    few = cost_of_sending(draft(manager, name="Few", purpose="change"), manager)
    many_more(190)
    lots = cost_of_sending(draft(manager, name="Lots", purpose="change"), manager)
    # SQLite takes so many rows in one statement; nothing is asked for each customer.
    assert few <= 30
    assert lots <= few + 12


def many_more(count: int) -> None:
    customers = Customer.objects.bulk_create(
        Customer(name=f"Other {n}", name_folded=f"other {n}") for n in range(count)
    )
    contacts = Contact.objects.bulk_create(Contact(name=f"Other {n}") for n in range(count))
    Affiliation.objects.bulk_create(
        Affiliation(customer=customer, contact=contact, is_primary=True)
        for customer, contact in zip(customers, contacts, strict=True)
    )
    ContactPoint.objects.bulk_create(
        ContactPoint(contact=contact, kind="email", value=f"other{n}@example.com")
        for n, contact in enumerate(contacts)
    )


def cost_of_sending(outreach: Outreach, by: User) -> int:
    actions.send_outreach(outreach=outreach, by=by)
    business = Business.objects.get()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        delivering.freeze_batch(outreach.pk, business)
        delivering.queue_batch(outreach.pk, business)
    return len(queries)


def test_each_reason(manager: User, business: Business) -> None:
    reader(name="Written")
    CustomerFactory(name="No address")
    reader("archived@example.com", name="Archived")
    refused = reader("refused@example.com", name="Took it back")
    agree(refused, given=False)
    reader("left@example.com", name="Left")
    Suppression.objects.create(address="left@example.com", scope=Scope.ALL, reason="complaint")
    erased = reader("erased@example.com", name="Erased")
    erased.contacts.update(erased_at=timezone.now(), name="")
    ContactPoint.objects.filter(value="erased@example.com").update(retired_at=timezone.now())
    outreach = draft(manager)
    actions.send_outreach(outreach=outreach, by=manager)
    delivering.freeze_batch(outreach.pk, business)
    Customer.objects.filter(name="Archived").update(archived_at=timezone.now())

    assert outcome(walk(outreach)) == {
        "Written": "queued",
        "No address": "no_email",
        "Archived": "archived",
        "Took it back": "no_consent",
        "Left": "suppressed",
        "Erased": "erased",
    }


def test_one_person_of_two_customers_gets_it_once(manager: User) -> None:
    bakery = reader(name="Bakery")
    shop = CustomerFactory(name="Shop")
    Affiliation.objects.create(contact=bakery.contacts.get(), customer=shop, is_primary=True)

    outreach = send(draft(manager), manager)

    assert outcome(outreach) == {"Bakery": "queued", "Shop": "same_address"}


def test_consent_taken_back_between_freezing_and_sending(manager: User, business: Business) -> None:
    ada = reader(name="Ada")
    outreach = draft(manager)
    actions.send_outreach(outreach=outreach, by=manager)
    assert delivering.freeze_batch(outreach.pk, business)
    assert outcome(outreach) == {"Ada": "pending"}

    agree(ada, given=False)

    assert outcome(walk(outreach)) == {"Ada": "no_consent"}
    assert not OutgoingEmail.objects.exists()


def test_nobody_gets_news_more_often_than_the_business_wants(manager: User) -> None:
    reader(name="Ada")
    first = send(draft(manager, name="First"), manager)
    assert outcome(send(draft(manager, name="Second"), manager)) == {"Ada": "too_soon"}

    assert outcome(send(draft(manager, name="New hours", purpose="change"), manager)) == {
        "Ada": "queued"
    }
    long_ago = timezone.now() - timezone.timedelta(days=15)
    OutreachMessage.objects.filter(state="queued").update(queued_at=long_ago)
    assert outcome(send(draft(manager, name="Third"), manager)) == {"Ada": "queued"}
    assert outcome(first) == {"Ada": "queued"}


def test_a_change_is_told_without_consent_but_not_to_whom_left(manager: User) -> None:
    CustomerFactory(name="Ada", email="ada@example.com")
    CustomerFactory(name="Bo", email="bo@example.com")
    Suppression.objects.create(address="bo@example.com", scope="outreach", reason="unsubscribe")

    outreach = send(draft(manager, purpose="change"), manager)

    assert outcome(outreach) == {"Ada": "queued", "Bo": "suppressed"}
    assert "it concerns you as a customer of Padaria Aurora" in OutgoingEmail.objects.get().text


def test_it_waits_for_its_hour(manager: User) -> None:
    reader(name="Ada")
    outreach = draft(manager, due_at=timezone.now() + timezone.timedelta(days=3))

    assert outcome(send(outreach, manager)) == {"Ada": "pending"}
    assert outreach.state == "draft" or walk(outreach).state == "sending"

    Outreach.objects.update(due_at=timezone.now())
    assert outcome(walk(outreach)) == {"Ada": "queued"}


def test_whoever_comes_after_the_sending_is_not_meant(manager: User) -> None:
    reader(name="Ada")
    outreach = draft(manager)
    actions.send_outreach(outreach=outreach, by=manager)
    reader("late@example.com", name="Late")

    assert outcome(walk(outreach)) == {"Ada": "queued"}


@pytest.mark.parametrize("crash_at", ["freeze", "mails", "timeline", "after a batch"])
def test_killed_anywhere_nothing_is_sent_twice_and_nothing_lost(
    manager: User, business: Business, monkeypatch: pytest.MonkeyPatch, crash_at: str
) -> None:
    many(7)
    outreach = draft(manager)
    actions.send_outreach(outreach=outreach, by=manager)
    monkeypatch.setattr(delivering, "MAILS", 3)

    def killed(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if crash_at == "freeze":
            patch.setattr(Outreach, "save", killed)
        elif crash_at == "mails":
            patch.setattr(delivering, "_queue", killed)
        elif crash_at == "timeline":
            patch.setattr(delivering, "log_interactions_bulk", killed)
        else:
            patch.setattr(delivering.time, "monotonic", iter([0.0, 1.0]).__next__)
        with pytest.raises((KeyboardInterrupt, StopIteration)):
            delivering.slice_of(outreach.pk, seconds=9)

    assert walk(outreach).state == "sent"
    addresses = list(OutgoingEmail.objects.values_list("to_address", flat=True))
    assert sorted(addresses) == [f"reader{n}@example.com" for n in range(7)]
    assert Interaction.objects.filter(kind="outreach").count() == 7
    mails = OutreachMessage.objects.values_list("outgoing__to_address", flat=True)
    assert len(set(mails)) == 7


def test_called_off_also_in_the_outbox(manager: User, business: Business, monkeypatch) -> None:
    many(5)
    outreach = draft(manager)
    actions.send_outreach(outreach=outreach, by=manager)
    monkeypatch.setattr(delivering, "MAILS", 3)
    delivering.freeze_batch(outreach.pk, business)
    delivering.queue_batch(outreach.pk, business)
    gone = OutgoingEmail.objects.order_by("pk").first()
    OutgoingEmail.objects.filter(pk=gone.pk).update(state="sent", sent_at=timezone.now())

    actions.cancel_outreach(outreach=outreach, by=manager)

    assert walk(outreach).state == "cancelled"
    assert sorted(OutgoingEmail.objects.values_list("state", flat=True)) == [
        "cancelled",
        "cancelled",
        "sent",
    ]
    states = list(outreach.messages.order_by("pk").values_list("state", flat=True))
    assert states == ["queued"] + ["cancelled"] * 4
    entry = AuditEntry.objects.get(action="outreach.cancel")
    assert entry.changes["cancelled"] == [None, 4]
    with pytest.raises(actions.NotWaiting):
        actions.cancel_outreach(outreach=outreach, by=manager)


def test_only_managers_send(manager: User, agent: User) -> None:
    reader()
    outreach = draft(agent)
    with pytest.raises(actions.SendingIsForManagers):
        actions.send_outreach(outreach=outreach, by=agent)
    send(outreach, manager)
    with pytest.raises(actions.NotADraft):
        actions.send_outreach(outreach=outreach, by=manager)
    with pytest.raises(actions.NotADraft):
        draft(manager, outreach=outreach, name="Other words")
    entry = AuditEntry.objects.get(action="outreach.send")
    assert (entry.by, entry.changes) == (manager, {"state": ["draft", "sending"]})


@pytest.mark.django_db(transaction=True)  # a lock outside a transaction is refused, on PostgreSQL
def test_sending_is_a_transaction_of_its_own(manager: User) -> None:
    outreach = draft(manager)
    assert actions.send_outreach(outreach=outreach, by=manager).state == "sending"


def test_each_is_written_to_in_their_language(manager: User) -> None:
    spanish = {"subject": "Primavera", "body": "Hola, {first_name|amigo}."}
    texts = WORDS | {"es": spanish}
    reader(name="Ada Byron", language="es")
    reader("bia@example.com", name="Bia", language="pt-br")
    nameless = ContactFactory(
        name="", customer=CustomerFactory(name="Taller", kind="company", language="es")
    )
    record_consent(contact=nameless, purpose="outreach", given=True, how="form", by=None)

    send(draft(manager, texts=texts), manager)

    mails = {mail.to_address: mail for mail in OutgoingEmail.objects.all()}
    ada, bia = mails["ada@example.com"], mails["bia@example.com"]
    assert (ada.language, ada.subject) == ("es", "Primavera")
    assert ada.text.startswith("Hola, Ada.")
    assert (bia.language, bia.subject) == ("en", "Spring at Padaria Aurora")
    assert "Hola, amigo." in mails[nameless.points.get().value].text
    assert "/u/" in ada.text
    assert "/u/" in ada.html
    assert "Rua das Flores 12" in ada.html
    assert "{{unsubscribe_url}}" not in ada.text + ada.html


def test_what_came_of_it(manager: User) -> None:
    from tests.factories import InteractionFactory, OrderFactory

    ada, bo = reader(name="Ada"), reader("bo@example.com", name="Bo")
    outreach = send(draft(manager), manager)
    sent_at = timezone.now() - timezone.timedelta(days=20)
    outreach.messages.update(queued_at=sent_at)
    wrote, bought = sent_at + timezone.timedelta(days=2), sent_at + timezone.timedelta(days=5)
    InteractionFactory(customer=ada, occurred_at=wrote, direction="in", kind="email")
    OrderFactory(customer=bo, ordered_at=bought)
    OrderFactory(customer=ada, ordered_at=sent_at - timezone.timedelta(days=1))
    Customer.objects.filter(pk=ada.pk).update(last_inbound_at=wrote)
    Customer.objects.filter(pk=bo.pk).update(last_order_at=bought)

    assert delivering.follow() == 2
    assert delivering.follow() == 0

    rows = {m.customer_id: (m.answered_at, m.came_back_at) for m in outreach.messages.all()}
    assert rows == {ada.pk: (wrote, None), bo.pk: (None, bought)}


def test_whoever_leaves_by_the_link_is_counted_and_left_alone(manager: User) -> None:
    reader(name="Ada")
    outreach = send(draft(manager), manager)
    mail = OutgoingEmail.objects.get()
    [link] = re.findall(r"http\S+(/u/\S+)", mail.text)

    assert Client().post(link).status_code == 200

    assert results(outreach).unsubscribed == 1
    OutreachMessage.objects.update(queued_at=timezone.now() - timezone.timedelta(days=400))
    again = send(draft(manager, name="Again", purpose="change"), manager)
    assert outcome(again) == {"Ada": "suppressed"}


def test_the_worker_walks_alone_and_all_outreaches(manager: User) -> None:
    reader(name="Ada")
    news, change = draft(manager), draft(manager, name="Hours", purpose="change")
    actions.send_outreach(outreach=news, by=manager)
    actions.send_outreach(outreach=change, by=manager)

    assert leases.acquire(tasks.NAME, "somebody else", 60)
    tasks.work()
    assert not OutgoingEmail.objects.exists()

    leases.release(tasks.NAME, "somebody else")
    tasks.work()
    tasks.work()
    assert OutgoingEmail.objects.count() == 2
    assert set(Outreach.objects.values_list("state", flat=True)) == {"sent"}


@pytest.mark.parametrize("purpose", ["news", "change"])
def test_consent_taken_back_after_the_mail_was_made_keeps_it_here(
    manager: User, purpose: str
) -> None:
    customer = reader()
    outreach = send(draft(manager, purpose=purpose), manager)
    assert OutgoingEmail.objects.get().state == "queued"

    agree(customer, given=False)

    is_news = purpose == "news"
    assert OutgoingEmail.objects.get().state == ("cancelled" if is_news else "queued")
    assert list(outcome(outreach).values()) == ["no_consent" if is_news else "queued"]


def test_an_outreach_that_fails_keeps_no_other_waiting(
    manager: User, caplog: pytest.LogCaptureFixture
) -> None:
    reader()
    broken, whole = (draft(manager, purpose="change", name=name) for name in ("Broken", "Whole"))
    for outreach in (broken, whole):
        actions.send_outreach(outreach=outreach, by=manager)
    Outreach.objects.filter(pk=broken.pk).update(texts={"from": "no day", **WORDS})

    tasks.work()

    assert outcome(whole) == {Customer.objects.get().name: "queued"}
    assert OutgoingEmail.objects.count() == 1
    assert f"Outreach {broken.pk} failed" in caplog.text
