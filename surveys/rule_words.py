"""A rule as a sentence: when it holds, and what follows."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from surveys.models import LoopRule, Survey
from surveys.scores import bounds

Group = LoopRule.Group


def condition(rule: LoopRule) -> str:
    """ "When NPS is 0–6 in any survey": `rule` with its survey and segment loaded."""
    return ", ".join([f"{_who(rule)} {_where(rule)}", *_whose(rule)])


def _who(rule: LoopRule) -> str:
    kind = rule.survey.kind if rule.survey else rule.kind
    if kind:
        low, high = bounds(kind, rule.group)
        values = {"kind": Survey.Kind(kind).label, "low": low, "high": high}
        if low == high:
            return _("When %(kind)s is %(low)s") % values
        return _("When %(kind)s is %(low)s–%(high)s") % values
    return {
        Group.LOW: _("When somebody is unhappy"),
        Group.MIDDLE: _("When somebody is neither happy nor unhappy"),
        Group.HIGH: _("When somebody is happy"),
    }[Group(rule.group)]


def _where(rule: LoopRule) -> str:
    if rule.survey is not None:
        return _("in “%(survey)s”") % {"survey": rule.survey.name}
    return _("in any survey")


def _whose(rule: LoopRule) -> list[str]:
    found = []
    if rule.segment is not None:
        found.append(_("among “%(segment)s”") % {"segment": rule.segment.name})
    if rule.language:
        name = dict(settings.LANGUAGES).get(rule.language, rule.language)
        found.append(_("answered in %(language)s") % {"language": name})
    return found


def consequence(rule: LoopRule) -> str:
    """ "open a ticket for the customer’s owner, due within 8 working hours": with its owner loaded."""
    found = _of_ticket(rule) if rule.opens_ticket else []
    if rule.sends_thanks:
        found.append(_("thank them by mail, with their referral link"))
    return ", ".join(found) or _("nothing more; later rules are not asked")


def _of_ticket(rule: LoopRule) -> list[str]:
    found = [
        _("open a ticket for %(name)s") % {"name": rule.owner}
        if rule.owner
        else _("open a ticket for the customer’s owner")
    ]
    if rule.due_hours is not None:
        within = ngettext(
            "due within %(count)s working hour",
            "due within %(count)s working hours",
            rule.due_hours,
        )
        found.append(within % {"count": rule.due_hours})
    if rule.priority != LoopRule.priority.field.default:
        found.append(_("of priority “%(priority)s”") % {"priority": rule.get_priority_display()})
    if rule.tag:
        found.append(_("tagged “%(tag)s”") % {"tag": rule.tag})
    if rule.canned_reply is not None:
        found.append(_("beginning with “%(reply)s”") % {"reply": rule.canned_reply.name})
    if rule.ask_again_days is not None:
        again = ngettext(
            "ask again %(count)s day after it is solved",
            "ask again %(count)s days after it is solved",
            rule.ask_again_days,
        )
        found.append(again % {"count": rule.ask_again_days})
    return found
