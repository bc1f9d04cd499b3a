"""Everything about a person: handed over, erased without a trace, let go after its time."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm import actions, privacy, referrals
from crm.actions import segments
from crm.actions.files import delete_file
from crm.actions.merging import CannotComeBack, merge_customers, undo_merge
from crm.actions.privacy import AlreadyErased
from crm.actions.selections import begin_bulk_edit
from crm.actions.tasks import delete_task
from crm.consents import with_consent
from crm.models import (
    BulkEdit,
    Consent,
    Contact,
    Customer,
    CustomerFile,
    FileImport,
    Interaction,
    Order,
    Outreach,
    PrivacyAct,
    Segment,
    Task,
)
from crm.segments import customers_of
from mail.actions import queue_email, suppress
from mail.drafts import Draft
from mail.models import OutgoingEmail, Scope, Suppression
from staff import changes
from staff.files import store_file
from staff.models import AuditEntry, Business, Change, Export, StoredFile, User
from support.models import Message, SavedView, Ticket
from surveys.models import Response
from tests.factories import (
    ContactFactory,
    ContractFactory,
    CustomerFactory,
    InteractionFactory,
    InvitationFactory,
    MessageFactory,
    OpenedTicketFactory,
    OrderFactory,
    ResponseFactory,
    SurveyRunFactory,
    TaskFactory,
)

ROOMS = {"crm", "mail", "support", "surveys", "metrics"}
# What would give Ana away, wherever it still stood.
TRACES = ["Ana Sepúlveda", "ana@sepulveda.example", "rebimboca", "ana sepulveda"]


@pytest.fixture
def ana(business: Business, agent: User) -> Contact:
    """Somebody with something in every room; the word "rebimboca" stands in each text."""
    customer = actions.create_customer(
        name="Ana Sepúlveda",
        email="ana@sepulveda.example",
        phone="+34600123456",
        notes="rebimboca",
        city="Cuenca",
        tags=["rebimboca fan"],
        by=agent,
    )
    contact = customer.contacts.get()
    actions.log_interaction(
        customer=customer, kind="call", by=agent, summary="rebimboca", body="rebimboca " * 60
    )
    OrderFactory(customer=customer, total=Decimal("12.50"), external_id="ana-1")
    ContractFactory(customer=customer, reason="rebimboca")
    TaskFactory(customer=customer, title="rebimboca")
    file = store_file(b"rebimboca", "text/plain")
    CustomerFile.objects.create(customer=customer, file=file, name="rebimboca.txt")
    actions.record_consent(
        contact=contact, purpose="outreach", given=True, how="staff", text="rebimboca", by=agent
    )
    invitation = InvitationFactory(
        customer=customer, contact=contact, address="ana@sepulveda.example"
    )
    ResponseFactory(
        invitation=invitation, customer=customer, contact=contact, score=3, comment="rebimboca"
    )
    ticket = OpenedTicketFactory(customer=customer, contact=contact, subject="rebimboca")
    MessageFactory(ticket=ticket, contact=contact, text="rebimboca", from_name="Ana Sepúlveda")
    queue_email(
        Draft(
            stream=OutgoingEmail.Stream.SURVEYS,
            to_address="ana@sepulveda.example",
            to_name="Ana Sepúlveda",
            subject="rebimboca",
            text="rebimboca",
        )
    )
    suppress(address="ana@sepulveda.example", scope=Scope.SURVEYS, reason="unsubscribe", by=None)
    return contact


def columns_with_text() -> Iterator[tuple[str, str]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in {*ROOMS, "staff"} and model._meta.managed:
            for field in model._meta.concrete_fields:
                if isinstance(field, (models.CharField, models.TextField, models.JSONField)):
                    yield model._meta.db_table, field.column


def traces() -> list[str]:
    """Where in the whole database something of Ana's still stands."""
    found = []
    with connection.cursor() as cursor:
        for table, column in columns_with_text():
            for trace in [*TRACES, *map(quote_plus, TRACES)]:
                cursor.execute(
                    f'SELECT COUNT(*) FROM "{table}" WHERE CAST("{column}" AS TEXT) LIKE %s',
                    [f"%{trace}%"],
                )
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{column}: {trace}")
    return found


