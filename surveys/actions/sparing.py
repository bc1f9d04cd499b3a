"""The last look before a survey leaves: whoever was reached meanwhile is spared.

Decisions are made ahead of their hour. Until then settings change, two people turn out to be one,
or nothing could leave for days: what was decided apart must not arrive together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from staff.bulk import save_columns
from staff.models import Business
from support.hours import WorkingHours
from surveys.asking_hours import next_hour
from surveys.models import AskingRules, Invitation, Skip, Survey
from surveys.throttle import Pauses, left_in_peace_now

# Who would have to wait for longer is not asked.
PUT_OFF = timedelta(days=14)
Split = tuple[list[Invitation], list[Invitation]]


def spare(
    invitations: Sequence[Invitation],
    business: Business,
    rules: AskingRules,
    hours: WorkingHours,
    now: datetime,
) -> Split:
    """(who is asked now, who is later); the others get a skip that says why, and stay pending.

    `invitations` with their surveys, inside the transaction in which they are queued.
    """
    free = _free_from(invitations, business, rules, now)
    asked = [one for one in invitations if one.pk not in free]
    put_off, skips = [], []
    for one in invitations:
        if one.pk not in free:
            continue
        due_at = next_hour(hours, free[one.pk])
        if due_at <= one.created_at + PUT_OFF and due_at < one.expires_at:
            one.due_at = due_at
            put_off.append(one)
        else:
            skips.append(_skip(one, free[one.pk], now))
    save_columns(put_off, ["due_at"])
    Skip.objects.bulk_create(skips, ignore_conflicts=True)
    return asked, put_off


def _free_from(
    invitations: Sequence[Invitation], business: Business, rules: AskingRules, now: datetime
) -> dict[int, datetime]:
    """By invitation: when its person may be asked, of those who must not be asked now."""
    found: dict[int, datetime] = {}
    asked: dict[int, Survey] = {}
    alike: dict[tuple[Survey, bool], list[Invitation]] = {}
    for one in invitations:
        alike.setdefault((one.survey, is_asking_again(one)), []).append(one)
    for (survey, is_again), own in alike.items():
        pauses = Pauses.least(survey) if is_again else Pauses.of(survey, business, rules)
        until = left_in_peace_now(pauses, [one.contact_id for one in own], now=now)
        for one in own:
            if one.contact_id in until:
                found[one.pk] = until[one.contact_id]
            elif one.contact_id in asked:
                found[one.pk] = now + pauses.after(asked[one.contact_id])
            else:
                asked[one.contact_id] = survey
    return found


def is_asking_again(invitation: Invitation) -> bool:
    """Whether it belongs to a conversation that goes on: what was wrong has been put right."""
    return invitation.trigger_id is None and bool(invitation.subject_model)


def _skip(invitation: Invitation, until: datetime, now: datetime) -> Skip:
    return Skip(
        run_id=invitation.run_id,
        customer_id=invitation.customer_id,
        contact_id=invitation.contact_id,
        reason=Skip.Reason.THROTTLED,
        until=until,
        created_at=now,
        trigger_id=invitation.trigger_id,
        subject_model=invitation.subject_model,
        subject_id=invitation.subject_id,
        occurrence=invitation.occurrence,
    )
