"""The fit in the background, every night."""

from celery import shared_task

from metrics.expected import actions


@shared_task(ignore_result=True)
def fit() -> None:
    """Fit to all purchases before today; running this twice gives the same figures."""
    actions.fit_expected()
