"""Working hours and service levels, changed by managers: each change is a version from now on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.access import Role
from staff.models import Business, User
from staff.refusals import Refusal
from support import first_levels, terms
from support.hours import Day, clock_time
from support.models import CalendarVersion, NewTerms, SlaPolicy, SlaPolicyVersion

# {"20": {"first_reply": 480}}: business minutes; what is missing is not promised.
Targets = Mapping[str, Mapping[str, int]]


class NeverOpen(Refusal):
    message = _("Say at least once in the week when you work: otherwise nothing is ever due.")


def can_change(user: User) -> bool:
    return user.has_role(Role.MANAGER)


def current_policy() -> SlaPolicy:
    """The service levels that hold for all tickets, with their calendar; made at their first use."""
    policies = SlaPolicy.objects.select_related("calendar").filter(is_default=True)
    found = policies.first()
    if found is None:
        first_levels.install_now()
        found = policies.get()
    return found


def current_hours() -> CalendarVersion:
    versions = CalendarVersion.objects.filter(calendar=current_policy().calendar)
    return versions.order_by("-number")[0]


def current_targets() -> SlaPolicyVersion:
    return SlaPolicyVersion.objects.filter(policy=current_policy()).order_by("-number")[0]


@transaction.atomic
def set_hours(
    *, week: Sequence[Day], holidays: str, closed: Collection[date], by: User | None
) -> CalendarVersion:
    """The hours from now on, in the business's time zone; the same ones again change nothing.

    What runs is counted by them from now on; the time until now stays counted as it was.
    Raises NeverOpen.
    """
    if not any(week):
        raise NeverOpen
    policy = SlaPolicy.objects.select_for_update(of=("self",)).get(pk=current_policy().pk)
    latest = current_hours()
    business = Business.current()
    version = CalendarVersion(
        calendar=policy.calendar,
        number=latest.number + 1,
        week=[[[clock_time(span.start), clock_time(span.end)] for span in day] for day in week],
        time_zone=business.time_zone if business else latest.time_zone,
        holidays=holidays,
        closed=sorted(day.isoformat() for day in closed),
        created_by=by,
    )
    changes = _changed_hours(latest, version)
    if not changes:
        return latest
    _come_into_force(version)
    audit.record(by=by, action="hours.change", target=policy.calendar, changes=changes)
    return version


@transaction.atomic
def set_targets(*, targets: Targets, warns_at_percent: int, by: User | None) -> SlaPolicyVersion:
    """What is promised how soon, from now on; the same again changes nothing.

    What runs gets its new length, counted from its beginning; what was met or missed stays.
    """
    policy = SlaPolicy.objects.select_for_update(of=("self",)).get(pk=current_policy().pk)
    latest = current_targets()
    version = SlaPolicyVersion(
        policy=policy,
        number=latest.number + 1,
        targets={priority: dict(by_kind) for priority, by_kind in targets.items()},
        warns_at_percent=warns_at_percent,
        created_by=by,
    )
    changes = _differences(latest, version)
    if not changes:
        return latest
    _come_into_force(version)
    audit.record(by=by, action="service_levels.change", target=policy, changes=changes)
    return version


@transaction.atomic
def follow_time_zone() -> CalendarVersion | None:
    """When the business has moved to another time zone, its hours move along; None: it has not."""
    business, latest = Business.current(), current_hours()
    if business is None or business.time_zone == latest.time_zone:
        return None
    return set_hours(
        week=terms.hours_of(latest).week,
        holidays=latest.holidays,
        closed=[date.fromisoformat(day) for day in latest.closed],
        by=None,
    )


def _come_into_force(version: CalendarVersion | SlaPolicyVersion) -> None:
    """From now on, also for what runs: a row that waits until all open tickets follow."""
    from support import sla_tasks  # it runs actions, and is nudged by them

    version.created_at = timezone.now()
    version.save(force_insert=True)
    NewTerms.objects.create(since=version.created_at)
    transaction.on_commit(sla_tasks.follow_new_terms.delay, robust=True)


def _changed_hours(latest: CalendarVersion, version: CalendarVersion) -> audit.Changes:
    """Day by day, as it is read: {"weekday 0": ["09:00–14:00, 16:00–19:00", "09:00–17:00"]}."""
    fields = ("time_zone", "holidays")
    changes = audit.diff(audit.values(latest, fields), version, fields)
    for day, (before, after) in enumerate(zip(latest.week, version.week, strict=True)):
        old, new = (", ".join("–".join(span) for span in spans) for spans in (before, after))
        if old != new:
            changes[f"weekday {day}"] = [old, new]
    if latest.closed != version.closed:
        changes["closed"] = [", ".join(latest.closed), ", ".join(version.closed)]
    return changes


def _differences(latest: SlaPolicyVersion, version: SlaPolicyVersion) -> audit.Changes:
    """Target by target: {"first_reply 20": [480, 240]}."""
    changes: audit.Changes = {}
    before, after = latest.targets, version.targets
    for priority in sorted({*before, *after}):
        old, new = before.get(priority, {}), after.get(priority, {})
        for kind in sorted({*old, *new}):
            if old.get(kind) != new.get(kind):
                changes[f"{kind} {priority}"] = [old.get(kind), new.get(kind)]
    if latest.warns_at_percent != version.warns_at_percent:
        changes["warns_at_percent"] = [latest.warns_at_percent, version.warns_at_percent]
    return changes
