"""One pass of the surveys' background work, for cron and for tests."""

from typing import Any

from django.core.management.base import BaseCommand

from staff.installation import business_or_refusal
from surveys.actions import delivering


class Command(BaseCommand):
    help = "Puts the mails of waiting invitations into the outbox and notes what became of earlier ones."

    def handle(self, *args: Any, **options: Any) -> None:
        business_or_refusal()
        queued = 0
        while batch := delivering.queue_batch():
            queued += batch
        followed = delivering.follow_mail()
        self.stdout.write(f"{queued} invitations queued, {followed} followed up")
