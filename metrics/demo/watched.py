"""What the figures said month by month, what the workshop did about it and what became of it: told by
the same rules as ever, looking at each month as if it had just ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone, translation

from crm.models import Task
from metrics.alerts import judging
from metrics.digest import weekly
from metrics.findings import actions
from metrics.findings.looking import look
from metrics.findings.rules import RULES
from metrics.findings.showing import Shown
from metrics.models import Alert, AlertEvent, Finding
from metrics.periods import midnight, plus_months
from staff.access import Role
from staff.models import Business, User

# Rules that look at a month that is over: they say the same of it today.
OF_MONTHS = (
    "churn_up",
    "returns_up",
    "cac_above_ticket",
    "cac_above_ltv",
    "response_rate_fell",
)
MONTHS = 18
# By the 8th all solutions of the month before have had their seven days.
LOOKED_ON, DECIDED_AFTER, DONE_AFTER = 8, timedelta(hours=3), timedelta(days=6)
# KPI, grain, band and by how much inside it is back, in the unit of the stored figure.
ALERTS = (
    ("csat", "month", "0.75", None, "0.03", 30),
    ("customer_churn", "month", None, "0.08", "0.01", 50),
    ("first_response_time", "week", None, "480", "30", 10),
    ("response_rate", "month", "0.6", None, "0.02", 50),
)


@dataclass(frozen=True)
class Watched:
    now: datetime

    def write(self) -> None:
        business = Business.current()
        people = list(User.objects.filter(is_active=True, role__gte=Role.AGENT).order_by("-role"))
        if business is None or not people:
            return
        with translation.override(business.language), timezone.override(business.zone):
            for back in range(MONTHS, 0, -1):
                self._month(plus_months(self._today.replace(day=LOOKED_ON), -back), people)
            look(now=self.now)
            self._one_in_hand(business, people[1 % len(people)])
            self._alerts(people[0])
        weekly.choose(by=people[0], is_on=True)

    @property
    def _today(self) -> date:
        return timezone.localdate(self.now)

    def _month(self, day: date, people: list[User]) -> None:
        business = Business.current()
        assert business is not None  # noqa: S101 (`write` has asked)
        at = midnight(day, business.zone) + timedelta(hours=9)
        if at >= self.now:
            return
        look(now=at, rules=[RULES[kind] for kind in OF_MONTHS])
        for finding in Finding.objects.filter(state=Finding.State.OPEN):
            self._acted_on(finding, business, at, people[finding.pk % len(people)])

    def _acted_on(self, finding: Finding, business: Business, at: datetime, by: User) -> None:
        telling = Shown(finding, business).telling
        due_on = at.date() + timedelta(days=RULES[finding.kind].due_days)
        task = actions.act(finding=finding, title=telling.task, due_on=due_on, by=by)
        decided_at, done_at = at + DECIDED_AFTER, min(at + DONE_AFTER, self.now)
        Finding.objects.filter(pk=finding.pk).update(decided_at=decided_at)
        Task.objects.filter(pk=task.pk).update(created_at=decided_at, done_at=done_at, done_by=by)

    def _one_in_hand(self, business: Business, by: User) -> None:
        finding = Finding.objects.filter(kind="revenue_held", state=Finding.State.OPEN).first()
        if finding is not None:
            due_on = actions.first_due(RULES[finding.kind].due_days, self._today)
            title = Shown(finding, business).telling.task
            actions.act(finding=finding, title=title, due_on=due_on, by=by)

    def _alerts(self, owner: User) -> None:
        begun = plus_months(self._today, -12)
        rows = [
            Alert(
                kpi=kpi,
                grain=grain,
                low=None if low is None else Decimal(low),
                high=None if high is None else Decimal(high),
                margin=Decimal(margin),
                least_n=least_n,
                judged_on=begun,
                made_by=owner,
                made_at=datetime.combine(begun, time(9), tzinfo=timezone.get_current_timezone()),
            )
            for kpi, grain, low, high, margin, least_n in ALERTS
        ]
        for row in rows:
            row.save()
        judging.judge_all(now=self.now)
        for event in AlertEvent.objects.select_related("alert"):
            days = 32 if event.alert.grain == "month" else 8
            told_at = event.starts_on + timedelta(days=days)
            at = datetime.combine(told_at, time(9), tzinfo=timezone.get_current_timezone())
            AlertEvent.objects.filter(pk=event.pk).update(at=min(at, self.now))
        for row in rows:
            row.told.set([owner])  # nobody was told of the past
