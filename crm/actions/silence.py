"""The silence rule: chosen by a person, or made from the business's own pauses."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import pauses
from crm.models import Pauses, SilenceRule
from crm.tenures import Calendar
from staff import audit
from staff.models import User
from staff.refusals import Refusal

MOST_DAYS = pauses.MOST_DAYS
# The first rule made from a business's own pauses goes back to the beginning of everything.
EVER = date(1970, 1, 1)
# A rule follows only a change that matters, and not every night: each is a step in every chart.
LEAST_SHARE = 10  # in a hundred of the days before
LEAST_DAYS = 3
LEAST_AGE = timedelta(days=28)


class SilenceOutOfRange(Refusal):
    message = _("Choose between 1 and 3,650 days.")


class TooFewPauses(Refusal):
    message = _(
        "Your customers have made too few pauses yet to tell. From a hundred on, you can follow them."
    )


def set_silence_rule(*, since: date, days: int, by: User | None) -> SilenceRule:
    """Purchases from `since` on make a customer for `days` days; earlier ones keep their rule.

    Everyone's tenures follow in the background: the rule waits, unapplied, until they have.
    Raises SilenceOutOfRange.
    """
    if not 1 <= days <= MOST_DAYS:
        raise SilenceOutOfRange
    return _set(since=since, days=days, by=by, follows=False)


@transaction.atomic
def _set(*, since: date, days: int, by: User | None, follows: bool) -> SilenceRule:
    before = SilenceRule.objects.filter(since=since).first()
    was = (before.days, before.follows) if before else (None, None)
    rule, _made = SilenceRule.objects.update_or_create(
        since=since, defaults={"days": days, "by": by, "follows": follows, "applied_at": None}
    )
    if was != (days, follows):
        changes: audit.Changes = {
            "since": [None, since.isoformat()],
            "days": [was[0], days],
            "follows": [was[1], follows],
        }
        audit.record(by=by, action="silence_rule.set", target=rule, changes=changes)
    from crm.tasks import apply_silence_rules  # tasks call what actions call: imported when needed

    # Broker down? The sweep finds the rule unapplied ten minutes later.
    transaction.on_commit(apply_silence_rules.delay, robust=True)
    return rule


def count_pauses() -> Pauses:
    """Count the pauses between purchases anew, and what silences of several lengths would say."""
    now = timezone.now()
    lasted = pauses.lasted(now)
    days = pauses.suggested(lasted)
    spans = {*pauses.SPANS, *(span for span in (days, pauses.rule_on(_today())) if span)}
    counted, _made = Pauses.objects.update_or_create(
        pk=1,
        defaults={
            "counted_at": now,
            "count": sum(number for _days, number in lasted),
            "days": days,
            "lasted": lasted,
            "losses": pauses.losses(sorted(spans), now),
        },
    )
    return counted


def follow_pauses() -> SilenceRule | None:
    """Let the rule follow the pauses of a business that has chosen none; None where nothing changes.

    The first such rule holds for all time, so that figures before and after it compare; each later
    one holds from today on, and what was true yesterday stays so.
    """
    counted = Pauses.objects.filter(pk=1).first()
    if counted is None or counted.days is None:
        return None
    last = SilenceRule.objects.order_by("since").last()
    if last is None:
        return _follow(EVER, counted.days)
    today = _today()
    apart = abs(counted.days - last.days)
    matters = apart >= LEAST_DAYS and apart * 100 >= last.days * LEAST_SHARE
    if not (last.follows and matters and last.since + LEAST_AGE <= today):
        return None
    return _follow(today, counted.days)


def _follow(since: date, days: int, by: User | None = None) -> SilenceRule:
    return _set(since=since, days=days, by=by, follows=True)


def follow_from_now_on(*, by: User) -> SilenceRule:
    """A person gives the choice back to the business's own pauses. Raises TooFewPauses."""
    counted = count_pauses()
    if counted.days is None:
        raise TooFewPauses
    return _follow(_today() if SilenceRule.objects.exists() else EVER, counted.days, by)


def _today() -> date:
    return timezone.now().astimezone(Calendar.current().zone).date()