def test_the_test_sees_traces(ana: Contact) -> None:
    assert len(traces()) > 15


def test_erased_without_a_trace_and_every_figure_stays(ana: Contact, manager: User) -> None:
    customer = ana.customers.get()
    file = StoredFile.objects.get(size=len(b"rebimboca"))

    act = actions.erase_person(contact=ana, by=manager)

    assert [where for where in traces() if "crm_tag." not in where] == []
    assert not StoredFile.objects.filter(pk=file.pk).exists()
    customer.refresh_from_db()
    assert (customer.name, customer.archived_at is not None) == ("—", True)
    assert not customer.tags.exists()
    assert Order.objects.get().total == Decimal("12.50")
    assert Response.objects.get().score == 3
    assert Ticket.objects.get().customer == customer
    assert set(Message.objects.values_list("text", flat=True)) == {""}
    ana.refresh_from_db()
    assert (ana.name, ana.erased_at is not None) == ("", True)
    assert not ana.points.exists()
    assert (act.kind, act.contact_id) == ("erasure", ana.pk)
    assert act.counts["surveys.response"] == 1
    assert "Ana" not in json.dumps(act.counts)
    assert AuditEntry.objects.filter(action="privacy.erasure", by=manager).exists()
    assert not Customer.objects.search("rebimboca").exists()
    with pytest.raises(AlreadyErased):
        actions.erase_person(contact=ana, by=manager)


def test_what_waited_is_not_sent_and_no_mail_stays_known(ana: Contact) -> None:
    actions.erase_person(contact=ana, by=None)

    assert OutgoingEmail.objects.get().state == OutgoingEmail.State.CANCELLED
    found = Suppression.objects.suppressed_addresses("surveys", ["Ana@Sepulveda.example"])
    assert found == {"ana@sepulveda.example"}
    assert not Suppression.objects.suppressed_addresses("surveys", ["eva@sepulveda.example"])


def test_what_a_change_set_held_can_no_longer_bring_her_back(ana: Contact, agent: User) -> None:
    customer = ana.customers.get()
    stroke = actions.archive_customers(customer_ids=[customer.pk], by=agent)
    assert stroke is not None
    assert Change.objects.filter(model="crm.customer", object_id=customer.pk).exists()

    actions.erase_person(contact=ana, by=None)

    assert not Change.objects.filter(model="crm.customer", object_id=customer.pk).exists()


def test_who_searched_for_her_asks_for_nobody_any_more(
    ana: Contact, agent: User, manager: User
) -> None:
    """Whatever was asked: her name in any order, unfinished, an address, a number in any spelling."""
    asked = [
        "Ana Sepúlveda",
        "sepulveda ANA",
        "ana@sepul",
        "600 123 456",
        "la señora Ana Sepúlveda",
    ]
    for text in asked:
        query = urlencode({"q": text, "stage": "lead"})
        begin_bulk_edit(action="archive", query=query, by=agent)
        Export.objects.create(what="customers", query=query, format="csv", by=agent)
        segment = segments.save_segment(name=text[:4], query=query, by=manager)
        Outreach.objects.create(name="News", audience={"query": segment.query, "cursor": 7})
    run = SurveyRunFactory(audience={"filters": {"q": "ana sepulveda", "tag": ["3", "4"]}})
    SavedView.objects.create(name="Hers", query="q=ana%40sepulveda.example&state=open")
    for kept in ("Luis", "rebimboca fan", "Ana"):
        Export.objects.create(what="tickets", query=urlencode({"q": kept}), format="csv", by=agent)

    actions.erase_person(contact=ana, by=manager)

    gone = [where for where in traces() if "crm_tag." not in where]
    assert [where for where in gone if "export.query: rebimboca" not in where] == []
    texts = [
        *BulkEdit.objects.values_list("query", flat=True),
        *Export.objects.values_list("query", flat=True),
    ]
    texts += [segment.query for segment in Segment.objects.all()]
    texts += [one.audience["query"] for one in Outreach.objects.all()]
    assert {text for text in texts if "stage" in text} == {"q=%E2%80%A6&stage=lead"}
    assert {text for text in texts if "stage" not in text} == {"q=Luis", "q=rebimboca+fan", "q=Ana"}
    assert all(not find.exists() for find in map(customers_of, Segment.objects.all()))
    run.refresh_from_db()
    assert run.audience == {"filters": {"q": "…", "tag": ["3", "4"]}}
    assert SavedView.objects.get().query == "q=%E2%80%A6&state=open"
    for entry in AuditEntry.objects.filter(action="segment.create"):
        assert "sepul" not in json.dumps(entry.changes).lower()


