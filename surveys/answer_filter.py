"""Which answers are read: filters that combine and live in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from crm.filters.sentence import SentenceFilter
from crm.models import Segment
from crm.segments import customers_of
from surveys import reading
from surveys.models import CommentTag, Response, Review, Survey, Tagging
from surveys.results import FEW
from surveys.scores import HIGH, LOW, MIDDLE

PERIODS = {
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "365": gettext_lazy("12 months"),
}
GROUPS = [
    (LOW, pgettext_lazy("answers", "Unhappy")),
    (MIDDLE, pgettext_lazy("answers", "In between")),
    (HIGH, pgettext_lazy("answers", "Happy")),
]
UNTAGGED = "none"


def select(**options: Any) -> django_filters.ChoiceFilter:
    widget = forms.Select(attrs={"class": "form-select"})
    return django_filters.ChoiceFilter(
        empty_label=gettext_lazy("Any"), widget=widget, **{"choices": (), **options}
    )


class AnswerFilter(SentenceFilter):
    """Answers that count, by survey, group, words of the comment, tag, sound, time, segment."""

    q = django_filters.CharFilter(label=gettext_lazy("Words of the reason"), method="by_words")
    survey = select(label=gettext_lazy("Survey"))
    group = select(label=gettext_lazy("How they feel"), choices=GROUPS, method="by_group")
    tag = select(label=gettext_lazy("About"), method="by_tag")
    sounds = select(
        label=gettext_lazy("Sounds"),
        field_name="sentiment",
        choices=Response.Sentiment.choices,
    )
    origin = select(label=gettext_lazy("Came by"), choices=Response.Origin.choices)
    period = select(
        label=gettext_lazy("Of the last"), choices=list(PERIODS.items()), method="by_period"
    )
    segment = select(label=gettext_lazy("Segment"), method="by_segment")
    reasons = django_filters.BooleanFilter(
        label=gettext_lazy("Only with a reason"), method="by_reason"
    )

    class Meta:
        model = Response
        fields: ClassVar[list[str]] = []

    def __init__(
        self, data: QueryDict, *, segments: QuerySet[Segment], queryset: QuerySet[Response]
    ) -> None:
        """`segments` are those that the reader may see."""
        super().__init__(data, queryset=queryset)
        self.segments = {str(one.pk): one for one in segments}
        self.tags = {str(one.pk): one for one in CommentTag.objects.all()}
        self.surveys = dict(Survey.objects.values_list("pk", "name"))
        self.filters["survey"].extra["choices"] = [
            (str(pk), name) for pk, name in self.surveys.items()
        ]
        self.filters["tag"].extra["choices"] = [
            *((pk, tag.name) for pk, tag in self.tags.items()),
            (UNTAGGED, _("nothing so far")),
        ]
        self.filters["segment"].extra["choices"] = [
            (pk, segment.name) for pk, segment in self.segments.items()
        ]

    @property
    def sorts(self) -> Mapping[str, tuple[str, ...]]:
        return {"newest": ("-answered_at", "-pk")}

    def words(self, name: str, value: Any) -> str:
        if name == "reasons":
            return _("with a reason")
        choices = dict(self.filters[name].extra["choices"])
        label = str(self.filters[name].label)
        return pgettext("filter", "%(name)s: %(value)s") % {
            "name": label,
            "value": choices[value],
        }

    def by_words(self, rows: QuerySet[Response], _name: str, text: str) -> QuerySet[Response]:
        return rows.filter(reading.matching(text))

    def by_group(self, rows: Any, _name: str, group: str) -> QuerySet[Response]:
        found: QuerySet[Response] = rows.of_group(group)
        return found

    def by_tag(self, rows: QuerySet[Response], _name: str, tag: str) -> QuerySet[Response]:
        standing = Tagging.objects.filter(removed_at=None)
        if tag == UNTAGGED:
            return rows.exclude(pk__in=standing.values("response")).exclude(comment="")
        return rows.filter(pk__in=standing.filter(tag=int(tag)).values("response"))

    def by_period(self, rows: QuerySet[Response], _name: str, days: str) -> QuerySet[Response]:
        return rows.filter(answered_at__gte=timezone.now() - timedelta(days=int(days)))

    def by_segment(self, rows: QuerySet[Response], _name: str, pk: str) -> QuerySet[Response]:
        return rows.filter(customer__in=customers_of(self.segments[pk]).values("pk"))

    def by_reason(
        self, rows: QuerySet[Response], _name: str, wanted: bool | None
    ) -> QuerySet[Response]:
        return rows.exclude(comment="") if wanted else rows


def readable() -> QuerySet[Response]:
    """The answers that count and may be read."""
    return not_too_few().filter(validity=Response.Validity.VALID)


def not_too_few() -> QuerySet[Response]:
    """All but the answers to anonymous surveys with too few to hide among."""
    few = (
        Response.objects.filter(is_anonymous=True, validity=Response.Validity.VALID)
        .order_by()
        .values("survey")
        .annotate(answers=Count("pk"))
        .filter(answers__lt=FEW)
        .values("survey")
    )
    return Response.objects.filter(~Q(is_anonymous=True, survey__in=few))


def chosen_reviews(query: QueryDict) -> QuerySet[Review]:
    """Those of `?site=`, of `?rating=` stars, with the words of `?q=`."""
    rows = Review.objects.all()
    if site := query.get("site"):
        rows = rows.filter(site=site)
    if (rating := query.get("rating")) in {"1", "2", "3", "4", "5"}:
        rows = rows.filter(rating=int(rating))
    for word in query.get("q", "").split():
        rows = rows.filter(text__icontains=word)
    return rows
