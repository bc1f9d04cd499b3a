"""A reply to an invitation's mail: an answer, something for staff to look at, or a ticket."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from mail.models import InboundEmail
from mail.parsing.parsed import ParsedMail
from staff.models import Business
from support.claims import Named, Taken
from surveys import replies
from surveys.actions import answering
from surveys.actions.answering import Confirmation
from surveys.models import Invitation, Response
from surveys.replies import Reading

# What staff read on the ticket that such a reply becomes.
CLOSED = _("They reply to the survey “%(survey)s”, which is closed.")
ANSWERED = _("They reply to the survey “%(survey)s”, after they had answered it.")
WITHOUT_SCORE = _("They reply to the survey “%(survey)s”, without a score.")

UNSURE, OTHER_ADDRESS = "unsure_reply", "other_address"
# Somebody who replies on and on fills no table.
MOST_HELD = 20


def claim(inbound: InboundEmail, mail: ParsedMail) -> Taken | Named | None:
    """Take a reply to an invitation, once; None: it is none. Called where the mail is filed.

    What doesn't become an answer goes to the desk: words without a score, and whatever comes after
    the invitation has been answered or has closed.
    """
    invitation = replies.invitation_of(mail)
    if invitation is None or invitation.survey.is_anonymous:
        return None
    if not answering.is_open(invitation, timezone.now()):
        return _named(invitation, CLOSED)
    if invitation.responses.counted().exists():
        return _named(invitation, ANSWERED)
    reading = replies.read(mail.text, invitation.survey.scale)
    if reading.score is None:
        return _named(invitation, WITHOUT_SCORE)
    response = _response(invitation, reading, reading.score, inbound)
    if mail.sender.address.lower() != invitation.address.lower():
        kept = _hold(response, invitation, OTHER_ADDRESS)
    elif reading.is_sure:
        kept = _count(response, invitation)
    else:
        kept = _hold(response, invitation, UNSURE)
    return Taken(response) if kept else _named(invitation, ANSWERED)


def _named(invitation: Invitation, words: Promise) -> Named:
    business = Business.current()
    with override(business.language if business else None):
        return Named(str(words) % {"survey": invitation.survey.name})


def _count(response: Response, invitation: Invitation) -> bool:
    """Let it count, and tell the timeline; False: another answer was first."""
    as_read = Invitation.objects.filter(pk=invitation.pk, state=invitation.state)
    try:
        with transaction.atomic():
            if not as_read.update(state=Invitation.State.ANSWERED):
                return False
            response.save(force_insert=True)
    except IntegrityError:
        return False
    answering.tell(invitation=invitation, response=response)
    return True


def _hold(response: Response, invitation: Invitation, reason: str) -> bool:
    if invitation.responses.held().count() >= MOST_HELD:
        return False
    response.validity, response.validity_reason = Response.Validity.HELD, reason
    response.save(force_insert=True)
    return True


def _response(
    invitation: Invitation, reading: Reading, score: int, inbound: InboundEmail
) -> Response:
    at = min(inbound.received_at, timezone.now())
    said = Confirmation(score=score, comment=reading.comment)
    response = answering.new_response(invitation.survey, said, at)
    response.origin = Response.Origin.REPLY
    response.version_id = invitation.run.version_id
    response.language = invitation.language
    response.invitation = invitation
    response.customer_id = invitation.customer_id
    response.contact_id = invitation.contact_id
    response.unseen_since = timezone.now()
    return response
