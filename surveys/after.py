"""What stands under the thanks, for whoever has answered and whatever they answered.

The page of thanks includes `surveys/_after_answer.html` with the dictionary `after` that this
makes: in the mailed survey, on the public page and in the widget, never at a kiosk, where the
next person waits.
"""

from __future__ import annotations

from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Q

from staff.models import Business
from surveys.actions import testimonials
from surveys.models import Response, ReviewSite, Survey, Testimonial

_WITHDRAWALS = Signer(salt="surveys.testimonial")


def shown_after(
    *, survey: Survey, response: Response | None, language: str, proof: str
) -> dict[str, Any]:
    """What the template needs: a query for the sites and one for the words, where they are asked for.

    `response` is None where nothing ties this visit to an answer (an anonymous one, a while
    later). `proof` names the answer for whoever gave it just now (tokens.proven), else blank.
    """
    found: dict[str, Any] = {"language": language, "proof": proof}
    if survey.asks_for_reviews:
        found["sites"] = sites(language)
    if response is not None and survey.asks_for_testimonials:
        found |= quoting(response, asks=bool(proof))
    return found


def sites(language: str) -> list[ReviewSite]:
    """The same for everyone who reads this language, whatever their score."""
    theirs = Q(language="") | Q(language=language)
    return list(ReviewSite.objects.filter(theirs, is_shown=True).order_by("place", "name"))


def quoting(response: Response, *, asks: bool) -> dict[str, Any]:
    """The words that may be quoted, and how to take that back; or the sentence to agree to."""
    if not testimonials.may_be_asked(response):
        return {}
    testimonial = Testimonial.objects.filter(response=response).first()
    if testimonial is not None and testimonial.withdrawn_at is None:
        return {"testimonial": testimonial, "withdrawal": withdrawal_of(testimonial)}
    business = Business.current()
    if not asks or business is None:
        return {}
    return {
        "sentence": testimonials.sentence(business.name),
        "signed_length": testimonials.SIGNED_LENGTH,
    }


def withdrawal_of(testimonial: Testimonial) -> str:
    """For the page of thanks alone, which only whoever has the link sees."""
    return _WITHDRAWALS.sign(str(testimonial.pk))


def to_withdraw(proof: str) -> Testimonial | None:
    try:
        pk = int(_WITHDRAWALS.unsign(proof))
    except (BadSignature, ValueError):
        return None
    return Testimonial.objects.select_related("response__survey").filter(pk=pk).first()
