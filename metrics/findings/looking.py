"""What rules see becomes findings: new ones, known ones, and those that are over.

Asked for hourly, and of whole tables once a day; asking twice changes nothing. What somebody decided
stands: what was dismissed stays so until it is clearly worse than it was then, what is put off comes
back on its day, and of what was acted on the outcome is followed until it is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from metrics.findings.rule import Looking, Rule, Seen
from metrics.findings.rules import RULES
from metrics.models import Finding
from staff import leases
from staff.models import Business

LEASE = "metrics.findings"
LEASE_SECONDS = 900
State = Finding.State


@dataclass
class Looked:
    """What came of looking."""

    opened: int = 0
    over: int = 0


def look(*, now: datetime | None = None, rules: Iterable[Rule] | None = None) -> Looked | None:
    """Ask these rules, or all; None while another asks."""
    now = now or timezone.now()
    business = Business.current()
    if business is None:
        return Looked()
    with leases.held(LEASE, LEASE_SECONDS) as holder:
        if holder is None:
            return None
        looking, looked = Looking(business, now), Looked()
        with timezone.override(business.zone):
            for rule in RULES.values() if rules is None else rules:
                _keep(rule, rule.look(looking), looking, looked)
    return looked


@transaction.atomic
def _keep(rule: Rule, seen: Iterable[Seen], looking: Looking, looked: Looked) -> None:
    living = {
        finding.subject: finding
        for finding in Finding.objects.filter(kind=rule.kind)
        .exclude(state=State.GONE)
        .select_related("task")
        .select_for_update(of=("self",))
    }
    for one in seen:
        finding = living.get(one.subject)
        if finding is None:
            if one.speaks:
                _begin(rule, one, looking.now)
                looked.opened += 1
        elif not one.speaks:
            _end(finding, one, looking.now, how="over")
            looked.over += 1
        else:
            _follow(rule, finding, one, looking, looked)


def _begin(rule: Rule, seen: Seen, now: datetime) -> Finding:
    return Finding.objects.create(
        kind=rule.kind,
        subject=seen.subject,
        first_seen_at=now,
        last_seen_at=now,
        **_said(seen),
    )


def _said(seen: Seen) -> dict[str, Any]:
    return {
        "starts_on": seen.starts_on,
        "ends_on": seen.ends_on,
        "evidence": seen.kept,
        "weight": seen.weight,
    }


def _end(finding: Finding, seen: Seen, now: datetime, *, how: str) -> None:
    """Over: what became of it is frozen, whatever happens to the task later."""
    finding.state = State.GONE
    finding.gone_at = now
    finding.outcome = _outcome(seen) | _task_of(finding) | {"ended": how}
    finding.save(update_fields=["state", "gone_at", "outcome"])


def _outcome(seen: Seen) -> dict[str, Any]:
    return {
        "measure": seen.measure,
        "starts_on": seen.starts_on.isoformat(),
        "ends_on": seen.ends_on.isoformat(),
    }


def _task_of(finding: Finding) -> dict[str, Any]:
    if finding.task is None:
        return {}
    done_at = finding.task.done_at
    return {"task": finding.task.title, "task_done_at": done_at.isoformat() if done_at else None}


def _follow(rule: Rule, finding: Finding, seen: Seen, looking: Looking, looked: Looked) -> None:
    """It is still so."""
    finding.last_seen_at = looking.now
    match finding.state:
        case State.OPEN:
            _renew(finding, seen)
        case State.SNOOZED if finding.snoozed_until and finding.snoozed_until <= looking.today:
            _renew(finding, seen)
            looked.opened += 1
        case State.DISMISSED if rule.has_worsened(finding.evidence["measure"], seen.measure):
            _renew(finding, seen)
            looked.opened += 1
        case State.ACTED if _did_not_help(finding, seen, looking):
            _end(finding, seen, looking.now, how="still_so")
            _begin(rule, seen, looking.now)
            looked.opened += 1
            return
        case State.ACTED:
            finding.outcome = _outcome(seen)
    finding.save()


def _renew(finding: Finding, seen: Seen) -> None:
    """Open, by the figures of today; who decided what before is in the trail of changes."""
    for name, value in _said(seen).items():
        setattr(finding, name, value)
    finding.state = State.OPEN
    finding.decided_at = finding.decided_by = finding.snoozed_until = None
    finding.reason = ""


def _did_not_help(finding: Finding, seen: Seen, looking: Looking) -> bool:
    """Its task is done or gone, and a later time says the same: a month that began since, or for
    what is looked at as it stands, as many days as a task of it is given."""
    task = finding.task
    if task is not None and task.done_at is None:
        return False
    ended_at = task.done_at if task else finding.decided_at
    if ended_at is None:
        return False
    ended_on = timezone.localtime(ended_at).date()
    if seen.ends_on <= looking.today:
        return seen.starts_on > ended_on
    return (looking.today - ended_on).days > RULES[finding.kind].due_days
