"""manage.py send_mail: one pass over the outbox, for cron and for tests."""

from typing import Any

from django.core.management.base import BaseCommand

from mail import delivery
from mail.models import OutgoingEmail
from staff.installation import business_or_refusal


class Command(BaseCommand):
    help = "Send every message that is due, then say what became of them."

    def handle(self, *args: Any, **options: Any) -> None:
        business_or_refusal()
        tried = delivery.sweep()
        held = delivery.hold()
        if held:
            self.stdout.write(str(held.label))
        waiting = OutgoingEmail.objects.filter(state=OutgoingEmail.State.QUEUED).count()
        self.stdout.write(f"{tried} tried, {waiting} waiting")
