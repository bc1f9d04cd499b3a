"""Where the check-up shows on other rooms' pages: Today, when it or an objective is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.registry import TODAY_LISTS, TodayList
from metrics import check_ups
from metrics.models import CheckUp
from staff import jobs
from staff.access import acting_user
from staff.models import Business


def today(request: HttpRequest) -> dict[str, Any] | None:
    """For those who may do something about it."""
    if not check_ups.can_check_up(acting_user(request)):
        return None
    # The open one, if any, was begun last: then nobody needs to be told.
    last = CheckUp.objects.order_by("-begun_at", "-pk").only("finished_at").first()
    is_due = check_ups.is_due(last, timezone.now())
    due = check_ups.due_objectives(timezone.localdate())
    return {"last": last if is_due else None, "due": due} if is_due or due else None


@shared_task(ignore_result=True)
def judge_objectives() -> None:
    """Those whose day is over, by their figures; every night, and twice changes nothing."""
    if business := Business.current():
        check_ups.judge_objectives(now=timezone.now(), zone=business.zone)


def register() -> None:
    """Called from MetricsConfig.ready."""
    TODAY_LISTS.register(
        TodayList(
            "metrics.check_up", _("Check-up"), "metrics/_today_check_up.html", today, order=70
        )
    )
    jobs.register("metrics.judge_objectives", every=timedelta(days=1), task=judge_objectives)
