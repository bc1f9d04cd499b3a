"""One pass of the surveys' background work, for cron and for tests."""

from typing import Any

from django.core.management.base import BaseCommand

from staff.installation import business_or_refusal
from surveys.actions import delivering, follow_ups, solved


class Command(BaseCommand):
    help = "Asks whom it is time to ask, puts their mails into the outbox, and sees to low answers."

    def handle(self, *args: Any, **options: Any) -> None:
        business_or_refusal()
        solved.keep_up()
        follow_ups.follow_up_low_answers()
        queued = 0
        while batch := delivering.queue_batch():
            queued += batch
        followed = delivering.follow_mail()
        self.stdout.write(f"{queued} invitations queued, {followed} followed up")
