"""What answers set going: tickets for the unhappy, words that may be quoted, where to review."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone, translation

from staff.models import Business, User
from surveys.actions.follow_ups import see_to_answers
from surveys.actions.review_sites import save_site
from surveys.actions.surveys import stock_survey, update_survey
from surveys.actions.testimonials import agree, sentence
from surveys.models import Response, ReviewSite, Survey
from surveys.scores import HIGH, LOW

SITES = (
    ("Google Maps", "https://maps.example/taller-aurora", ""),
    ("Pedales y Reseñas", "https://pedales.example/valencia/taller-aurora", "es"),
)
# The latest of each: enough to see, few enough to read.
UNHAPPY, QUOTED = 3, 3


@dataclass
class Followed:
    by: User

    def write(self) -> None:
        survey = stock_survey(Survey.Kind.NPS)
        there = set(ReviewSite.objects.values_list("name", flat=True))
        for name, url, language in SITES:
            if name not in there:
                save_site(by=self.by, name=name, url=url, language=language)
        update_survey(survey=survey, by=self.by, asks_for_testimonials=True)
        told = Response.objects.counted().filter(survey=survey, customer__isnull=False)
        latest = told.exclude(comment="").order_by("-answered_at", "-pk")
        unhappy = list(latest.of_group(LOW).values_list("pk", flat=True)[:UNHAPPY])
        Response.objects.filter(pk__in=unhappy).update(unseen_since=timezone.now())
        see_to_answers(60)
        business = Business.objects.get(pk=1)
        for response in latest.of_group(HIGH).select_related("contact")[:QUOTED]:
            self._quote(response, business)

    def _quote(self, response: Response, business: Business) -> None:
        with translation.override(response.language):
            agreed_to = sentence(business.name)
        agree(
            response=response,
            signed=response.contact.name if response.contact else "",
            agreed_to=agreed_to,
            language=response.language,
            is_ticked=True,
        )
