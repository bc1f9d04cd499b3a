"""What an answer sets going: the first rule that fits it, once.

An answer that counts waits (`Response.unseen_since`) until the rules have looked at it, and again
after it was changed. What follows is one FollowUp, by constraint.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import QuerySet

from crm.segments import customers_of
from surveys.actions.loop_rules import in_order
from surveys.actions.loop_tickets import due_at, tell_of_change, ticket_for
from surveys.actions.thanking import thank
from surveys.models import FollowUp, LoopRule, Response
from surveys.scores import group_of

AT_ONCE = 200


def see_to_answers(seconds: float = 5) -> bool:
    """Let the rules look at the answers that wait; True when there may be more to do at once."""
    end = time.monotonic() + seconds
    found = list(_waiting().order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    if not found:
        return False
    rules = list(in_order().filter(is_active=True).select_related("survey", "segment", "owner"))
    for done, response_id in enumerate(found, 1):
        look_at(response_id, rules)
        if time.monotonic() >= end and done < len(found):
            return True
    return len(found) == AT_ONCE


def _waiting() -> QuerySet[Response]:
    return Response.objects.counted().filter(unseen_since__isnull=False)


@transaction.atomic
def look_at(response_id: int, rules: Sequence[LoopRule]) -> FollowUp | None:
    """What has come of one answer by now; None: nothing, or somebody else looks at it just now."""
    skips = connection.features.has_select_for_update_skip_locked
    waiting = _waiting().select_for_update(of=("self",), skip_locked=skips)
    related = ("survey", "version", "customer__owner", "contact", "invitation")
    response = waiting.filter(pk=response_id).select_related(*related).first()
    if response is None:
        return None
    follow_up = _followed(response, rules)
    Response.objects.filter(pk=response.pk).update(unseen_since=None)
    return follow_up


def _followed(response: Response, rules: Sequence[LoopRule]) -> FollowUp | None:
    known = FollowUp.objects.filter(response=response).select_related("ticket").first()
    if response.customer is None or response.is_anonymous or response.customer.archived_at:
        return known
    if known is not None and known.ticket is not None:
        tell_of_change(known.ticket, response)
        return known
    rule = first_that_fits(response, rules)
    return known if rule is None else _follow(response, rule, known)


def first_that_fits(response: Response, rules: Sequence[LoopRule]) -> LoopRule | None:
    """By their order; a segment is asked at this moment."""
    return next((rule for rule in rules if fits(rule, response)), None)


def fits(rule: LoopRule, response: Response) -> bool:
    said = (group_of(response.kind, response.score), response.kind, response.language)
    wanted = (rule.group, rule.kind or said[1], rule.language or said[2])
    if said != wanted or rule.survey_id not in {None, response.survey_id}:
        return False
    if rule.segment is None or response.customer_id is None:
        return rule.segment is None
    return customers_of(rule.segment).filter(pk=response.customer_id).exists()


def _follow(response: Response, rule: LoopRule, known: FollowUp | None) -> FollowUp:
    follow_up = known or FollowUp(response=response)
    follow_up.rule = rule
    if rule.opens_ticket:
        follow_up.ticket = ticket_for(response, rule)
        follow_up.due_at = due_at(rule)
    if rule.sends_thanks and follow_up.thanked_at is None:
        follow_up.thanked_at = thank(response)
    follow_up.save()
    return follow_up
