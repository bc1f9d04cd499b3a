"""A low answer is not filed away: it opens the ticket that it is about again, once."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from staff.models import Business
from support.actions.conversation import where_it_went
from support.actions.outcomes import follow_up, note_rated
from support.models import Ticket
from surveys.actions.solved import SUBJECT
from surveys.models import FollowUp, Response, SurveyTrigger

# An answer that may still be changed for a day is looked at again for as long.
LOOKED_AT = timedelta(days=2)
AT_ONCE = 200


def follow_up_low_answers() -> int:
    """See to the low answers about tickets that nobody sees to yet; how many were found."""
    trigger = SurveyTrigger.objects.filter(moment=SurveyTrigger.Moment.TICKET_SOLVED).first()
    if trigger is None or trigger.follows_up_at is None:
        return 0
    low = Response.objects.counted().filter(
        invitation__subject_model=SUBJECT,
        invitation__run__trigger=trigger,
        answered_at__gt=timezone.now() - LOOKED_AT,
        score__lte=trigger.follows_up_at,
        kind=F("invitation__run__trigger__survey__kind"),
        follow_up=None,
    )
    found = low.select_related("invitation", "survey").order_by("pk")[:AT_ONCE]
    return sum(_see_to(response) for response in found)


@transaction.atomic
def _see_to(response: Response) -> bool:
    """Whether its ticket was still there; the constraint on FollowUp and the note's key make it once."""
    ticket = _ticket_of(response)
    if ticket is None:
        return False
    ticket = where_it_went(ticket)
    FollowUp.objects.get_or_create(response=response, defaults={"ticket": ticket})
    business = Business.current()
    with override(business.language if business else None):
        words = _("They answered %(score)s of %(highest)s to “%(survey)s”.") % {
            "survey": response.survey.name,
            "score": response.score,
            "highest": response.survey.scale[1],
        }
    text = "\n\n".join(filter(None, [words, response.comment]))
    follow_up(ticket=ticket, text=text, once_key=f"response {response.pk}")
    return True


def _ticket_of(response: Response) -> Ticket | None:
    invitation = response.invitation
    if invitation is None or invitation.subject_id is None or invitation.subject_model != SUBJECT:
        return None
    return Ticket.objects.filter(pk=invitation.subject_id).first()


def tell_ticket(response: Response) -> None:
    """The ticket that an answer is about tells of it."""
    if ticket := _ticket_of(response):
        note_rated(ticket=ticket, score=f"{response.kind.upper()} {response.score}")
