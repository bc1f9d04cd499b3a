"""Words that a customer lets the business quote: agreed to on purpose, taken back at any time."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff import audit
from staff.access import Role
from staff.models import User
from staff.refusals import Refusal
from surveys.models import Response, Testimonial

FIELDS = ("words", "signed", "agreed_to", "language", "withdrawn_at")
SIGNED_LENGTH = 120


class NothingToQuote(Refusal):
    message = gettext_lazy("There are no words here that could be quoted.")


class AgreedToNothing(Refusal):
    message = gettext_lazy("Tick the box if we may quote you.")


def may_be_asked(response: Response) -> bool:
    """Whether somebody's own words may be asked for: never of who said nothing, or is nobody."""
    return (
        response.survey.asks_for_testimonials
        and not response.is_anonymous
        and response.customer_id is not None
        and bool(response.comment.strip())
    )


def sentence(business_name: str) -> str:
    """What is agreed to, in the language that is active: kept with the agreement word by word."""
    return _(
        "%(business)s may quote what I wrote here, with the name below, on its website and in its "
        "advertising. I can take this back at any time."
    ) % {"business": business_name}


@transaction.atomic
def agree(
    *, response: Response, signed: str, agreed_to: str, language: str, is_ticked: bool
) -> Testimonial:
    """Keep what they agreed to, with the words as they are now; again replaces it.

    By whoever answered. Raises AgreedToNothing or NothingToQuote.
    """
    if not is_ticked:
        raise AgreedToNothing
    response = Response.objects.select_for_update(of=("self",)).get(pk=response.pk)
    if not may_be_asked(response):
        raise NothingToQuote
    testimonial = Testimonial.objects.filter(response=response).first()
    before = audit.values(testimonial, FIELDS) if testimonial else {}
    testimonial = testimonial or Testimonial(response=response)
    testimonial.words = response.comment
    testimonial.signed = " ".join(signed.split())[:SIGNED_LENGTH]
    testimonial.agreed_to, testimonial.language = agreed_to, language
    testimonial.withdrawn_at = None
    if changes := audit.diff(before, testimonial, FIELDS):
        testimonial.at = timezone.now()
        testimonial.save()
        audit.record(by=None, action="testimonial.agree", target=testimonial, changes=changes)
    return testimonial


def can_withdraw(user: User) -> bool:
    return user.has_role(Role.AGENT)


@transaction.atomic
def withdraw(*, testimonial: Testimonial, by: User | None) -> Testimonial:
    """Not to be quoted any more, by its author or by us; only its author can agree again."""
    testimonial = Testimonial.objects.select_for_update(of=("self",)).get(pk=testimonial.pk)
    if testimonial.withdrawn_at is None:
        testimonial.withdrawn_at = timezone.now()
        testimonial.save(update_fields=["withdrawn_at"])
        changes = audit.diff({}, testimonial, ["withdrawn_at"])
        audit.record(by=by, action="testimonial.withdraw", target=testimonial, changes=changes)
    return testimonial
