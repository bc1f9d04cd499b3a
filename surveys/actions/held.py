"""Answers that were held: a person decides whether they count."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from staff import audit
from staff.access import Role
from staff.models import AuditEntry, User
from staff.refusals import Refusal
from surveys.actions.answering import tell
from surveys.models import Invitation, Response

FIELDS = ("validity", "validity_reason")
DISCARDED = "discarded"


class AnswerStands(Refusal):
    message = _(
        "This invitation has an answer that counts already, so this one can't count as well."
    )


class NotHeld(Refusal):
    message = _("Somebody has decided about this answer already.")


class NoScore(Refusal):
    message = _("This answer has no score within the scale, so it can't count.")


def can_decide(user: User, response: Response) -> bool:
    """What was held or discarded can be decided about; what was imported outside the scale can't."""
    held = response.validity == Response.Validity.HELD
    discarded = (response.validity, response.validity_reason) == ("invalid", DISCARDED)
    return user.has_role(Role.AGENT) and (held or discarded)


@transaction.atomic
def count_response(*, response: Response, by: User) -> Response:
    """Let a held or discarded answer count. Raises NotHeld, NoScore or AnswerStands."""
    response = _locked(response, by)
    before = audit.values(response, FIELDS)
    low, high = response.survey.scale
    if response.score is None or not low <= response.score <= high:
        raise NoScore
    response.validity = Response.Validity.VALID
    try:
        with transaction.atomic():
            response.save(update_fields=["validity"])
    except IntegrityError as error:
        raise AnswerStands from error
    if response.invitation is not None:
        answered = Invitation.objects.filter(pk=response.invitation.pk)
        answered.update(state=Invitation.State.ANSWERED)
        tell(invitation=response.invitation, response=response)
    changes = audit.diff(before, response, FIELDS)
    audit.record(by=by, action="response.count", target=response, changes=changes)
    return response


@transaction.atomic
def discard_response(*, response: Response, by: User) -> Response:
    """Keep it out of every figure; it can still be counted later. Raises NotHeld."""
    response = _locked(response, by)
    before = audit.values(response, FIELDS)
    response.validity, response.validity_reason = Response.Validity.INVALID, DISCARDED
    response.save(update_fields=FIELDS)
    changes = audit.diff(before, response, FIELDS)
    if changes:
        audit.record(by=by, action="response.discard", target=response, changes=changes)
    return response


@transaction.atomic
def hold_again(*, response: Response, by: User) -> Response:
    """Take a discarding back: the answer waits for a decision again; twice is once. Raises NotHeld."""
    response = _locked(response, by)
    if response.validity == Response.Validity.HELD:
        return response
    before = audit.values(response, FIELDS)
    earlier = AuditEntry.objects.filter(
        action="response.discard", target_model="surveys.response", target_id=response.pk
    ).order_by("-at", "-pk")
    reasons = [entry.changes.get("validity_reason", [""])[0] for entry in earlier[:1]]
    response.validity = Response.Validity.HELD
    response.validity_reason = reasons[0] if reasons else ""
    response.save(update_fields=FIELDS)
    changes = audit.diff(before, response, FIELDS)
    if changes:
        audit.record(by=by, action="response.hold", target=response, changes=changes)
    return response


def _locked(response: Response, by: User) -> Response:
    locked = Response.objects.select_for_update(of=("self",)).get(pk=response.pk)
    if not can_decide(by, locked):
        raise NotHeld
    return locked
