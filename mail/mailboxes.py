"""Everything that changes a mailbox: where mail is fetched from, and which folders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from mail import secrets
from mail.models import Mailbox, MailboxFolder
from staff import audit
from staff.models import User
from staff.refusals import Refusal

FIELDS = (
    "name",
    "address",
    "has_plus_addresses",
    "host",
    "port",
    "security",
    "username",
    "since",
)
# Whoever may change these could have the stored password sent to a server of their own.
CONNECTION = {"host", "port", "security", "username"}
# Another of these is another account, whose numbers mean nothing in this one's folders.
ACCOUNT = {"host", "username"}
FIRST_FOLDER = "INBOX"
HIDDEN = "•••"


class NameTaken(Refusal):
    message = _("There is a mailbox with this name or this address already.")


class PasswordNeeded(Refusal):
    message = _("Enter the password again: it goes to another server or another user now.")


class InUse(Refusal):
    message = _("Mail has come from this mailbox, so it stays. Pause it instead.")


class NoFolders(Refusal):
    message = _("Choose at least one folder.")


class NotFetched(Refusal):
    message = _("Mail is brought to this mailbox; there is nothing to fetch it from.")


@transaction.atomic
def add(*, by: User, password: str, **fields: Any) -> Mailbox:
    """A new IMAP mailbox, its inbox the first folder. Raises NameTaken."""
    mailbox = Mailbox(kind=Mailbox.Kind.IMAP, password=secrets.encrypt(password), **fields)
    _save(mailbox)
    MailboxFolder.objects.create(mailbox=mailbox, name=FIRST_FOLDER)
    changes = audit.diff({}, mailbox, FIELDS)
    audit.record(by=by, action="mailbox.add", target=mailbox, changes=changes)
    return mailbox


@transaction.atomic
def change(*, mailbox: Mailbox, by: User, password: str = "", **fields: Any) -> Mailbox:
    """Change what is given of FIELDS; an empty password stays as it is.

    Raises NameTaken, and PasswordNeeded when the connection changes without its password.
    """
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    before = audit.values(mailbox, FIELDS)
    for name, value in fields.items():
        if name not in FIELDS:
            raise TypeError(f"{name} is nothing that one changes of a mailbox")
        setattr(mailbox, name, value)
    changes = audit.diff(before, mailbox, FIELDS)
    if changes.keys() & CONNECTION and not password and mailbox.password:
        raise PasswordNeeded
    if password:
        changes["password"] = [HIDDEN if mailbox.password else "", HIDDEN]
        mailbox.password = secrets.encrypt(password)
    if not changes:
        return mailbox
    _save(mailbox)
    if changes.keys() & ACCOUNT:
        _start_over(mailbox)
    audit.record(by=by, action="mailbox.change", target=mailbox, changes=changes)
    return mailbox


def _save(mailbox: Mailbox) -> None:
    try:
        with transaction.atomic():
            mailbox.save()
    except IntegrityError as error:
        raise NameTaken from error


def _start_over(mailbox: Mailbox) -> None:
    """Folders of the same names with no cursor yet; mails that come again are known by content."""
    names = list(mailbox.folders.values_list("name", flat=True))
    mailbox.folders.all().delete()
    MailboxFolder.objects.bulk_create(MailboxFolder(mailbox=mailbox, name=name) for name in names)


@transaction.atomic
def choose_folders(*, mailbox: Mailbox, names: Sequence[str], by: User) -> Mailbox:
    """Read these folders and no others; those that stay keep their cursor. Raises NoFolders."""
    wanted = list(dict.fromkeys(name for name in names if name))
    if not wanted:
        raise NoFolders
    before = sorted(mailbox.folders.values_list("name", flat=True))
    if before == sorted(wanted):
        return mailbox
    mailbox.folders.exclude(name__in=wanted).delete()
    MailboxFolder.objects.bulk_create(
        MailboxFolder(mailbox=mailbox, name=name) for name in wanted if name not in before
    )
    changes: audit.Changes = {"folders": [before, sorted(wanted)]}
    audit.record(by=by, action="mailbox.choose_folders", target=mailbox, changes=changes)
    return mailbox


@transaction.atomic
def pause(*, mailbox: Mailbox, by: User) -> Mailbox:
    """Read it no more for now; nothing on the server is lost by that."""
    return _activate(mailbox, is_active=False, by=by, action="mailbox.pause")


@transaction.atomic
def resume(*, mailbox: Mailbox, by: User) -> Mailbox:
    """Go on where it was paused."""
    return _activate(mailbox, is_active=True, by=by, action="mailbox.resume")


def _activate(mailbox: Mailbox, *, is_active: bool, by: User, action: str) -> Mailbox:
    others = Mailbox.objects.filter(pk=mailbox.pk, is_active=not is_active)
    if others.update(is_active=is_active, failing_since=None, error=""):
        audit.record(
            by=by, action=action, target=mailbox, changes={"is_active": [not is_active, is_active]}
        )
    mailbox.refresh_from_db()
    return mailbox


def can_remove(mailbox: Mailbox) -> bool:
    return not mailbox.emails.exists()


@transaction.atomic
def remove(*, mailbox: Mailbox, by: User) -> None:
    """Forget a mailbox from which nothing has come. Raises InUse."""
    if not can_remove(mailbox):
        raise InUse
    audit.record(
        by=by, action="mailbox.remove", target=mailbox, changes={"name": [mailbox.name, None]}
    )
    try:
        mailbox.delete()
    except models.ProtectedError as error:  # its first mail came this very moment
        raise InUse from error
