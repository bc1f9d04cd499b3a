"""Questions about tickets under a name."""

from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from staff.models import User
from support.models import SavedView
from tests.factories import TicketFactory

LIST = reverse("support:ticket-list")
VIEWS = reverse("support:views")
CREATE = reverse("support:view-create")


def test_what_is_filtered_is_saved_and_stands_above_the_list(
    agent_client: Client, agent: User, manager_client: Client
) -> None:
    TicketFactory(subject="Oven", priority=40)
    TicketFactory(subject="Bread")
    assertContains(agent_client.get(LIST, {"priority": "40"}), f"{CREATE}?priority=40")
    assertContains(agent_client.get(f"{CREATE}?priority=40"), "priority=40")

    said = {"name": "Urgent ones", "query": "priority=40&after=x&evil=1&csrf=2", "is_shared": "on"}
    assertRedirects(agent_client.post(CREATE, said), f"{LIST}?priority=40")

    view = SavedView.objects.get()
    assert (view.query, view.owner) == ("priority=40", agent), "an agent's own, whatever is asked"
    shown = agent_client.get(LIST, {"priority": "40"})
    assert [tab.is_current for tab in shown.context["tabs"].saved] == [True]
    assertNotContains(shown, "Save this view")
    assertNotContains(manager_client.get(LIST), "Urgent ones")


def test_managers_share_views(manager_client: Client, agent_client: Client) -> None:
    said = {"name": "Late ones", "query": "view=late", "is_shared": "on"}
    manager_client.post(CREATE, said)
    view = SavedView.objects.get()

    assert view.owner is None
    assertContains(agent_client.get(LIST), "Late ones")
    edit = reverse("support:view-edit", args=[view.pk])
    assert agent_client.post(edit, {"name": "x", "query": "view=late"}).status_code == 422
    agent_client.post(reverse("support:view-delete", args=[view.pk]))
    assert SavedView.objects.get().name == "Late ones"
    manager_client.post(edit, {"name": "Too late", "query": "view=late", "is_shared": "on"})
    assert SavedView.objects.get().name == "Too late"
    manager_client.post(reverse("support:view-delete", args=[view.pk]))
    assert not SavedView.objects.exists()


def test_somebody_elses_view_is_not_there(agent_client: Client, manager: User) -> None:
    view = SavedView.objects.create(name="Secret", query="q=x", owner=manager)

    assert agent_client.get(reverse("support:view-edit", args=[view.pk])).status_code == 404
    assert agent_client.post(reverse("support:view-delete", args=[view.pk])).status_code == 404
    assertNotContains(agent_client.get(VIEWS), "Secret")


def test_views_are_put_in_order(agent_client: Client, agent: User) -> None:
    a, b, c = (SavedView.objects.create(name=name, query="q=x", owner=agent) for name in "abc")

    agent_client.post(reverse("support:view-move", args=[c.pk, "up"]))
    assert [view.name for view in SavedView.objects.all()] == ["a", "c", "b"]
    agent_client.post(reverse("support:view-move", args=[a.pk, "down"]))
    assert [view.name for view in SavedView.objects.all()] == ["c", "a", "b"]
    agent_client.post(reverse("support:view-move", args=[b.pk, "down"]))
    assert [view.name for view in SavedView.objects.all()] == ["c", "a", "b"]


def test_an_empty_page_of_views_says_how(agent_client: Client) -> None:
    assertContains(agent_client.get(VIEWS), "Save this view")
