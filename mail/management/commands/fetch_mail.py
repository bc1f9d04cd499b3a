"""manage.py fetch_mail: one pass over every mailbox, for cron and for tests."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from mail import fetching, imap, sorting, webhooks
from mail.models import InboundEmail
from staff.installation import business_or_refusal


class Command(BaseCommand):
    help = "Fetch what is new in every mailbox and sort it; exit 1 when a mailbox can't be read."

    def handle(self, *args: Any, **options: Any) -> None:
        business_or_refusal()
        webhooks.read_waiting()
        fetched, failing = 0, []
        for mailbox in fetching.readable():
            try:
                fetched += fetching.fetch(mailbox)
            except fetching.Busy:
                self.stderr.write(_("%(name)s: another process reads it") % {"name": mailbox})
            if mailbox.error:
                failing.append(
                    f"{mailbox}: {' '.join(filter(None, imap.explained(mailbox.error)))}"
                )
            failing += [
                f"{mailbox}, {folder}: {' '.join(filter(None, imap.explained(folder.error)))}"
                for folder in mailbox.folders.exclude(error="")
            ]
        sorting.sort()
        aside = InboundEmail.objects.quarantined().count()
        self.stdout.write(f"{fetched} fetched, {aside} set aside")
        if failing:
            raise CommandError("\n".join(failing), returncode=1)
