"""The page on which each person chooses what to hear of by mail."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from staff.models import AuditEntry, User
from support.actions.notices import choose_notices
from support.models import NoticeChoice

pytestmark = pytest.mark.django_db
URL = reverse("support:notices")


def test_everything_is_told_until_one_chooses(read_only_client: Client) -> None:
    page = read_only_client.get(URL)
    assertContains(page, "checked", count=5)
    assertContains(page, f'href="{URL}"')  # its tab
    assert not NoticeChoice.objects.exists()


def test_a_choice_is_kept_and_told_of_once(agent_client: Client, agent: User) -> None:
    for _time in range(2):
        assertRedirects(agent_client.post(URL, {"mentioned": "on", "due": "on"}), URL)
    choice = NoticeChoice.objects.get(user=agent)
    assert (choice.mentioned, choice.assigned, choice.answered, choice.watched, choice.due) == (
        True, False, False, False, True,
    )  # fmt: skip
    entry = AuditEntry.objects.get(action="notice_choice.update")
    assert (entry.by, set(entry.changes)) == (agent, {"assigned", "answered", "watched"})


def test_one_may_hear_of_nothing(agent_client: Client, agent: User) -> None:
    assertRedirects(agent_client.post(URL), URL)
    assert not NoticeChoice.objects.get(user=agent).mentioned


def test_strangers_choose_nothing(client: Client, business: object) -> None:
    assert client.get(URL).status_code == client.post(URL).status_code == 302
    assert not NoticeChoice.objects.exists()


def test_there_is_nothing_else_to_choose(agent: User) -> None:
    with pytest.raises(TypeError):
        choose_notices(by=agent, user_id=1)
