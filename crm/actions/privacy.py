"""A person's data handed over or erased, and what is kept only for a time."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import IO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import personal, privacy
from crm.models import Contact, PrivacyAct, RetentionRule
from staff import audit
from staff.files import open_file
from staff.models import User
from staff.refusals import Refusal

# Rows of one kind that one transaction lets go, and as many transactions of a kind in one run.
BATCH, RUNS = 200, 50
# What stands in a rule that somebody has set to "keep": longer than anybody counts.
FOR_EVER = 1_000_000


class AlreadyErased(Refusal):
    message = _("This person has been erased already.")


class UnknownKeeping(Refusal):
    message = _("There is no such kind of data.")


@transaction.atomic
def export_person(*, contact: Contact, to: IO[bytes], by: User | None) -> PrivacyAct:
    """Write a ZIP with everything about a person: person.json, and the files that are theirs."""
    person = privacy.person_of(contact)
    found = privacy.everything_about(person)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", json.dumps(found, ensure_ascii=False, indent=1))
        for name, stored in privacy.files_about(person):
            with open_file(stored) as content, archive.open(safe(name), "w") as member:
                while chunk := content.read(1 << 20):
                    member.write(chunk)
    counts = {model: len(rows) for model, rows in found.items()}
    return _log(PrivacyAct.Kind.EXPORT, contact, counts, by)


def safe(name: str) -> str:
    """A name within an archive that leads nowhere else."""
    *folders, last = name.split("/")
    return "/".join([*folders[:1], Path("_".join([*folders[1:], last])).name.replace("\\", "_")])


@transaction.atomic
def erase_person(*, contact: Contact, by: User | None) -> PrivacyAct:
    """Nobody can tell any more who this was; every figure stays as it is. It can't be undone.

    A customer who was this person and nobody else goes to the archive without a name. Raises
    AlreadyErased.
    """
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    if contact.erased_at is not None:
        raise AlreadyErased
    person = privacy.person_of(contact)
    counts, files = privacy.erase_rows(person)
    Contact.objects.filter(pk=contact.pk).update(erased_at=timezone.now())
    personal.forget(files)
    return _log(PrivacyAct.Kind.ERASURE, contact, counts, by)


def _log(
    kind: PrivacyAct.Kind, contact: Contact | None, counts: dict[str, int], by: User | None
) -> PrivacyAct:
    act = PrivacyAct.objects.create(
        kind=kind, by=by, contact_id=contact.pk if contact else None, counts=dict(counts)
    )
    audit.record(by=by, action=f"privacy.{kind}", target=contact or act)
    return act


@transaction.atomic
def set_retention(*, what: str, days: int | None, by: User) -> None:
    """Let this kind of data go after so many days; None keeps it. Raises UnknownKeeping."""
    if what not in privacy.KEEPINGS:
        raise UnknownKeeping
    before = days_of(what)
    if days == before:
        return
    values = {"days": FOR_EVER if days is None else days, "by": by, "since": timezone.now()}
    rule, _made = RetentionRule.objects.update_or_create(what=what, defaults=values)
    audit.record(by=by, action="privacy.retention", target=rule, changes={what: [before, days]})


def days_of(what: str) -> int | None:
    """After how many days this kind of data goes; None: it is kept."""
    rule = RetentionRule.objects.filter(what=what).first()
    if rule is not None:
        return None if rule.days >= FOR_EVER else rule.days
    return privacy.KEEPINGS[what].default_days


def let_go() -> dict[str, int]:
    """One pass of the sweep: what has been kept long enough goes, in slices; rows by kind."""
    counts: dict[str, int] = {}
    for keeping in privacy.keepings():
        days = days_of(keeping.name)
        if days is not None and (done := _in_slices(keeping.let_go, days)):
            counts[keeping.name] = done
    if counts:
        with transaction.atomic():
            _log(PrivacyAct.Kind.RETENTION, None, counts, None)
    return counts


def _in_slices(act: Callable[..., int], days: int) -> int:
    before, done = timezone.now() - timedelta(days=days), 0
    for _run in range(RUNS):
        some = act(before, BATCH)
        done += some
        if some < BATCH:
            break
    return done
