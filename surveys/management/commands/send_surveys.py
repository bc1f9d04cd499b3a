"""One pass of the surveys' background work, for cron and for tests."""

from typing import Any

from django.core.management.base import BaseCommand

from staff.installation import business_or_refusal
from surveys.actions import asking, asking_again, delivering, follow_ups, reminding


class Command(BaseCommand):
    help = "Asks and reminds whom it is time to, puts their mails into the outbox, and sees to answers."

    def handle(self, *args: Any, **options: Any) -> None:
        business_or_refusal()
        followed = delivering.follow_mail()
        asking.keep_up(seconds=float("inf"))
        while follow_ups.see_to_answers():
            pass
        asking_again.keep_asking_again()
        queued = 0
        while batch := delivering.queue_batch():
            queued += batch
        followed += delivering.follow_mail()
        reminding.call_back_reminders()
        reminded = 0
        while batch := reminding.remind_batch():
            reminded += batch
        self.stdout.write(
            f"{queued} invitations queued, {reminded} reminders queued, {followed} followed up"
        )
