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
from staff.exports import Column, ExportList, column, register, register_kind
from staff.models import User
from surveys.models import Response, Survey


def responses(query: QueryDict, _user: User | None) -> Any:
    """All answers, or those to `?survey=`; `period` and the rest are the page's way of reading them."""
    survey = query.get("survey", "")
    rows = Response.objects.all()
    return rows.filter(survey=int(survey)) if survey.isdecimal() else rows


def columns(_query: QueryDict, _user: User | None) -> list[Column]:
    return [
        reference_column("external_id", _("Number")),
        column("survey", _("Survey"), "survey__name"),
        *CUSTOMER,
        column("contact", _("Contact"), "contact__name"),
        column("answered_at", pgettext_lazy("when", "Answered")),
        column("score", _("Score")),
        column("comment", _("Comment")),
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


RESPONSES = [
    reference_column("external_id", ""),
    column("survey", "", "survey_id", look=survey_names),
    reference_column("customer", "", "customer"),
    column("answered_at", ""),
    column("score", ""),
    column("comment", ""),
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
    register_kind(
        ExportList("responses", "responses", lambda _query, _user: told(), fixed(RESPONSES))
    )
