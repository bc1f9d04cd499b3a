"""manage.py export_person: everything about a person in one archive."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from crm.actions.privacy import export_person
from crm.privacy import contact_of
from staff.installation import business_or_refusal


class Command(BaseCommand):
    help = "Writes everything about a person, by e-mail, into a ZIP: person.json and their files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("file", metavar="FILE", help="the archive to write, such as ana.zip")

    def handle(self, **options: Any) -> None:
        business_or_refusal()
        contact = contact_of(options["email"])
        if contact is None:
            raise CommandError(
                _("Nobody has the e-mail %(email)s.") % {"email": options["email"]}, returncode=2
            )
        path = Path(options["file"])
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with draft.open("xb") as archive:
                act = export_person(contact=contact, to=archive, by=None)
            draft.replace(path)
        except OSError as error:
            raise CommandError(
                _("%(path)s can't be written: %(why)s.") % {"path": path, "why": error.strerror},
                returncode=2,
            ) from error
        finally:
            draft.unlink(missing_ok=True)
        self.stdout.write(str(path))
        for model, count in sorted(act.counts.items()):
            self.stdout.write(f"{model}: {count}")
