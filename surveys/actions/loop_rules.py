"""The rules of what an answer sets going: which there are, in which order, and how they change."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from staff import audit
from staff.access import Role
from staff.models import AuditEntry, Business, User
from staff.refusals import Refusal
from surveys.models import LoopRule, Survey

FIELDS = (
    "name",
    "group",
    "kind",
    "survey",
    "segment",
    "language",
    "is_active",
    "opens_ticket",
    "owner",
    "due_hours",
    "priority",
    "tag",
    "canned_reply",
    "ask_again_days",
    "sends_thanks",
)
# What a rule says of its ticket, and means nothing without one.
OF_TICKET: dict[str, Any] = {
    "owner": None,
    "due_hours": None,
    "tag": "",
    "canned_reply": None,
    "ask_again_days": None,
}


class RuleNameMissing(Refusal):
    message = gettext_lazy("A rule needs a name.")


class OtherKind(Refusal):
    message = gettext_lazy("This survey is of another kind. Choose one of the two.")


class RuleGone(Refusal):
    message = gettext_lazy("This rule was deleted. Take that back first.")


def can_set_rules(user: User) -> bool:
    return user.has_role(Role.MANAGER)


def in_order() -> QuerySet[LoopRule]:
    """The rules that there are, paused ones too; made with the first ones when there never was any."""
    _install_once()
    return LoopRule.objects.filter(deleted_at=None).order_by("place", "pk")


def _install_once() -> None:
    """Whoever is unhappy hears from somebody; thanks are there, but paused. Deleted, they stay so."""
    if LoopRule.objects.exists():
        return
    business = Business.current()
    if business is None:
        return  # its language is not known yet
    with transaction.atomic():
        # Two who come at once: the second one waits, and finds them.
        Business.objects.select_for_update().get(pk=business.pk)
        known = AuditEntry.objects.filter(target_model="surveys.looprule")
        if LoopRule.objects.exists() or known.exists():
            return
        with override(business.language):
            create_rule(
                by=None,
                name=_("Unhappy: somebody gets in touch"),
                group=LoopRule.Group.LOW,
                opens_ticket=True,
                due_hours=8,
                ask_again_days=30,
            )
            create_rule(
                by=None,
                name=_("Happy: thanks"),
                group=LoopRule.Group.HIGH,
                kind=Survey.Kind.NPS,
                sends_thanks=True,
                is_active=False,
            )


@transaction.atomic
def create_rule(*, by: User | None, **values: Any) -> LoopRule:
    """A rule after all others, of FIELDS. Raises RuleNameMissing or OtherKind."""
    last = LoopRule.objects.filter(deleted_at=None).aggregate(last=Max("place"))["last"] or 0
    rule = LoopRule(place=last + 1)
    _set(rule, values)
    rule.save(force_insert=True)
    audit.record(
        by=by, action="loop_rule.create", target=rule, changes=audit.diff({}, rule, FIELDS)
    )
    return rule


@transaction.atomic
def update_rule(*, rule: LoopRule, by: User, **values: Any) -> LoopRule:
    """Change what is given of FIELDS: for answers from now on. Raises RuleGone and as `create_rule`."""
    rule = _locked(rule)
    before = audit.values(rule, FIELDS)
    _set(rule, values)
    if changes := audit.diff(before, rule, FIELDS):
        rule.save(update_fields=list(changes))
        audit.record(by=by, action="loop_rule.update", target=rule, changes=changes)
    return rule


@transaction.atomic
def move_rule(*, rule: LoopRule, up: bool, by: User) -> None:
    """One place up or down; at the end nothing happens."""
    rows = list(
        LoopRule.objects.select_for_update(of=("self",))
        .filter(deleted_at=None)
        .order_by("place", "pk")
    )
    place = next((n for n, one in enumerate(rows) if one.pk == rule.pk), None)
    other = None if place is None else place + (-1 if up else 1)
    if place is None or other is None or not 0 <= other < len(rows):
        return
    rows[place], rows[other] = rows[other], rows[place]
    for n, one in enumerate(rows, 1):
        if one.place != n:
            one.place = n
            one.save(update_fields=["place"])
    order: audit.Changes = {"place": [place + 1, other + 1]}
    audit.record(by=by, action="loop_rule.arrange", target=rule, changes=order)


@transaction.atomic
def delete_rule(*, rule: LoopRule, by: User) -> LoopRule:
    """Out of use; what it set going goes on. Raises RuleGone."""
    rule = _locked(rule)
    rule.deleted_at = timezone.now()
    rule.save(update_fields=["deleted_at"])
    changes: audit.Changes = {"name": [rule.name, None]}
    audit.record(by=by, action="loop_rule.delete", target=rule, changes=changes)
    return rule


@transaction.atomic
def restore_rule(*, rule: LoopRule, by: User) -> LoopRule:
    """Take a deletion back, to the same place; there already changes nothing."""
    rule = LoopRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    if rule.deleted_at is not None:
        rule.deleted_at = None
        rule.save(update_fields=["deleted_at"])
        changes: audit.Changes = {"name": [None, rule.name]}
        audit.record(by=by, action="loop_rule.restore", target=rule, changes=changes)
    return rule


def _locked(rule: LoopRule) -> LoopRule:
    found = LoopRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    if found.deleted_at is not None:
        raise RuleGone
    return found


def _set(rule: LoopRule, values: dict[str, Any]) -> None:
    for name in FIELDS:
        if name in values:
            value = values[name]
            setattr(rule, name, " ".join(value.split()) if isinstance(value, str) else value)
    if not rule.name:
        raise RuleNameMissing
    if rule.survey is not None and rule.kind not in {"", rule.survey.kind}:
        raise OtherKind
    if not rule.opens_ticket:
        for name, nothing in OF_TICKET.items():
            setattr(rule, name, nothing)
