"""The engine in the background: what changed within a minute, everything nightly."""

import logging

from celery import shared_task

from metrics import actions

log = logging.getLogger(__name__)

NIGHTLY_SAMPLE = 40  # closed periods of each grain


@shared_task(ignore_result=True)
def refresh() -> None:
    """Refresh what marks and the passing of time touch; running this twice changes nothing."""
    actions.refresh()


@shared_task(ignore_result=True)
def nightly() -> None:
    """Compare a sample of stored figures with the facts, loudly; then compute everything again."""
    for difference in actions.check(sample=NIGHTLY_SAMPLE):
        log.error(
            "A stored figure differed from its facts: %s %s %s was %s, is %s",
            difference.kpi,
            difference.grain,
            difference.starts_on,
            difference.stored,
            difference.computed,
        )
    actions.recompute_full()