def test_what_was_deleted_or_merged_before_can_not_bring_her_back(
    ana: Contact, agent: User, manager: User
) -> None:
    customer = ana.customers.get()
    other = actions.create_customer(name="Ana Sepúlveda Gil", notes="rebimboca", by=agent)
    merge = merge_customers(winner=customer, loser=other, by=manager)
    twin = actions.create_customer(name="Luis", by=agent)
    undone = merge_customers(winner=twin, loser=customer, by=manager)
    undo_merge(change_set=undone, by=manager)
    file = CustomerFile.objects.get()
    strokes = [
        delete_file(file=file, by=agent),
        delete_task(task=Task.objects.get(), by=agent),
    ]

    actions.erase_person(contact=ana, by=manager)

    assert [where for where in traces() if "crm_tag." not in where] == []
    assert not StoredFile.objects.filter(pk=file.file_id).exists()
    for stroke in strokes:
        changes.revert(change_set=stroke, by=manager)
    assert not CustomerFile.objects.exists()
    assert not Task.objects.exists()
    with pytest.raises(CannotComeBack):
        undo_merge(change_set=merge, by=manager)


def test_what_imports_told_of_her_goes_and_what_they_told_of_others_stays(ana: Contact) -> None:
    examples = [[2, "Ana Sepúlveda", "Cuenca", "Lima"], [3, "Luis", "Cuenca", "Lima"]]
    told = {
        "refusals": [[4, "ana@sepulveda.example is taken."], [5, "name is empty."]],
        "warnings": ["Line 6: Ana Sepúlveda", "Line 7: Luis"],
    }
    fields = {"city": {"count": 2, "examples": examples}}
    row = FileImport.objects.create(
        kind="customers",
        file_name="a.csv",
        state="done",
        report={**told, "fields": fields, "run": told},
    )

    actions.erase_person(contact=ana, by=None)

    assert [where for where in traces() if "crm_tag." not in where] == []
    row.refresh_from_db()
    left = {"refusals": [[5, "name is empty."]], "warnings": ["Line 7: Luis"]}
    city = {"count": 2, "examples": examples[1:]}
    assert row.report == {**left, "fields": {"city": city}, "run": left}


@pytest.mark.parametrize("who", ["brought", "brought them"])
def test_who_brought_whom_is_not_told_by_name_any_more(
    business: Business, owner: User, who: str
) -> None:
    names = ["Ana Sepúlveda", "Luis"] if who == "brought them" else ["Luis", "Ana Sepúlveda"]
    referrer = actions.create_customer(name=names[0], email="a@casa.example", by=owner)
    brought = actions.take_referral(
        link=referrals.link_of(referrer), name=names[1], email="b@casa.example", once_key="1"
    )
    assert brought is not None
    erased = referrer if who == "brought them" else brought

    actions.erase_person(contact=erased.contacts.get(), by=owner)

    assert traces() == []
    assert Interaction.objects.filter(kind="referral").count() == 2


def test_a_company_goes_on_without_the_person(business: Business, agent: User) -> None:
    company = CustomerFactory(name="Panificadora Sul", kind=Customer.Kind.COMPANY)
    ana = ContactFactory(name="Ana", customer=company, email="ana@sul.example")
    bia = ContactFactory(name="Bia", customer=company, email="bia@sul.example")
    InteractionFactory(customer=company, contact=ana, summary="With Ana")
    InteractionFactory(customer=company, contact=bia, summary="With Bia")

    actions.erase_person(contact=ana, by=agent)

    company.refresh_from_db()
    assert (company.name, company.archived_at) == ("Panificadora Sul", None)
    assert set(Interaction.objects.values_list("summary", flat=True)) == {"", "With Bia"}
    assert bia.points.exists()


