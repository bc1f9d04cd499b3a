"""How the desk is set up: queues, categories, canned replies, saved views, settings."""

import pytest

from staff.models import AuditEntry, Business, User
from support import canned
from support import desk as current
from support.actions import desk
from support.models import CannedReply, Category, Queue, SupportSettings
from tests.factories import CustomerFactory, OpenedTicketFactory, UserFactory

pytestmark = pytest.mark.django_db


def entries(action: str) -> list[dict[str, object]]:
    return list(
        AuditEntry.objects.filter(action=action).order_by("pk").values_list("changes", flat=True)
    )


def test_what_is_there_when_it_is_first_needed(business: Business) -> None:
    business.language = "es"
    business.save()

    assert current.settings() == current.settings()
    assert current.settings().closes_after_days == 7
    assert current.default_queue() == current.default_queue()
    assert Queue.objects.count() == 1
    count = Category.objects.count()
    current.install()
    assert Category.objects.count() == count > 3


def test_a_queue_is_made_and_changed(business: Business, manager: User, agent: User) -> None:
    queue = desk.create_queue(name=" Invoices ", by=manager, members=[agent], is_round_robin=True)

    assert (queue.name, list(queue.members.all())) == ("Invoices", [agent])
    desk.update_queue(queue=queue, by=manager, name="Money", members=[])
    queue.refresh_from_db()
    assert (queue.name, queue.members.count()) == ("Money", 0)
    assert entries("queue.update")[0]["name"] == ["Invoices", "Money"]
    with pytest.raises(desk.NameTaken):
        desk.create_queue(name="Money", by=manager)
    with pytest.raises(desk.NameMissing):
        desk.create_queue(name="  ", by=manager)


def test_a_queue_made_private_is_a_number_on_the_timeline(
    business: Business, manager: User
) -> None:
    ticket = OpenedTicketFactory(subject="About Ana")
    told = ticket.customer.interactions
    assert told.get().summary == f"#{ticket.pk} About Ana"

    desk.update_queue(queue=ticket.queue, by=manager, is_private=True)
    assert told.get().summary == f"#{ticket.pk}"

    desk.update_queue(queue=ticket.queue, by=manager, is_private=False)
    assert told.get().summary == f"#{ticket.pk} About Ana"


def test_a_queue_in_use_stays(business: Business, manager: User) -> None:
    ticket = OpenedTicketFactory()
    first = ticket.queue
    second = desk.create_queue(name="Second", by=manager)
    with pytest.raises(desk.DefaultQueueStays):
        desk.archive_queue(queue=first, by=manager)

    desk.make_default(queue=second, by=manager)

    assert current.default_queue() == second
    with pytest.raises(desk.QueueInUse, match="1 open ticket is"):
        desk.archive_queue(queue=first, by=manager)
    ticket.delete()
    desk.archive_queue(queue=first, by=manager)
    desk.archive_queue(queue=first, by=manager)
    assert len(entries("queue.archive")) == 1
    desk.restore_queue(queue=first, by=manager)
    first.refresh_from_db()
    assert first.archived_at is None


def test_accents_make_no_second_category(business: Business, manager: User) -> None:
    category = desk.create_category(name="Devolução", by=manager)
    with pytest.raises(desk.NameTaken):
        desk.create_category(name="devolucao", by=manager)

    desk.rename_category(category=category, name="Devoluções", by=manager)
    desk.archive_category(category=category, by=manager)

    assert entries("category.update") == [{"name": ["Devolução", "Devoluções"]}]
    desk.restore_category(category=category, by=manager)


def test_a_canned_reply_in_the_words_of_a_ticket(business: Business, agent: User) -> None:
    reply = desk.save_canned(
        by=agent,
        name="Greeting",
        shortcut="Hello there",
        texts={"en": "Hi {contact}, {agent} of {business} about {ticket}.", "xx": "?", "es": " "},
    )
    ticket = OpenedTicketFactory(customer=CustomerFactory(name="Ada"))

    text = canned.text_for(reply, ticket=ticket, user=agent, business=business)

    assert (reply.shortcut, set(reply.texts)) == ("hello-there", {"en"})
    assert text == f"Hi Ada, Ana Reis of Padaria Aurora about #{ticket.pk}."


def test_what_a_canned_reply_refuses(business: Business, agent: User, manager: User) -> None:
    with pytest.raises(desk.UnknownField, match=r"\{surname\}"):
        desk.save_canned(by=agent, name="One", texts={"en": "Dear {surname}"})
    with pytest.raises(desk.TextMissing):
        desk.save_canned(by=agent, name="One", texts={"en": "  "})
    with pytest.raises(desk.NotYours):
        desk.save_canned(by=agent, name="One", texts={"en": "Hi"}, is_shared=True)
    shared = desk.save_canned(
        by=manager, name="One", texts={"en": "Hi"}, shortcut="hi", is_shared=True
    )
    with pytest.raises(desk.ShortcutTaken):
        desk.save_canned(by=manager, name="Two", texts={"en": "Hi"}, shortcut="hi", is_shared=True)
    # One's own may be called the same.
    own = desk.save_canned(by=agent, name="Mine", texts={"en": "Hi"}, shortcut="hi")
    with pytest.raises(desk.NotYours):
        desk.delete_canned(reply=shared, by=agent)
    with pytest.raises(desk.NotYours):
        desk.delete_canned(reply=own, by=UserFactory())
    desk.delete_canned(reply=own, by=agent)
    assert CannedReply.objects.get() == shared


def test_views_are_ones_own_or_everybodys(business: Business, agent: User, manager: User) -> None:
    view = desk.save_view(by=agent, name="Late", query="late=1")
    with pytest.raises(desk.NotYours):
        desk.save_view(by=manager, name="Late ones", query="late=1", view=view)
    with pytest.raises(desk.NotYours):
        desk.save_view(by=agent, name="Late", query="late=1", is_shared=True)
    desk.save_view(by=agent, name="Very late", query="late=2", view=view)
    view.refresh_from_db()
    assert (view.name, view.owner) == ("Very late", agent)
    desk.delete_view(view=view, by=agent)
    assert entries("saved_view.delete") == [{"name": ["Very late", None]}]


def test_the_rules_of_the_desk(business: Business, manager: User) -> None:
    desk.update_settings(by=manager, undo_seconds=30, has_board=False)

    assert SupportSettings.objects.get().undo_seconds == 30
    assert entries("support_settings.update") == [
        {"undo_seconds": [10, 30], "has_board": [True, False]}
    ]
    desk.update_settings(by=manager, undo_seconds=30)
    assert len(entries("support_settings.update")) == 1
