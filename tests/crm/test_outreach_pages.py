"""Outreach in the browser: drafted by agents, looked at, sent by managers, and what came of it."""

from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Customer, CustomField, Outreach, Segment
from mail.models import OutgoingEmail
from staff.models import User
from tests.crm.test_export_lists import written
from tests.crm.test_outreach import WORDS, draft, many, reader, send, walk
from tests.factories import CustomerFactory

HTMX = {"HX-Request": "true"}
GIVEN = {
    "name": "Spring letter",
    "purpose": "news",
    "moment": "once",
    "subject_en": "Spring at {business}",
    "body_en": "Hello {first_name|friend}, come by.",
}


def test_an_agent_drafts_and_a_manager_sends(
    agent_client: Client, manager_client: Client, agent: User
) -> None:
    ada = reader(name="Ada Byron")
    CustomerFactory(name="Bo")
    assert agent_client.get("/outreach/new/").status_code == 200

    response = agent_client.post("/outreach/new/", GIVEN | {"next": "1"})
    outreach = Outreach.objects.get()
    assert response["Location"] == f"/outreach/{outreach.pk}/send/"
    assert (outreach.created_by, outreach.state) == (agent, "draft")
    assert outreach.texts == {
        "en": {"subject": GIVEN["subject_en"], "body": GIVEN["body_en"]},
    }

    page = agent_client.get(response["Location"]).content.decode()
    assert "for managers" in page
    assert "Send 1 message<" not in page
    assert agent_client.post(f"/outreach/{outreach.pk}/send/").status_code == 403

    page = manager_client.get(f"/outreach/{outreach.pk}/send/").content.decode()
    assert "Send 1 message<" in page
    assert f"/outreach/{outreach.pk}/sample/{ada.pk}/" in page
    assert "no e-mail address" in page
    sample = manager_client.get(f"/outreach/{outreach.pk}/sample/{ada.pk}/")
    assert "Hello Ada, come by." in sample.content.decode()
    assert "sandbox" in sample["Content-Security-Policy"]

    # Somebody writes other words between the look and the press.
    seen = {"seen": page.partition('name="seen" value="')[2][:32]}
    Outreach.objects.update(texts={"en": {"subject": "Other words", "body": "Other words"}})
    refused = manager_client.post(f"/outreach/{outreach.pk}/send/", seen, follow=True)
    assert "Look again before you send it." in refused.content.decode()
    assert "Other words" in refused.content.decode()
    Outreach.objects.update(texts=outreach.texts)

    manager_client.post(f"/outreach/{outreach.pk}/send/", seen)
    page = manager_client.get(f"/outreach/{outreach.pk}/").content.decode()
    assert 'id="outreach-progress"' in page
    walk(outreach)
    assert OutgoingEmail.objects.get().subject == "Spring at Padaria Aurora"
    page = manager_client.get(f"/outreach/{outreach.pk}/?kind=skipped").content.decode()
    assert "no e-mail address" in page
    assert ">Bo<" in page
    assert manager_client.get(f"/outreach/{outreach.pk}/edit/").status_code == 302
    assert "Spring letter" in manager_client.get("/outreach/").content.decode()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"body_en": "Hello {nmae}"}, "There is no such field: {nmae}"),
        ({"body_en": "{{unsubscribe_url}}"}, "There is no such field: {unsubscribe_url}"),
        ({"subject_en": ""}, "This field is required."),
        ({"subject_es": "Primavera"}, "Write both, a subject and a text, or neither."),
        ({"moment": "purchase"}, "Say how many days."),
        ({"due_at": "2020-01-01T10:00"}, "This hour is over already."),
        ({"segment": "99"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    agent_client: Client, changed: dict[str, str], said: str
) -> None:
    response = agent_client.post("/outreach/new/", GIVEN | changed)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Outreach.objects.exists()


def test_a_look_while_writing_saves_nothing(agent_client: Client) -> None:
    reader(name="Ada Byron", language="es", custom={"shoe_size": "38"})
    CustomerFactory(name="Bo Diddley", email="bo@example.com")
    CustomField.objects.create(key="shoe_size", label="Shoe size", kind="number")
    words = GIVEN | {"subject_es": "Talla {custom.shoe_size}", "body_es": "Hola, {first_name}."}

    page = agent_client.post("/outreach/new/", words | {"look": "1"}, headers=HTMX)
    text = page.content.decode()
    assert (page.status_code, "<html" in text) == (200, False)
    assert "Talla 38" in text
    assert "Hola, Ada." in text

    text = agent_client.post(
        "/outreach/new/", words | {"look": "1", "who": "diddley"}, headers=HTMX
    ).content.decode()
    assert "Hello Bo, come by." in text
    assert "Would get nothing: no consent" in text
    assert not Outreach.objects.exists()


def test_to_a_segment_and_only_to_it(agent_client: Client, manager: User) -> None:
    segment = Segment.objects.create(name="Lisbon", query="q=lisbon", created_by=manager)
    reader(name="Ada Lisbon")
    reader("bo@example.com", name="Bo")
    form = agent_client.get(f"/outreach/new/?segment={segment.pk}").content.decode()
    assert f'<option value="{segment.pk}" selected>' in form

    agent_client.post("/outreach/new/", GIVEN | {"segment": segment.pk})
    outreach = Outreach.objects.get()
    assert outreach.segment == segment
    assert list(send(outreach, manager).messages.values_list("customer__name", flat=True)) == [
        "Ada Lisbon"
    ]
    assert "Ada Lisbon" in str(outreach.messages.get().outgoing.to_name)


def test_a_change_is_announced(manager_client: Client, manager: User) -> None:
    CustomerFactory(name="Ada", email="ada@example.com", language="es")
    form = manager_client.get("/outreach/new/?purpose=change").content.decode()
    assert "From when it holds" in form
    assert 'name="moment"' not in form
    words = {"subject_es": "Cambia el horario el {date}", "body_es": "Desde el {date}."}

    manager_client.post(
        "/outreach/new/", GIVEN | words | {"purpose": "change", "holds_from": "2026-12-01"}
    )

    outreach = send(Outreach.objects.get(), manager)
    mail = OutgoingEmail.objects.get()
    assert mail.subject == "Cambia el horario el 1 de diciembre de 2026"
    page = manager_client.get(f"/outreach/{outreach.pk}/").content.decode()
    assert "from December 1, 2026" in page
    assert manager_client.get(f"/outreach/{outreach.pk}/edit/").status_code == 302


def test_a_test_goes_to_oneself(agent_client: Client, agent: User) -> None:
    ada = reader(name="Ada")
    outreach = draft(agent)

    agent_client.post(f"/outreach/{outreach.pk}/test/", {"customer": ada.pk})

    mail = OutgoingEmail.objects.get()
    assert (mail.to_address, mail.stream) == (agent.email, "account")
    assert "Hello Ada" in mail.text
    assert "unsubscribe_url" not in mail.text + mail.html
    assert not outreach.messages.exists()


def test_switched_on_paused_archived_and_brought_back(
    manager_client: Client, manager: User
) -> None:
    outreach = draft(manager, moment="birthday")
    page = manager_client.get(f"/outreach/{outreach.pk}/send/").content.decode()
    assert "Switch it on" in page
    seen = page.partition('name="seen" value="')[2][:32]

    def after(step: str, **given: str) -> Outreach:
        manager_client.post(f"/outreach/{outreach.pk}/{step}/", given)
        outreach.refresh_from_db()
        return outreach

    assert after("send").state == "draft"  # without having looked
    assert after("send", seen=seen).state == "active"
    assert after("archive").archived_at is None
    assert manager_client.get(f"/outreach/{outreach.pk}/edit/").status_code == 302
    assert after("pause").state == "paused"
    assert manager_client.get(f"/outreach/{outreach.pk}/edit/").status_code == 200
    assert after("archive").archived_at
    assert "Spring letter" not in manager_client.get("/outreach/").content.decode()
    assert "Spring letter" in manager_client.get("/outreach/?archived=1").content.decode()
    assert after("archive", archived="0").archived_at is None


def test_only_drafts_are_deleted(agent_client: Client, manager: User) -> None:
    reader()
    sent = send(draft(manager), manager)
    agent_client.post(f"/outreach/{sent.pk}/delete/")
    assert Outreach.objects.count() == 1
    other = draft(manager)
    agent_client.post(f"/outreach/{other.pk}/delete/")
    assert Outreach.objects.get() == sent


def test_read_only_sees_what_became_of_it(read_only_client: Client, manager: User) -> None:
    reader(name="Ada")
    outreach = send(draft(manager), manager)
    page = read_only_client.get(f"/outreach/{outreach.pk}/").content.decode()
    assert "Ada" in page
    assert "Archive" not in page
    assert "New outreach" not in read_only_client.get("/outreach/").content.decode()
    assert read_only_client.get("/outreach/new/").status_code == 403


def test_queries_do_not_grow_with_rows(manager_client: Client, manager: User) -> None:
    def asked(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert manager_client.get(path).status_code == 200
        return len(queries)

    many(3)
    outreach = send(draft(manager), manager)
    other = draft(manager, name="Other", texts=WORDS, purpose="change")
    paths = ["/outreach/", f"/outreach/{outreach.pk}/", f"/outreach/{other.pk}/send/"]
    paths.append(f"/outreach/{other.pk}/edit/")
    before = {path: asked(path) for path in paths}
    for number in range(6):
        customer = reader(f"more{number}@example.com")
        outreach.messages.create(customer=customer, occasion="once", created_at=timezone.now())
        draft(manager, name=f"Draft {number}")
    assert Customer.objects.count() == 9
    assert {path: asked(path) for path in paths} == before
    assert before["/outreach/"] <= 10
    assert max(before.values()) <= 18


def test_the_timeline_says_what_they_were_sent(agent_client: Client, manager: User) -> None:
    ada = reader(name="Ada")
    send(draft(manager), manager)
    assert "Spring at Padaria Aurora" in agent_client.get(f"/customers/{ada.pk}/").content.decode()


def test_who_got_it_and_who_did_not_as_a_file(
    manager: User, manager_client: Client, tmp_path: Path
) -> None:
    reader(name="Ada")
    CustomerFactory(name="Bo")
    outreach = send(draft(manager), manager)
    send(draft(manager, name="Other"), manager)
    assert "outreach_messages" in manager_client.get(f"/outreach/{outreach.pk}/").content.decode()

    rows = written("outreach_messages", manager, tmp_path, f"outreach={outreach.pk}")

    assert [(row["Customer"], row["State"], row["Reason"]) for row in rows] == [
        ("Ada", "Handed to the outbox", ""),
        ("Bo", "Left out", "No e-mail address"),
    ]
    [bo] = written(
        "outreach_messages", manager, tmp_path, f"outreach={outreach.pk}&reason=no_email"
    )
    assert bo["Customer"] == "Bo"


def test_how_somebody_calls_their_own_segment_is_told_to_nobody_else(
    agent: User, agent_client: Client, manager_client: Client
) -> None:
    reader(name="Ada Byron")
    own = Segment.objects.create(name="Difficult ones", query="", owner=agent, created_by=agent)
    outreach = draft(agent, segment=own)
    pages = ["/outreach/", *(f"/outreach/{outreach.pk}/{step}" for step in ("", "send/", "edit/"))]

    for page in pages:
        assert "Difficult ones" in agent_client.get(page).content.decode()
        seen = manager_client.get(page).content.decode()
        assert "Difficult ones" not in seen
        assert "A colleague’s own segment" in seen

    Segment.objects.update(owner=None)
    for page in pages:
        assert "Difficult ones" in manager_client.get(page).content.decode()