def test_two_people_of_one_customer_are_not_one(business: Business) -> None:
    couple = CustomerFactory(name="Ana y Luis", email="ana@casa.example")
    ContactFactory(name="Luis", customer=couple, email="luis@casa.example")
    ana = couple.contacts.get(points__value="ana@casa.example")

    actions.erase_person(contact=ana, by=None)

    couple.refresh_from_db()
    assert couple.name == "Ana y Luis"


def test_everything_in_one_archive(ana: Contact, manager: User) -> None:
    archive = io.BytesIO()

    act = actions.export_person(contact=ana, to=archive, by=manager)

    with zipfile.ZipFile(archive) as opened:
        found = json.loads(opened.read("person.json"))
        files = [name for name in opened.namelist() if name.startswith("crm.customerfile/")]
        assert opened.read(files[0]) == b"rebimboca"
    assert found["crm.customer"][0]["name"] == "Ana Sepúlveda"
    assert found["surveys.response"][0]["comment"] == "rebimboca"
    assert {row["value"] for row in found["crm.contactpoint"]} == {
        "ana@sepulveda.example",
        "+34600123456",
    }
    assert "token_hash" not in found["surveys.invitation"][0]
    assert act.kind == "export"
    assert AuditEntry.objects.filter(action="privacy.export", by=manager).exists()


def test_every_model_about_people_has_a_rule_or_a_reason() -> None:
    ruled = {rule.model._meta.label_lower for rule in privacy.RULES}
    missing = []
    for model in apps.get_models(include_auto_created=True):
        label = model._meta.label_lower
        if model._meta.app_label not in ROOMS or label in ruled | privacy.HARMLESS.keys():
            continue
        for field in model._meta.concrete_fields:
            to = field.related_model
            if to in {Contact, Customer} or isinstance(field, models.EmailField):
                missing.append(f"{label}.{field.name}")
    assert missing == []


def test_rules_name_columns_that_are_there() -> None:
    for rule in privacy.RULES:
        for name in [*(rule.blank or {}), *rule.files, *rule.secret]:
            rule.model._meta.get_field(name)


# --- Consent ----------------------------------------------------------------------------


def test_the_last_word_counts_and_the_proof_stays(
    agent_client: Client, business: Business, agent: User
) -> None:
    contact = ContactFactory(name="Ana", customer=CustomerFactory())
    url = reverse("crm:contact-privacy", args=[contact.pk])
    assertContains(agent_client.get(url), "Nothing is noted.")

    said = {"purpose": "outreach", "given": "1", "text": "On the phone: yes"}
    assertRedirects(agent_client.post(url, said), url)
    assert with_consent([contact.pk], "outreach") == {contact.pk}
    assert with_consent([contact.pk], "surveys") == set()
    agent_client.post(url, {"purpose": "outreach", "given": "0", "text": "Not any more"})
    assert with_consent([contact.pk], "outreach") == set()

    page = agent_client.get(url)
    assertContains(page, "On the phone: yes")
    assertContains(page, "Not any more")
    rows = Consent.objects.filter(contact=contact).order_by("pk")
    assert [(row.given, row.by, row.how) for row in rows] == [
        (True, agent, "staff"),
        (False, agent, "staff"),
    ]
    refused = agent_client.post(url, {"purpose": "outreach", "given": "1", "text": ""})
    assertContains(refused, "without it there is no proof", status_code=422)


# --- The pages and the commands ---------------------------------------------------------


def test_erasing_asks_for_the_name_and_a_manager(
    agent_client: Client, manager_client: Client, ana: Contact
) -> None:
    page, erase, export = (
        reverse(f"crm:contact-{name}", args=[ana.pk]) for name in ("privacy", "erase", "export")
    )
    assertNotContains(agent_client.get(page), "Erase for good")
    assert agent_client.post(erase, {"word": "Ana Sepúlveda"}).status_code == 403
    assert agent_client.post(export).status_code == 403

    refused = manager_client.post(erase, {"word": "Ana"})
    assertContains(refused, "exactly so", status_code=422)
    archive = manager_client.post(export)
    assert archive["Content-Type"] == "application/zip"
    assert "no-store" in archive["Cache-Control"]
    assert zipfile.is_zipfile(io.BytesIO(b"".join(archive.streaming_content)))
    done = manager_client.post(erase, {"word": " ana  sepúlveda "})
    assertRedirects(done, reverse("crm:customer-list"))
    ana.refresh_from_db()
    assert ana.erased_at is not None
    assert manager_client.get(page).status_code == 404
    assertContains(manager_client.get(reverse("crm:privacy")), "rased a person")


