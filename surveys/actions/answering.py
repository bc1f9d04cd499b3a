"""An answer is a person's, or it is none: what a press of the button on the answer page does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.interactions import log_interaction
from crm.models import Contact, Customer, Interaction
from mail.models import OutgoingEmail
from staff import audit
from staff.prepared import PreparedInsert
from staff.refusals import Refusal
from staff.tokens import hashed, new_token
from surveys import agents, tokens
from surveys.actions.loop_tickets import tell_ticket
from surveys.models import Invitation, Response, Survey
from surveys.scores import LOW, group_of

INSERT = PreparedInsert(Response)
# Who answers faster than this after the mail has left is no person.
TOO_FAST = timedelta(seconds=3)
# A person does not confirm several scores within this time …
BURST = timedelta(seconds=1)
# … and whoever confirms this many has not meant the first one either.
BURST_SCORES = 3
# The browser that answered may change its answer for so long.
CHANGEABLE = timedelta(hours=24)
# Presses at the same moment are looked at again; a person has no more than this of them.
ATTEMPTS = 5
# A scanner that insists fills no table.
MOST_HELD = 20
# The same opening again within this time tells nothing new.
SAME_CLICK = timedelta(hours=1)

_CLICK = """
INSERT INTO surveys_click (invitation_id, at, agent, score)
SELECT %s, %s, %s, %s WHERE NOT EXISTS (
  SELECT 1 FROM surveys_click
  WHERE invitation_id = %s AND at > %s AND agent = %s AND COALESCE(score, -1) = %s
)
"""
_ANSWERED = "UPDATE surveys_invitation SET state = 'answered' WHERE id = %s AND state = %s"


class AlreadyAnswered(Refusal):
    message = _(
        "This survey has been answered already. Only the browser that answered it can change that, for a day."
    )


class InvitationClosed(Refusal):
    message = _("This link no longer works.")


class _OvertakenError(Exception):
    """Something was held for this invitation since it was read."""


@dataclass(frozen=True)
class Confirmation:
    """What the form brought along; `secret` is the cookie of a browser that answered before."""

    score: int
    comment: str
    agent: str = ""
    hidden_field: bool = False
    secret: str = ""


@dataclass(frozen=True)
class Outcome:
    """`secret` is new when this browser has just answered, and lets it change the answer."""

    response: Response
    secret: str = ""


def is_open(invitation: Invitation, now: datetime) -> bool:
    return invitation.expires_at > now and invitation.survey.is_active


def may_change(response: Response, secret: str, now: datetime) -> bool:
    until = response.answered_at + CHANGEABLE
    return tokens.same(secret, response.edit_hash, until=until, now=now)


def confirm(*, invitation: Invitation, given: Response | None, said: Confirmation) -> Outcome:
    """Take the answer, change it for the browser that gave it, or hold what no person sent.

    `given` is the answer that counts already. What is held never replaces it and never closes
    the invitation. An anonymous answer is tied to nobody: the invitation's state alone, swapped
    together with it, makes it one. Raises AlreadyAnswered or InvitationClosed.
    """
    for _attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return _confirm(invitation, given, said, timezone.now())
        except (IntegrityError, _OvertakenError):
            # Somebody pressed at the same moment: look again at how things stand.
            invitation.refresh_from_db(fields=["state", "held_at"])
            given = invitation.responses.counted().first()
    raise AlreadyAnswered


def _confirm(
    invitation: Invitation, given: Response | None, said: Confirmation, now: datetime
) -> Outcome:
    if given is not None:
        return _confirm_again(invitation, given, said, now)
    if invitation.state == Invitation.State.ANSWERED:
        raise AlreadyAnswered  # nobody knows any more which answer that was
    if not is_open(invitation, now):
        raise InvitationClosed
    reason = _suspicion(invitation, said, now)
    if reason:
        return Outcome(_hold(invitation, said, reason, now))
    return _take(invitation, said, now)


def record_click(*, invitation: Invitation, agent: str, score: int | None) -> None:
    """The page was opened: counted apart, never an answer. The same again within an hour is one.

    One statement that looks and writes: this is what every opening of every link costs. Of an
    anonymous survey nothing is kept: the last score that was looked at could tell what was said.
    """
    if invitation.survey.is_anonymous:
        return
    now = timezone.now()
    at, since = (connection.ops.adapt_datetimefield_value(one) for one in (now, now - SAME_CLICK))
    known = -1 if score is None else score
    with connection.cursor() as cursor:
        cursor.execute(
            _CLICK, [invitation.pk, at, agent, score, invitation.pk, since, agent, known]
        )


def _confirm_again(
    invitation: Invitation, given: Response, said: Confirmation, now: datetime
) -> Outcome:
    # A program may have a browser's memory too, so the burst is looked for first.
    is_burst = now - (given.changed_at or given.answered_at) < BURST and said.score != given.score
    if may_change(given, said.secret, now) and not (said.hidden_field or is_burst):
        return Outcome(change(given, said, now))
    if is_burst:
        held = _hold(invitation, said, "many_scores", now)
        scores = invitation.responses.filter(created_at__gt=now - 2 * BURST)
        if len(set(scores.values_list("score", flat=True))) >= BURST_SCORES:
            _take_back(invitation, given)
        return Outcome(held)
    raise AlreadyAnswered


def _suspicion(invitation: Invitation, said: Confirmation, now: datetime) -> str:
    """Why this confirmation is probably a program's; blank: it is a person's."""
    if said.hidden_field:
        return "hidden_field"
    if said.agent in agents.SCANNERS:
        return "scanner_agent"
    if _is_burst(invitation, said, now):
        return "many_scores"
    return "too_fast" if _has_just_left(invitation, now) else ""


def _is_burst(invitation: Invitation, said: Confirmation, now: datetime) -> bool:
    """Whether another score was held within the last second."""
    if invitation.held_at is None or now - invitation.held_at >= BURST:
        return False
    if invitation.survey.is_anonymous:
        return True  # which score it was stands nowhere
    recent = invitation.responses.held().filter(created_at__gt=now - BURST)
    return recent.exclude(score=said.score).exists()


def _has_just_left(invitation: Invitation, now: datetime) -> bool:
    """Whether its mail is on its way at this moment; mail that is held in the outbox never is."""
    if invitation.sent_at is not None:
        return now - invitation.sent_at < TOO_FAST
    mails = OutgoingEmail.objects.about("surveys.invitation", [invitation.pk])
    for state, sent_at in mails.values_list("state", "sent_at"):
        if state == OutgoingEmail.State.SENDING:
            return True
        if sent_at is not None and now - sent_at < TOO_FAST:
            return True
    return False


def _response(invitation: Invitation, said: Confirmation, now: datetime) -> Response:
    response = new_response(invitation.survey, said, now)
    response.version_id = invitation.run.version_id
    response.language = invitation.language
    if not response.is_anonymous:
        response.invitation = invitation
        response.customer_id = invitation.customer_id
        response.contact_id = invitation.contact_id
        response.unseen_since = now
    return response


def new_response(survey: Survey, said: Confirmation, now: datetime) -> Response:
    """Not written yet; of an anonymous survey with the day alone."""
    at = now
    if survey.is_anonymous:
        at = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return Response(
        survey=survey,
        kind=survey.kind,
        is_anonymous=survey.is_anonymous,
        score=said.score,
        comment=said.comment,
        answered_at=at,
        created_at=at,
        origin=Response.Origin.MAIL_LINK,
    )


def _take(invitation: Invitation, said: Confirmation, now: datetime) -> Outcome:
    response = _response(invitation, said, now)
    secret = "" if response.is_anonymous else new_token(192)
    response.edit_hash = hashed(secret) if secret else ""
    _mark_answered(invitation)
    INSERT(response)
    if not response.is_anonymous:
        tell(invitation=invitation, response=response)
    return Outcome(response, secret)


def _mark_answered(invitation: Invitation) -> None:
    """Compare and swap: whoever did not know of what was held or answered meanwhile looks again.

    As text: every answer comes by here, and composing it takes Django longer than asking it.
    """
    held_at: Any = connection.ops.adapt_datetimefield_value(invitation.held_at)
    as_read: list[Any] = [invitation.pk, invitation.state]
    with connection.cursor() as cursor:
        if held_at is None:
            cursor.execute(f"{_ANSWERED} AND held_at IS NULL", as_read)
        else:
            cursor.execute(f"{_ANSWERED} AND held_at = %s", [*as_read, held_at])
        if cursor.rowcount != 1:
            raise _OvertakenError


def tell(*, invitation: Invitation, response: Response) -> None:
    """The customer's timeline tells of an answer that counts."""
    log_interaction(
        # Only their keys are needed; reading them would cost every answer two joins.
        customer=Customer(pk=invitation.customer_id),
        contact=Contact(pk=invitation.contact_id),
        kind=Interaction.Kind.SURVEY_RESPONSE,
        direction=Interaction.Direction.IN,
        channel="email",
        occurred_at=response.answered_at,
        summary=f"{invitation.survey.name}: {response.score}",
        about=response,
        by=None,
    )
    if invitation.subject_model:
        tell_ticket(response)
    _nudge_when_low(response)


