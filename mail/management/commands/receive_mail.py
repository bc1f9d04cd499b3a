"""manage.py receive_mail < raw.eml: for a mail server that hands mail over by a pipe."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction

from mail import inbox, sorting
from mail.models import InboundEmail, Mailbox
from mail.webhooks import free_name
from staff.installation import business_or_refusal


class Command(BaseCommand):
    help = (
        "Store the mail on standard input, sort it, and print what became of it. Exit 0 once the raw "
        "mail is stored; 75 when it could not be stored, so that the mail server keeps it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read()
        try:
            business_or_refusal()
            inbound = self.store(raw)
        except (DatabaseError, OSError, CommandError) as error:
            raise CommandError(str(error), returncode=os.EX_TEMPFAIL) from error
        # Whatever happens from here on, the mail is safe, and the sweep goes on with it.
        try:
            sorting.sort_these([*InboundEmail.objects.to_sort().filter(pk=inbound.pk)])
        except Exception as error:  # noqa: BLE001
            self.stderr.write(inbox.in_a_line(error))
        inbound.refresh_from_db()
        words = f"{inbound.pk} {inbound.state} {inbound.reason}"
        self.stdout.write(words.strip())

    @transaction.atomic
    def store(self, raw: bytes) -> InboundEmail:
        mailbox = Mailbox.objects.filter(kind=Mailbox.Kind.COMMAND).order_by("pk").first()
        if mailbox is None:
            mailbox = Mailbox.objects.create(
                kind=Mailbox.Kind.COMMAND, name=free_name("receive_mail")
            )
        # Of whatever size: the mail server has decided to take it, and keeps no copy.
        inbound = inbox.store_raw(raw, mailbox=mailbox)
        Mailbox.objects.filter(pk=mailbox.pk).update(last_message_at=inbound.received_at)
        return inbound