def test_by_command(ana: Contact, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ana.zip"
    call_command("export_person", "ANA@sepulveda.example", str(path))
    assert zipfile.is_zipfile(path)
    with pytest.raises(CommandError):
        call_command("export_person", "ana@sepulveda.example", str(tmp_path / "no" / "where.zip"))

    call_command("erase_person", "ana@sepulveda.example")

    assert "crm.contactpoint: 2" in capsys.readouterr().out
    for command in ("erase_person", "export_person"):
        with pytest.raises(CommandError):
            call_command(command, "ana@sepulveda.example", *([str(path)] * ("export" in command)))


# --- Kept only as long as needed --------------------------------------------------------


def past(days: int) -> object:
    return timezone.now() - timedelta(days=days)


def test_old_import_files_go_and_what_came_in_stays(business: Business) -> None:
    file = store_file(b"name\nAna\n", "text/csv")
    done = FileImport.objects.create(
        kind="customers", file=file, file_name="c.csv", state="done", created_at=past(91)
    )
    running = FileImport.objects.create(
        kind="customers", file=file, file_name="c.csv", state="running", created_at=past(91)
    )
    young = FileImport.objects.create(kind="customers", file=file, file_name="c.csv", state="done")

    assert actions.let_go() == {"crm.import_files": 1}

    kept = {row.pk: row.file_id for row in FileImport.objects.all()}
    assert kept == {done.pk: None, running.pk: file.pk, young.pk: file.pk}
    assert actions.let_go() == {}
    act = PrivacyAct.objects.get()
    assert (act.kind, act.counts) == ("retention", {"crm.import_files": 1})


def test_words_of_sent_mail_go_only_when_asked_for(
    business: Business, manager: User, manager_client: Client
) -> None:
    mail = queue_email(
        Draft(stream=OutgoingEmail.Stream.REPLIES, to_address="a@b.example", subject="S", text="T")
    )
    OutgoingEmail.objects.update(created_at=past(40), state="sent")
    assert actions.let_go() == {}

    page = reverse("crm:privacy")
    form = {"crm_import_files": "90", "mail_sent_words": "30"}
    assertRedirects(manager_client.post(page, form), page)
    assert actions.let_go() == {"mail.sent_words": 1}
    mail.refresh_from_db()
    assert (mail.text, mail.subject) == ("", "S")
    entry = AuditEntry.objects.get(action="privacy.retention", by=manager)
    assert entry.changes == {"mail.sent_words": [None, 30]}

    manager_client.post(page, {"crm_import_files": ""})
    assertContains(manager_client.get(page), "Kept for so many days")
    refused = manager_client.post(page, {"crm_import_files": "0"})
    assert refused.status_code == 422


def test_silent_leads_are_erased_after_their_time(business: Business, manager: User) -> None:
    actions.set_retention(what="crm.silent_leads", days=365, by=manager)
    silent = CustomerFactory(name="Silent", email="silent@x.example", created_at=past(400))
    buyer = CustomerFactory(name="Buyer", email="buyer@x.example", created_at=past(400))
    actions.record_order(customer=buyer, total=Decimal(5), by=None)
    CustomerFactory(
        name="Heard", email="h@x.example", created_at=past(400), last_inbound_at=past(9)
    )
    CustomerFactory(name="New", email="new@x.example", created_at=past(9))

    assert actions.let_go() == {"crm.silent_leads": 1}

    silent.refresh_from_db()
    assert silent.name == "—"
    names = set(Customer.objects.values_list("name", flat=True))
    assert names == {"—", "Buyer", "Heard", "New"}
    assert actions.let_go() == {}


def test_who_is_no_manager_sees_no_privacy_settings(agent_client: Client) -> None:
    assert agent_client.get(reverse("crm:privacy")).status_code == 403
