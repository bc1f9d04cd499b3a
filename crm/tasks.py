"""What the customer room does as time passes."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from crm import actions, loyalty, projections, reminders, tenures
from crm.models import Customer, LoyaltyTier, SilenceRule, TenureClock
from staff import jobs, leases
from staff.models import Business

log = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def sweep_stages() -> int:
    """Let stages follow the clock, the silence rules and the time zone; every ten minutes."""
    apply_silence_rules()
    apply_time_zone()
    return tenures.sweep_stages()


@shared_task(ignore_result=True)
def apply_silence_rules() -> None:
    """Rebuild everyone's tenures if a rule changed; running this twice does it once.

    A rule that changes meanwhile is blank again and waits for the next run.
    """
    waiting = list(SilenceRule.objects.filter(applied_at=None).values_list("pk", "days", "since"))
    if not waiting:
        return
    tenures.rebuild_all()
    for pk, days, since in waiting:
        SilenceRule.objects.filter(pk=pk, days=days, since=since).update(applied_at=timezone.now())


@shared_task(ignore_result=True)
def count_pauses() -> None:
    """Count how long customers pause between purchases; who never chose a rule follows it. Nightly."""
    if Business.current():
        actions.count_pauses()
        actions.follow_pauses()


@shared_task(ignore_result=True)
def apply_time_zone() -> None:
    """Rebuild everyone's tenures once the business keeps another time zone than they were built in."""
    business = Business.current()
    if business is None or TenureClock.objects.filter(time_zone=business.time_zone).exists():
        return
    tenures.rebuild_all()
    # The zone read before: if it changed meanwhile, the next run sees that it differs.
    TenureClock.objects.update_or_create(pk=1, defaults={"time_zone": business.time_zone})


@shared_task(ignore_result=True)
def check_projections() -> int:
    """Compare a sample of what is derived with the facts; say so loudly when it differs, and mend it."""
    tenures.sweep_stages(back=None)
    found = projections.check()
    for difference in found[:20]:
        log.error("Customer %s: %s", difference.customer_id, ", ".join(difference.fields))
    if found:
        log.error("%s customers differed from their facts; they are rebuilt now.", len(found))
        projections.rebuild(difference.customer_id for difference in found)
    return len(found)


# Longer than a walk through a million customers takes: two at once would do everything twice.
WALK_SECONDS = 900
TIER_RULES = ("pk", "rank", "min_tenure_days", "min_income")


@shared_task(ignore_result=True)
def follow_tiers(*, everyone: bool = False) -> int:
    """Put customers into tiers once a rule changed, and every night; how many changed.

    A tier that was changed meanwhile is unmarked again and waits for the next run.
    """
    waiting = LoyaltyTier.objects.filter(applied_at=None)
    had = Customer.objects.exclude(tier=None)
    if not (everyone or waiting.exists()) or not (LoyaltyTier.objects.exists() or had.exists()):
        return 0
    with leases.held("crm.loyalty", WALK_SECONDS) as holder:
        if holder is None:
            return 0
        began = timezone.now()
        rules = list(LoyaltyTier.objects.values_list(*TIER_RULES))
        changed = loyalty.follow_everyone(began)
        if rules == list(LoyaltyTier.objects.values_list(*TIER_RULES)):
            LoyaltyTier.objects.update(applied_at=began)
    return changed


@shared_task(ignore_result=True)
def follow_tiers_nightly() -> int:
    return follow_tiers(everyone=True)


@shared_task(ignore_result=True)
def remind() -> int:
    """Mails of the morning, and of promises that are due soon; every five minutes."""
    now = timezone.now()
    return reminders.send_morning_mails(now) + reminders.remind_of_promises(now)


@shared_task(ignore_result=True)
def let_go() -> None:
    """What has been kept long enough goes, every night."""
    actions.let_go()


def register() -> None:
    """Called from CrmConfig.ready."""
    jobs.register("crm.sweep_stages", every=timedelta(minutes=10), task=sweep_stages)
    jobs.register("crm.check_projections", every=timedelta(days=1), task=check_projections)
    jobs.register("crm.count_pauses", every=timedelta(days=1), task=count_pauses)
    jobs.register("crm.remind", every=timedelta(minutes=5), task=remind)
    jobs.register("crm.follow_tiers", every=timedelta(minutes=2), task=follow_tiers)
    jobs.register("crm.follow_tiers_nightly", every=timedelta(days=1), task=follow_tiers_nightly)
    jobs.register("crm.let_go", every=timedelta(days=1), task=let_go)
