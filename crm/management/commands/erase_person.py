"""manage.py erase_person: take a person out of everything; figures stay."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from crm.actions.privacy import erase_person
from crm.privacy import contact_of
from staff.installation import business_or_refusal
from staff.refusals import Refusal


class Command(BaseCommand):
    help = (
        "Erases a person by e-mail: names, addresses, words and files; figures stay. No way back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, **options: Any) -> None:
        business_or_refusal()
        contact = contact_of(options["email"])
        if contact is None:
            raise CommandError(
                _("Nobody has the e-mail %(email)s.") % {"email": options["email"]}, returncode=2
            )
        try:
            act = erase_person(contact=contact, by=None)
        except Refusal as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        self.stdout.write(_("Erased. Rows that were changed or deleted:"))
        for model, count in sorted(act.counts.items()):
            self.stdout.write(f"{model}: {count}")
