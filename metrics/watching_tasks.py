"""What looks at the figures as time passes: findings, alerts, and the digest of the week."""

from celery import shared_task
from django.utils import timezone

from metrics.alerts import judging
from metrics.digest import weekly
from metrics.findings import looking
from metrics.findings.rules import RULES


@shared_task(ignore_result=True)
def look_for_findings() -> None:
    """What light rules see, hourly."""
    looking.look(rules=[rule for rule in RULES.values() if not rule.is_heavy])


@shared_task(ignore_result=True)
def look_for_all_findings() -> None:
    """What every rule sees, daily."""
    looking.look()


@shared_task(ignore_result=True)
def judge_alerts() -> int:
    """Of periods that are over; running this twice tells nothing twice."""
    return judging.judge_all()


@shared_task(ignore_result=True)
def send_digests() -> int:
    """On Mondays, to those who asked for it and have not got this week's."""
    return weekly.send_due(timezone.now())
