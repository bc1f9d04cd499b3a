"""What this room and the post room know of a person, and what erasing leaves of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import privacy, search, searched
from crm.imports.checking import forgetting
from crm.models import (
    Affiliation,
    Consent,
    Contact,
    ContactPoint,
    Contract,
    Customer,
    CustomerAlias,
    CustomerFile,
    CustomerSearch,
    Deal,
    Duplicate,
    FileImport,
    Interaction,
    InteractionBody,
    Loss,
    LossReason,
    MergedCustomer,
    Order,
    OutreachMessage,
    ReferralLink,
    Task,
    Tenure,
    TenureSpan,
)
from crm.privacy import Keeping, Person, PersonalRows, of_person
from mail.models import (
    DeliveryEvent,
    InboundEmail,
    OutgoingAttachment,
    OutgoingEmail,
    Suppression,
)
from mail.pseudonyms import nobodys_address, pseudonym
from staff.files import forget_file, store_file
from staff.models import StoredFile

# What stands where a name or a title must stand.
NOBODY = "—"
# Whose interactions name who brought whom.
REFERRAL = "referral"
# Their words are figures alone.
FIGURES = (Interaction.Kind.ORDER, Interaction.Kind.CONTRACT)


Rows = Callable[[Person], QuerySet[Any]]


def at_customers(model: type[Model]) -> Rows:
    """The rows of customers who are the person and nobody else."""
    return lambda person: model._base_manager.filter(customer__in=person.customers)


def at_contact(model: type[Model]) -> Rows:
    return lambda person: model._base_manager.filter(contact=person.contact)


def _told(person: Person) -> QuerySet[Interaction]:
    return Interaction.objects.filter(of_person(person)).exclude(kind__in=FIGURES)


def _own_reasons(person: Person) -> QuerySet[Contract]:
    codes = LossReason.values
    return Contract.objects.filter(customer__in=person.customers).exclude(reason__in=["", *codes])


def _customers(person: Person) -> QuerySet[Customer]:
    return Customer.objects.filter(pk__in=person.customers)


def _erase_customers(rows: QuerySet[Customer], _person: Person) -> None:
    """Their stage, dates, owner, source and country stay: figures are counted by them."""
    Customer.tags.through.objects.filter(customer__in=rows).delete()
    rows.update(
        name=NOBODY,
        name_folded=NOBODY,
        birthday=None,
        city="",
        notes="",
        custom={},
        external_source="",
        external_id="",
        archived_at=timezone.now(),
    )


def _pseudonymise(rows: QuerySet[Any], _person: Person) -> None:
    """The address goes; that it wants no mail, or takes none, stays."""
    for row in rows:
        row.address = pseudonym(row.address)
        row.save(update_fields=["address"])


def _erase_inbound(rows: QuerySet[InboundEmail], _person: Person) -> None:
    empty = store_file(b"", "message/rfc822")
    rows.update(from_address="", from_name="", subject="", message_id="", detail="", raw=empty)


def _outgoing(person: Person) -> QuerySet[OutgoingEmail]:
    return OutgoingEmail.objects.filter(to_address__in=person.addresses)


def _erase_outgoing(rows: QuerySet[OutgoingEmail], _person: Person) -> None:
    rows.filter(state=OutgoingEmail.State.QUEUED).update(state=OutgoingEmail.State.CANCELLED)
    rows.update(
        to_address=nobodys_address(),
        to_name="",
        reply_to="",
        subject="",
        text="",
        html="",
        headers={},
        detail="",
        unsubscribe_hash="",
    )


def _unname_beside(person: Person) -> None:
    """Who brought whom is told by name on the other one's timeline, and in the task to call them."""
    brought = Q(customer__referred_by__in=person.customers)
    told = Interaction.objects.filter(kind=Interaction.Kind.REFERRAL)
    told.filter(brought, external_source=REFERRAL).update(summary="")
    brought_them = Q(customer__in=_customers(person).values("referred_by"))
    for name in set(_customers(person).values_list("name", flat=True)):
        told.filter(brought_them, summary__contains=name).update(summary="")
        tasks = Task.objects.filter(brought, title__contains=name)
        ids = list(tasks.values_list("pk", flat=True))
        tasks.update(title=NOBODY)
        privacy.forget_trail(Task._meta.label_lower, ids)