def _nudge_when_low(response: Response) -> None:
    """Whoever is unhappy is seen to at once; the sweep lets the rules look at all others."""
    from surveys import tasks  # tasks call the actions: imported when both are there

    if group_of(response.kind, response.score) == LOW:
        # Broker down? The sweep sees to it a minute later.
        transaction.on_commit(tasks.see_to_answers.delay, robust=True)


def _hold(invitation: Invitation, said: Confirmation, reason: str, now: datetime) -> Response:
    response = _response(invitation, said, now)
    response.validity = Response.Validity.HELD
    response.validity_reason = reason
    if _has_room(invitation, response):
        response.save(force_insert=True)
    Invitation.objects.filter(pk=invitation.pk).update(held_at=now)
    return response


def _has_room(invitation: Invitation, response: Response) -> bool:
    """Whether one more may be kept; anonymous ones can't be counted, so one of them."""
    if response.is_anonymous:
        return invitation.held_at is None
    return invitation.responses.held().count() < MOST_HELD


def _take_back(invitation: Invitation, given: Response) -> None:
    """Several scores within a second: the first one, too, was a program's."""
    Response.objects.filter(pk=given.pk, validity=Response.Validity.VALID).update(
        validity=Response.Validity.HELD, validity_reason="many_scores"
    )
    Invitation.objects.filter(pk=invitation.pk).update(state=Invitation.State.QUEUED)
    changes: audit.Changes = {"validity": ["valid", "held"]}
    audit.record(by=None, action="response.hold", target=given, changes=changes)


def change(given: Response, said: Confirmation, now: datetime) -> Response:
    """Say something else in its place; whoever calls has seen that this browser may."""
    before = audit.values(given, ["score", "comment"])
    given.score, given.comment, given.changed_at = said.score, said.comment, now
    changes = audit.diff(before, given, ["score", "comment"])
    if changes:
        given.unseen_since, given.read_at = now, None
        given.save(update_fields=["score", "comment", "changed_at", "unseen_since", "read_at"])
        audit.record(by=None, action="response.change", target=given, changes=changes)
        _nudge_when_low(given)
    return given


@transaction.atomic
def say_more(*, response: Response, further: Mapping[str, Any]) -> Response:
    """Keep the answers to the further questions, of an anonymous answer only the first time."""
    response = Response.objects.select_for_update().get(pk=response.pk)
    if response.further == further or (response.is_anonymous and response.further):
        return response
    before = audit.values(response, ["further"])
    response.further = dict(further)
    if response.is_anonymous or not before["further"]:
        response.save(update_fields=["further"])
        return response
    response.changed_at = timezone.now()
    response.save(update_fields=["further", "changed_at"])
    changes = audit.diff(before, response, ["further"])
    audit.record(by=None, action="response.change", target=response, changes=changes)
    return response
