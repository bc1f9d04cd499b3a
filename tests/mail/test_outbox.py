"""/outbox/: what left, what waits and why; who may open it."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from mail import actions
from mail.actions import queue_email, queue_emails
from mail.models import DeliveryEvent, OutgoingEmail, Scope, SenderGate
from staff.models import AuditEntry, User
from tests.factories import CustomerFactory
from tests.mail.drafting import draft

pytestmark = pytest.mark.django_db
State = OutgoingEmail.State
URL = "/outbox/"


def test_it_says_that_messages_are_held_and_why(manager_client: Client) -> None:
    queue_email(draft())
    response = manager_client.get(URL)
    assertContains(response, "No mail server is set up")
    assertContains(response, ">Held<")
    assertContains(response, "maria0@example.com")


def test_with_a_server_nothing_is_held(manager_client: Client, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    queue_email(draft())
    assertNotContains(manager_client.get(URL), ">Held<")


def test_states_and_addresses_narrow_the_list_without_page_chrome(agent_client: Client) -> None:
    [one, two] = queue_emails([draft(), draft(1)])
    OutgoingEmail.objects.filter(pk=two.pk).update(state=State.UNKNOWN)

    response = agent_client.get(URL, {"state": "unknown"}, headers={"HX-Request": "true"})
    assertContains(response, two.to_address)
    assertNotContains(response, one.to_address)
    assertNotContains(response, "<html")
    assert "HX-Request" in response["Vary"]

    response = agent_client.get(URL, {"q": "MARIA0"})
    assertContains(response, one.to_address)
    assertNotContains(response, two.to_address)
    assertContains(agent_client.get(URL, {"q": "x"}), "No message matches")


def test_an_empty_outbox_teaches(agent_client: Client) -> None:
    assertContains(agent_client.get(URL), "Nothing has been written yet")


@pytest.mark.parametrize("rows", [2, 60])
def test_query_count_does_not_grow_with_messages(
    agent_client: Client, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    queue_emails([draft(n) for n in range(rows)])
    # session, user, business, counts, page, its gate
    with django_assert_num_queries(6):
        agent_client.get(URL)


def test_a_list_is_paged_by_key(agent_client: Client) -> None:
    now = timezone.now()
    queue_emails([draft(n) for n in range(70)])
    OutgoingEmail.objects.update(created_at=now)
    first = agent_client.get(URL)
    second = agent_client.get(URL + first.context["page"].next_url)
    seen = [row.pk for page in (first, second) for row in page.context["page"]]
    assert len(seen) == len(set(seen)) == 70


# --- One message ----------------------------------------------------------------------------------


def test_a_manager_reads_what_was_written_and_follows_its_links(manager_client: Client) -> None:
    row = queue_email(draft())
    url = row.headers["List-Unsubscribe"].strip("<>")
    response = manager_client.get(f"{URL}{row.pk}/")
    assertContains(response, f'href="{url}"')
    assertContains(response, "List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    assertContains(response, 'sandbox="allow-popups allow-popups-to-escape-sandbox"')


def test_the_html_is_shown_in_a_frame_that_runs_nothing(manager_client: Client) -> None:
    row = queue_email(draft(html="<p>Hello</p><script>alert(1)</script>"))
    response = manager_client.get(f"{URL}{row.pk}/html/")
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy
    assert "script" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert manager_client.get(f"{URL}{queue_email(draft(1, html='')).pk}/html/").status_code == 404


def test_who_works_with_customers_sees_the_state_but_not_the_links(agent_client: Client) -> None:
    row = queue_email(draft())
    response = agent_client.get(f"{URL}{row.pk}/")
    assertContains(response, "Only managers can open the message itself")
    assertNotContains(response, row.text[:20])
    assertNotContains(response, "/u/")
    assert agent_client.get(f"{URL}{row.pk}/html/").status_code == 403
    assert agent_client.post(f"{URL}{row.pk}/cancel/").status_code == 403


def test_links_that_open_accounts_are_for_owners(
    manager_client: Client, owner_client: Client
) -> None:
    row = queue_email(draft(stream="account", text="reset: /secret/", html="<p>/secret/</p>"))
    assertNotContains(manager_client.get(f"{URL}{row.pk}/"), "/secret/")
    assert manager_client.get(f"{URL}{row.pk}/html/").status_code == 404
    assertContains(owner_client.get(f"{URL}{row.pk}/"), "/secret/")


def test_read_only_people_do_not_see_the_outbox(read_only_client: Client) -> None:
    row = queue_email(draft())
    for path in (URL, f"{URL}{row.pk}/", f"{URL}suppressions/"):
        assert read_only_client.get(path).status_code == 403


def test_an_unknown_message_is_explained_and_sent_again_only_with_a_persons_word(
    manager_client: Client,
) -> None:
    row = queue_email(draft())
    OutgoingEmail.objects.filter(pk=row.pk).update(state=State.UNKNOWN, detail="timed out")
    page = f"{URL}{row.pk}/"
    response = manager_client.get(page)
    assertContains(response, "may have it, or not")
    assertContains(response, "timed out")

    response = manager_client.post(f"{page}retry/", follow=True)
    assertContains(response, "Confirm that a second copy is acceptable.")
    response = manager_client.post(f"{page}retry/", {"may_arrive_twice": "on"})
    assertRedirects(response, page)
    row.refresh_from_db()
    assert row.state == State.QUEUED


def test_what_waits_can_be_withdrawn(manager_client: Client) -> None:
    row = queue_email(draft())
    page = f"{URL}{row.pk}/"
    assertContains(manager_client.post(f"{page}cancel/", follow=True), "will not be sent")
    assertContains(manager_client.post(f"{page}cancel/", follow=True), "still waits")
    assertContains(manager_client.get(page), "Somebody withdrew it")
    assert manager_client.get(f"{page}cancel/").status_code == 403


@pytest.mark.parametrize("state", State.values)
def test_every_state_is_explained(manager_client: Client, state: str, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    row = queue_email(draft())
    OutgoingEmail.objects.filter(pk=row.pk).update(state=state)
    response = manager_client.get(f"{URL}{row.pk}/")
    assert response.status_code == 200
    assert len(response.context["why"]) > 20


def test_queries_of_one_message(
    manager_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    row = queue_email(draft())
    # session, user, business (also the sender's, not yet fixed), message, its files, its events
    with django_assert_num_queries(6):
        manager_client.get(f"{URL}{row.pk}/")


# --- Many at once ---------------------------------------------------------------------------------


def test_kinds_narrow_the_list(agent_client: Client) -> None:
    queue_emails([draft(), draft(1, stream="replies")])
    response = agent_client.get(URL, {"stream": "replies"})
    assertContains(response, "maria1@example.com")
    assertNotContains(response, "maria0@example.com")


def test_failed_messages_leave_again_with_one_press(manager_client: Client, manager: User) -> None:
    rows = queue_emails([draft(n) for n in range(4)] + [draft(9, stream="replies")])
    OutgoingEmail.objects.update(state=State.FAILED, attempts=16, detail="no answer")
    gone, late, *_others = rows
    DeliveryEvent.objects.create(outgoing=gone, address=gone.to_address, type="hard_bounce")
    OutgoingEmail.objects.filter(pk=late.pk).update(expires_at=timezone.now())

    page = manager_client.get(URL, {"state": "failed", "stream": "surveys"})
    assertContains(page, "2 of these may get through now")
    manager_client.post("/outbox/retry-failed/", {"stream": "surveys"})

    queued = OutgoingEmail.objects.filter(state=State.QUEUED, attempts=0, detail="")
    assert {one.to_address for one in queued} == {"maria2@example.com", "maria3@example.com"}
    entry = AuditEntry.objects.get(action="outgoing_email.retry_many")
    assert (entry.by, entry.changes) == (manager, {"messages": [None, 2]})
    manager_client.post("/outbox/retry-failed/", {"stream": "surveys"})
    assert AuditEntry.objects.filter(action="outgoing_email.retry_many").count() == 1


def test_only_managers_see_to_many(agent_client: Client) -> None:
    queue_email(draft())
    OutgoingEmail.objects.update(state=State.FAILED, attempts=1)
    assertNotContains(agent_client.get(URL, {"state": "failed"}), "may get through now")


def test_a_large_queue_says_how_long_it_takes(agent_client: Client, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    queue_emails([draft(n) for n in range(240)])
    page = agent_client.get(URL)
    assertContains(page, "240 messages are in the queue.")
    assertContains(page, "leaves in about 2 minutes")


# --- The sender -----------------------------------------------------------------------------------


def test_a_manager_pauses_and_lets_it_go_on(manager_client: Client, agent_client: Client) -> None:
    manager_client.post("/outbox/sender/pause/")
    gate = SenderGate.objects.get()
    assert (gate.address, gate.pause_reason) == ("ola@padaria-aurora.example", "by_hand")
    assertContains(agent_client.get(URL), "Surveys and outreach are paused.")
    assertNotContains(agent_client.get(URL), "/go-on/")
    assertContains(
        manager_client.post("/outbox/sender/pause/", follow=True), "stands still already"
    )

    manager_client.post(f"/outbox/sender/{gate.pk}/go-on/")
    gate.refresh_from_db()
    assert gate.paused_at is None
    assertNotContains(agent_client.get(URL), "are paused")


def test_a_manager_says_how_fast(manager_client: Client) -> None:
    manager_client.post("/outbox/sender/rate/", {"per_minute": "1200"})
    assert SenderGate.objects.get().per_minute == 1200
    assertContains(manager_client.get(URL), 'value="1200"')
    page = manager_client.post("/outbox/sender/rate/", {"per_minute": "0"}, follow=True)
    assertContains(page, "Type a whole number")
    manager_client.post("/outbox/sender/rate/", {"per_minute": ""})
    assert SenderGate.objects.get().per_minute is None


# --- All mail to somebody ---------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [2, 12])
def test_all_mail_to_an_address_with_what_was_reported(
    agent_client: Client, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mine = [queue_email(draft(0, subject=f"Question {n}")) for n in range(rows)]
    other = queue_email(draft(1))
    for one in mine:
        DeliveryEvent.objects.create(outgoing=one, address=one.to_address, type="soft_bounce")
    actions.suppress(address="maria0@example.com", scope=Scope.ALL, reason="complaint", by=None)
    with django_assert_num_queries(7):  # session, user, business; message, page, events, stopped
        page = agent_client.get(f"/outbox/{mine[0].pk}/address/")
    assertContains(page, "Temporary failure", count=rows)
    assertContains(page, "marked as spam")
    assertNotContains(page, other.to_address)


def test_all_mail_to_a_customers_people(agent_client: Client) -> None:
    customer = CustomerFactory(name="Lovelace Ltd", email="ada@example.com")
    queue_email(draft(to_address="ada@example.com"))
    queue_email(draft(1))
    page = agent_client.get(f"/customers/{customer.pk}/mail/")
    assertContains(page, "How did we do?", count=2)  # the link and its title
    assertNotContains(page, "maria1@example.com")
    assertContains(
        agent_client.get(f"/customers/{customer.pk}/"), f"/customers/{customer.pk}/mail/"
    )
