"""Answers as files: a survey's, or all of them, and the kind that an import takes back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.exports.kinds import fixed
from crm.exports.lists import CUSTOMER, words
from crm.exports.looks import reference_column
from crm.models import Segment
from crm.segments import visible_to
from staff.exports import Column, ExportList, column, register, register_kind
from staff.models import User
from surveys.answer_filter import AnswerFilter, chosen_reviews, not_too_few, readable
from surveys.models import Invitation, Response, Review, Survey, Tagging


def responses(query: QueryDict, user: User | None) -> Any:
    """The answers that the page of answers shows under the same filters; to one survey or all, and
    nothing else asked, also those that are held or don't count."""
    segments = visible_to(user) if user else Segment.objects.all()
    chosen = AnswerFilter(query, segments=segments, queryset=readable())
    if set(chosen.chosen) <= {"survey"}:
        return AnswerFilter(query, segments=segments, queryset=not_too_few()).qs
    return chosen.qs


def tag_names(response_ids: Collection[int], _user: User | None) -> dict[int, str]:
    standing = Tagging.objects.filter(response__in=response_ids, removed_at=None)
    found: dict[int, list[str]] = {}
    for pk, name in standing.order_by("tag__name").values_list("response_id", "tag__name"):
        found.setdefault(pk, []).append(name)
    return {pk: "; ".join(names) for pk, names in found.items()}


def reviews(query: QueryDict, _user: User | None) -> Any:
    return chosen_reviews(query)


def review_columns(_query: QueryDict, _user: User | None) -> list[Column]:
    return [
        reference_column("external_id", _("Number")),
        column("site", _("Site")),
        column("rating", _("Stars")),
        column("text", _("Text")),
        column("at", pgettext_lazy("of a review", "When")),
        *CUSTOMER,
    ]


def columns(_query: QueryDict, _user: User | None) -> list[Column]:
    return [
        reference_column("external_id", _("Number")),
        column("survey", _("Survey"), "survey__name"),
        *CUSTOMER,
        column("contact", _("Contact"), "contact__name"),
        column("answered_at", pgettext_lazy("when", "Answered")),
        column("score", _("Score")),
        column("comment", _("Comment")),
        column("tags", _("Tags"), "pk", look=tag_names),
        column("sentiment", _("Sounds"), show=words(Response.Sentiment.choices)),
        column("origin", _("Came by"), show=words(Response.Origin.choices)),
        column("validity", _("Counted"), show=words(Response.Validity.choices)),
    ]


def survey_names(survey_ids: Collection[int], _user: User | None) -> dict[int, str]:
    """As an import finds them: the stock surveys by their kind, others by their name."""
    from surveys.actions.surveys import stock_survey

    stock = {stock_survey(kind).pk: kind for kind in Survey.Kind.values}
    return dict(Survey.objects.filter(pk__in=survey_ids).values_list("pk", "name")) | stock


def told() -> Any:
    """An import has answers of customers; others name nobody to whom they could belong."""
    return Response.objects.filter(customer__isnull=False)


def asked_elsewhere() -> Any:
    """What this installation asked itself is no history of another tool's."""
    return Invitation.objects.filter(state=Invitation.State.ELSEWHERE)


RESPONSES = [
    reference_column("external_id", ""),
    column("survey", "", "survey_id", look=survey_names),
    reference_column("customer", "", "customer"),
    column("answered_at", ""),
    column("score", ""),
    column("comment", ""),
]

INVITATIONS = [
    reference_column("external_id", ""),
    column("survey", "", "survey_id", look=survey_names),
    reference_column("customer", "", "customer"),
    column("email", "", "address"),
    column("sent_at", "", "created_at"),
]

REVIEWS = [
    reference_column("external_id", ""),
    reference_column("customer", "", "customer"),
    *(column(name, "") for name in ("site", "rating", "text", "at")),
]


def register_all() -> None:
    """Called from SurveysConfig.ready."""
    register(
        ExportList(
            "responses",
            pgettext_lazy("responses", "answers"),
            responses,
            columns,
            key=lambda _query, _user: ("-answered_at", "-pk"),
        )
    )
    register(
        ExportList(
            "reviews",
            pgettext_lazy("exported", "reviews"),
            reviews,
            review_columns,
            key=lambda _query, _user: ("-at", "-pk"),
        )
    )
    register_kind(
        ExportList("responses", "responses", lambda _query, _user: told(), fixed(RESPONSES))
    )
    register_kind(
        ExportList(
            "invitations",
            "invitations",
            lambda _query, _user: asked_elsewhere(),
            fixed(INVITATIONS),
        )
    )
    register_kind(
        ExportList("reviews", "reviews", lambda _query, _user: Review.objects.all(), fixed(REVIEWS))
    )