def _forget_reports(person: Person) -> None:
    """What imports told of rows about the person: examples, refusals, warnings."""
    them: list[Contact | Customer] = [person.contact, *_customers(person)]
    points = ContactPoint.objects.filter(contact=person.contact).values_list("value", flat=True)
    said = {text.casefold() for text in (*(one.name for one in them), *points) if text}
    keys = {one.external_id for one in them if one.external_id}

    def is_about(cells: Sequence[str]) -> bool:
        text = "\n".join(cells).casefold()
        return cells[0] in keys or any(one in text for one in said)

    for row in FileImport.objects.exclude(report={}).only("report").iterator(chunk_size=50):
        report = forgetting(row.report, is_about)
        if report != row.report:
            FileImport.objects.filter(pk=row.pk).update(report=report)


def _reindex(person: Person) -> None:
    serves = Affiliation.objects.filter(contact=person.contact).values_list(
        "customer_id", flat=True
    )
    search.index({*person.customers, *serves})


def register() -> None:
    """Called from CrmConfig.ready."""
    privacy.register(
        PersonalRows(
            InteractionBody,
            lambda person: InteractionBody.objects.filter(interaction__in=_told(person)),
            order=10,
        ),
        PersonalRows(Interaction, _told, {"summary": "", "external_source": "", "external_id": ""}),
        PersonalRows(Task, at_customers(Task), {"title": NOBODY}),
        PersonalRows(
            Deal,
            lambda person: Deal.objects.filter(of_person(person)),
            {"title": NOBODY, "lost_note": ""},
        ),
        PersonalRows(Order, at_customers(Order), {"external_source": "", "external_id": ""}),
        PersonalRows(Contract, _own_reasons, {"reason": LossReason.UNKNOWN}),
        PersonalRows(Loss, at_customers(Loss), {"note": ""}),
        PersonalRows(Tenure, at_customers(Tenure), {"end_note": ""}),
        PersonalRows(TenureSpan, at_customers(TenureSpan), {"note": ""}),
        PersonalRows(CustomerFile, at_customers(CustomerFile), files=["file"], order=10),
        PersonalRows(
            Duplicate,
            lambda person: Duplicate.objects.filter(
                Q(first__in=person.customers) | Q(second__in=person.customers)
            ),
            order=10,
        ),
        PersonalRows(MergedCustomer, at_customers(MergedCustomer), {"name": NOBODY}),
        PersonalRows(CustomerAlias, at_customers(CustomerAlias), order=10),
        PersonalRows(ReferralLink, at_customers(ReferralLink), order=10),
        PersonalRows(
            OutreachMessage,
            lambda person: OutreachMessage.objects.filter(of_person(person)),
            {"language": ""},
        ),
        PersonalRows(
            Consent, at_contact(Consent), {"text": "", "external_source": "", "external_id": ""}
        ),
        PersonalRows(Affiliation, at_contact(Affiliation), {"role": ""}, order=80),
        PersonalRows(Customer, _customers, erase=_erase_customers, order=85),
        PersonalRows(ContactPoint, at_contact(ContactPoint), order=90),
        PersonalRows(
            Contact,
            lambda person: Contact.objects.filter(pk=person.contact.pk),
            {"name": "", "language": "", "external_source": "", "external_id": ""},
            order=95,
        ),
        # The post room's, which knows nobody above it.
        PersonalRows(
            OutgoingAttachment,
            lambda person: OutgoingAttachment.objects.filter(outgoing__in=_outgoing(person)),
            files=["file"],
            order=20,
        ),
        PersonalRows(
            OutgoingEmail, _outgoing, erase=_erase_outgoing, secret=["unsubscribe_hash"], order=25
        ),
        PersonalRows(
            InboundEmail,
            lambda person: InboundEmail.objects.filter(from_address__in=person.addresses),
            erase=_erase_inbound,
            files=["raw"],
            order=70,
        ),
        PersonalRows(
            Suppression,
            lambda person: Suppression.objects.filter(address__in=person.addresses),
            erase=_pseudonymise,
        ),
        PersonalRows(
            DeliveryEvent,
            lambda person: DeliveryEvent.objects.filter(address__in=person.addresses),
            {"address": nobodys_address(), "detail": ""},
        ),
    )
    privacy.beforehand(_unname_beside)
    privacy.beforehand(_forget_reports)
    searched.kept_in(
        "crm.bulkedit.query", "crm.outreach.audience", "crm.segment.query", "staff.export.query"
    )
    privacy.beforehand(searched.forget)
    privacy.afterwards(_reindex)
    privacy.harmless(
        {
            "mail.sendergate": "the business's own sender addresses",
            CustomerSearch._meta.label_lower: "made anew from the rows above",
            "crm.cost": "what the business paid, in its own words",
            "crm.duplicatekey": "made anew from the rows above",
            "crm.tocompare": "whom to look at again, for duplicates",
            "crm.customer_tags": "goes with the customer",
            "mail.mailbox": "an address of the business",
        }
    )
    privacy.keep(
        Keeping(
            "crm.import_files",
            _("Files that were imported"),
            _("The spreadsheets themselves and the rows that were refused. What came in stays."),
            let_go_import_files,
            default_days=90,
            order=10,
        ),
        Keeping(
            "mail.sent_words",
            _("The words of mails that were sent"),
            _("That they were sent, to whom and when stays."),
            let_go_sent_words,
            order=20,
        ),
        Keeping(
            "mail.raw_mails",
            _("Mails as they came in"),
            _("The message stays in its ticket, without what the parser left out."),
            let_go_raw_mails,
            order=30,
        ),
        Keeping(
            "crm.silent_leads",
            _("Leads who never became customers and of whom nothing was heard"),
            _("They are erased, as if they had asked for it."),
            let_go_silent_leads,
            order=40,
        ),
    )


