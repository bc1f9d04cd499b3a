"""The row is the queue, the message a nudge."""

from __future__ import annotations

import time

from celery import shared_task

from staff import leases

# Less than the minute between two sweeps; whoever comes next goes on.
SECONDS = 50
# Comments are read in slices, so that mails don't wait for them.
READING, READING_LEASE = 5, 60


@shared_task(ignore_result=True)
def queue_invitations() -> None:
    """Put the mails of waiting invitations into the outbox; running this twice asks nobody twice."""
    from surveys.actions import delivering  # it acts through actions that nudge this task

    end = time.monotonic() + SECONDS
    while delivering.queue_batch() and time.monotonic() < end:
        pass


@shared_task(ignore_result=True)
def ask_customers() -> None:
    """Ask those whose day it is in their round; looked for in all customers, so not each minute."""
    from surveys.actions import asking
    from surveys.models import SurveyTrigger

    if asking.keep_up(SurveyTrigger.Moment.RELATIONAL, seconds=SECONDS):
        ask_customers.delay()
    queue_invitations()


@shared_task(ignore_result=True)
def remind() -> None:
    """Put reminders into the outbox; running this twice reminds nobody twice."""
    from surveys.actions import reminding

    reminding.call_back_reminders()
    end = time.monotonic() + SECONDS
    while reminding.remind_batch() and time.monotonic() < end:
        pass


@shared_task(ignore_result=True)
def see_to_answers() -> None:
    """Let the rules look at new answers for a few seconds; running this twice follows up once."""
    from surveys.actions import follow_ups

    if follow_ups.see_to_answers():
        see_to_answers.delay()


@shared_task(ignore_result=True)
def read_comments() -> None:
    """Index and tag comments for a few seconds; with more to do, queue again behind what waits."""
    from surveys import reading  # models are needed

    with leases.held("surveys.reading", READING_LEASE) as holder:
        if holder is None:
            return  # whoever reads goes on
        is_more = reading.read_for(READING)
    if is_more:
        read_comments.delay()


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find what a lost nudge forgot, what became of the mails, and whom to ask by now."""
    from surveys.actions import asking, asking_again, delivering

    delivering.follow_mail()
    asking.keep_up(*asking.EACH_MINUTE, seconds=SECONDS)
    see_to_answers()
    asking_again.keep_asking_again()
    queue_invitations()
    remind()
    read_comments()
