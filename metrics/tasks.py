"""The engine in the background: what changed within a minute, everything nightly."""

import logging

from celery import shared_task
from django.utils import timezone

from metrics import actions
from metrics.counting import working
from metrics.engine import recomputing, self_check
from staff.models import Business

log = logging.getLogger(__name__)

NIGHTLY_SAMPLE = 40  # closed periods of each grain


@shared_task(ignore_result=True)
def refresh() -> None:
    """Refresh what marks and the passing of time touch; running this twice changes nothing.

    While everything is computed again, help with that: so a piece whose message was lost, or whose
    worker died, is found. So is what somebody asked and waits for.
    """
    if working.is_waiting():
        count_asked.delay()
    if recomputing.under_way():
        lend_a_hand.delay()
    else:
        actions.refresh(everything=False)


@shared_task(ignore_result=True)
def nightly() -> None:
    """Compare a sample of stored figures with the facts, and raise the alarm if any differs; then
    have everything computed again, by whichever workers there are."""
    working.forget()
    for difference in self_check.run(sample=NIGHTLY_SAMPLE):
        log.error(
            "A stored figure differed from its facts: %s %s %s was %s, is %s",
            difference.kpi,
            difference.grain,
            difference.starts_on,
            difference.stored,
            difference.computed,
        )
    business = Business.current()
    if business:
        recomputing.begin(timezone.now(), business.zone)


@shared_task(ignore_result=True)
def lend_a_hand() -> None:
    """Do a piece of the recompute under way, if one is left that nobody does."""
    if (run := recomputing.under_way()) and recomputing.work(run):
        lend_a_hand.delay()


@shared_task(ignore_result=True)
def count_asked() -> None:
    """Count for some seconds what pages wait for; with more to do, queue again behind what waits."""
    if working.work():
        count_asked.delay()