# --- Kept only as long as needed --------------------------------------------------------


@transaction.atomic
def let_go_import_files(before: datetime, limit: int) -> int:
    """Of imports that ended before; those that are at work keep their file."""
    ended = FileImport.objects.exclude(state__in=FileImport.AT_WORK).filter(created_at__lt=before)
    ended = ended.filter(Q(file__isnull=False) | Q(refused_file__isnull=False))
    rows = list(ended.order_by("pk")[:limit])
    files = {pk for row in rows for pk in (row.file_id, row.refused_file_id) if pk}
    for row in rows:
        row.report = forgetting(row.report, lambda _cells: True)
        row.file = row.refused_file = None
        row.save(update_fields=["report", "file", "refused_file"])
    forget(files)
    return len(rows)


@transaction.atomic
def let_go_sent_words(before: datetime, limit: int) -> int:
    old = OutgoingEmail.objects.filter(created_at__lt=before).exclude(text="", html="")
    old = old.exclude(state__in=[OutgoingEmail.State.QUEUED, OutgoingEmail.State.SENDING])
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:limit])
    attached = OutgoingAttachment.objects.filter(outgoing__in=ids)
    files = set(attached.values_list("file_id", flat=True))
    attached.delete()
    OutgoingEmail.objects.filter(pk__in=ids).update(text="", html="")
    forget(files)
    return len(ids)


@transaction.atomic
def let_go_raw_mails(before: datetime, limit: int) -> int:
    """Of mails that are dealt with; quarantined ones wait for somebody."""
    empty = store_file(b"", "message/rfc822")
    dealt = InboundEmail.objects.filter(received_at__lt=before).exclude(raw=empty)
    dealt = dealt.exclude(state__in=["received", "waiting", "quarantined"])
    rows = list(dealt.order_by("pk").values_list("pk", "raw_id")[:limit])
    InboundEmail.objects.filter(pk__in=[pk for pk, _raw in rows]).update(raw=empty)
    forget({raw for _pk, raw in rows})
    return len(rows)


def let_go_silent_leads(before: datetime, limit: int) -> int:
    from crm.actions.privacy import erase_person  # it acts through this module

    silent = (
        Customer.objects.filter(
            kind=Customer.Kind.PERSON,
            stage=Customer.Stage.LEAD,
            created_at__lt=before,
            first_order_at=None,
        )
        .filter(Q(last_inbound_at=None) | Q(last_inbound_at__lt=before))
        .filter(Q(last_outbound_at=None) | Q(last_outbound_at__lt=before))
        .filter(tenures=None)
        .exclude(name=Value(NOBODY))
    )
    contacts = Contact.objects.filter(
        erased_at=None, affiliations__customer__in=silent.order_by().values("pk")
    ).distinct()
    done = 0
    for contact in contacts.order_by("pk")[:limit]:
        if person_is_only_a_lead(contact):
            erase_person(contact=contact, by=None)
            done += 1
    return done


def person_is_only_a_lead(contact: Contact) -> bool:
    """Whether all whom the contact serves are leads who are nobody else."""
    person = privacy.person_of(contact)
    serves = set(contact.affiliations.values_list("customer_id", flat=True))
    stages = set(_customers(person).values_list("stage", flat=True))
    return serves <= person.customers and stages == {Customer.Stage.LEAD}


def forget(file_ids: set[int]) -> Counter[bool]:
    """Let the files go that nothing points to any more."""
    files = StoredFile.objects.filter(pk__in=file_ids)
    return Counter(forget_file(stored) for stored in files)
