"""The pages on which managers set the desk up."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from staff.models import AuditEntry, User
from support import desk
from support.models import CannedReply, Category, Queue
from tests.factories import CustomerFactory, TicketFactory

RULES = reverse("support:desk")
QUEUES = reverse("support:queues")
CANNED = reverse("support:canned-create")


def test_only_managers_set_the_desk_up(agent_client: Client, manager_client: Client) -> None:
    for name in ("desk", "queues", "categories", "queue-create"):
        url = reverse(f"support:{name}")
        assert agent_client.get(url).status_code == 403
        assert manager_client.get(url).status_code == 200
    assertNotContains(agent_client.get(reverse("support:canned")), f'"{RULES}"')
    assertContains(manager_client.get(reverse("staff:settings")), f'"{RULES}"')


def test_the_rules_are_explained_and_saved_with_an_audit_entry(manager_client: Client) -> None:
    assertContains(manager_client.get(RULES), "never twice for one ticket")
    said = {
        "closes_after_days": 3,
        "mail_to_closed": "new",
        "reopens_within_days": 30,
        "link_works_days": 60,
        "undo_seconds": 20,
        "has_board": "on",
    }

    assertRedirects(manager_client.post(RULES, said), RULES)

    rules = desk.settings()
    assert (rules.closes_after_days, rules.mail_to_closed) == (3, "new")
    assert (rules.undo_seconds, rules.acknowledges, rules.has_board) == (20, False, True)
    entry = AuditEntry.objects.get(action="support_settings.update")
    assert entry.changes["closes_after_days"] == [7, 3]
    assert manager_client.post(RULES, {**said, "undo_seconds": 999}).status_code == 422
    assert desk.settings().undo_seconds == 20


def test_a_queue_is_made_changed_ordered_and_archived(manager_client: Client, agent: User) -> None:
    first = desk.default_queue()
    said = {"name": "Returns", "members": [agent.pk], "is_round_robin": "on", "is_private": "on"}
    assertRedirects(manager_client.post(reverse("support:queue-create"), said), QUEUES)
    queue = Queue.objects.get(name="Returns")
    assert (list(queue.members.all()), queue.is_private) == ([agent], True)
    assertContains(manager_client.get(QUEUES), "Ana Reis")

    edit = reverse("support:queue-edit", args=[queue.pk])
    manager_client.post(edit, {"name": "Refunds"})
    queue.refresh_from_db()
    assert (queue.name, queue.is_private, queue.members.count()) == ("Refunds", False, 0)
    assertContains(
        manager_client.post(edit, {"name": first.name}), "already exists", status_code=422
    )

    manager_client.post(reverse("support:queue-step", args=[queue.pk, "up"]))
    assert Queue.objects.all()[0].name == "Refunds"

    ticket = TicketFactory(queue=queue)
    archive = reverse("support:queue-step", args=[queue.pk, "archive"])
    assertContains(manager_client.post(archive, follow=True), "1 open ticket is still")
    ticket.state = "closed"
    ticket.save()
    assertContains(manager_client.post(archive, follow=True), "Use it again")
    manager_client.post(reverse("support:queue-step", args=[queue.pk, "default"]))
    queue.refresh_from_db()
    assert (queue.is_default, queue.archived_at) == (True, None)
    assertContains(manager_client.post(archive, follow=True), "Choose another one")
    nothing = reverse("support:queue-step", args=[queue.pk, "explode"])
    assert manager_client.post(nothing).status_code == 404


def test_categories_are_added_renamed_and_archived(manager_client: Client) -> None:
    url = reverse("support:categories")
    manager_client.post(url, {"name": "Ovens"})
    category = Category.objects.get(name="Ovens")
    assertContains(manager_client.post(url, {"name": "OVÉNS"}), "already", status_code=422)
    manager_client.post(reverse("support:category-edit", args=[category.pk]), {"name": "Stoves"})
    archive = reverse("support:category-archive", args=[category.pk])
    manager_client.post(archive)
    category.refresh_from_db()
    assert (category.name, category.archived_at is None) == ("Stoves", False)
    manager_client.post(archive)
    category.refresh_from_db()
    assert category.archived_at is None


def test_a_canned_reply_in_each_language_with_an_example(manager_client: Client) -> None:
    TicketFactory(customer=CustomerFactory(name="Ada Lovelace"), last_activity_at=timezone.now())
    said = {
        "name": "Hours",
        "shortcut": "hours",
        "is_shared": "on",
        "text_en": "Dear {customer}, we open at 8.",
        "text_es": "Hola {customer}",
    }
    shown = manager_client.post(CANNED, {**said, "example": "1"}, headers={"HX-Request": "true"})
    assertContains(shown, "Dear Ada Lovelace, we open at 8.")
    assertNotContains(shown, "<html")
    assert not CannedReply.objects.exists()

    assertRedirects(manager_client.post(CANNED, said), reverse("support:canned"))
    reply = CannedReply.objects.get()
    assert (reply.owner, reply.shortcut, set(reply.texts)) == (None, "hours", {"en", "es"})
    wrong = manager_client.post(CANNED, {**said, "shortcut": "x", "text_en": "Hi {nickname}"})
    assertContains(wrong, "{nickname}", status_code=422)
    assertContains(wrong, "Hola {customer}", status_code=422)


def test_agents_write_their_own_and_leave_everybodys_alone(
    agent_client: Client, agent: User, read_only_client: Client
) -> None:
    shared = CannedReply.objects.create(name="Hours", texts={"en": "We open at 8."})
    agent_client.post(CANNED, {"name": "Mine", "text_en": "Bye", "is_shared": "on"})
    assert CannedReply.objects.get(name="Mine").owner == agent

    url = reverse("support:canned-edit", args=[shared.pk])
    assertContains(agent_client.get(url), "a manager can change it")
    agent_client.post(url, {"name": "Hacked", "text_en": "x"})
    agent_client.post(reverse("support:canned-delete", args=[shared.pk]))
    shared.refresh_from_db()
    assert shared.name == "Hours"
    assert read_only_client.get(reverse("support:canned")).status_code == 403


def test_somebody_elses_canned_reply_is_not_there(agent_client: Client, manager: User) -> None:
    other = CannedReply.objects.create(name="Private", texts={"en": "x"}, owner=manager)

    assert agent_client.get(reverse("support:canned-edit", args=[other.pk])).status_code == 404


@pytest.mark.parametrize("name", ["queue-step", "category-archive", "canned-delete"])
def test_steps_take_a_post_alone(manager_client: Client, name: str) -> None:
    args = [1, "archive"] if name == "queue-step" else [1]
    assert manager_client.get(reverse(f"support:{name}", args=args)).status_code in {403, 405}
