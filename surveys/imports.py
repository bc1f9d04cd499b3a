"""Answers given elsewhere: the import kind `responses`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.actions.interactions import bring_forward
from crm.imports import facts, kinds, words
from crm.imports.kinds import Column, Entry, FactKind, Values
from crm.imports.parsing import BadCell, Context, instant, text
from crm.imports.session import Session
from crm.imports.standard import CUSTOMER, EXTERNAL_ID, at
from crm.models import Interaction
from surveys import invitation_imports, review_imports
from surveys.invitation_imports import Surveys, known_surveys, survey_named
from surveys.models import Response, Survey

# What a database's integer holds.
LARGEST = 2**31 - 1


def score(cell: str, _context: Context) -> int:
    """A whole number, within the scale or not: what is outside is kept, and never counted."""
    number = cell.strip().removesuffix(".0").removesuffix(",0")
    digits = number.removeprefix("-").removeprefix("+")
    whole = digits.isascii() and digits.isdecimal() and len(digits) <= 10
    if not (whole and int(digits) <= LARGEST):
        raise BadCell(_("“%(text)s” is not a whole number.") % {"text": cell})
    return int(number)


def response_fields(surveys: Surveys, values: Values, _context: Context) -> Values:
    survey = survey_named(surveys, values["survey"])
    reason = why_invalid(survey, values.get("score"))
    return {
        "survey_id": survey.pk,
        "kind": survey.kind,
        "score": values.get("score"),
        "comment": values.get("comment") or "",
        "answered_at": values["answered_at"],
        "origin": Response.Origin.IMPORT,
        "validity": Response.Validity.INVALID if reason else Response.Validity.VALID,
        "validity_reason": reason,
    }


def why_invalid(survey: Survey, value: int | None) -> str:
    """The code of the reason why a score can't count; blank: it counts."""
    low, high = survey.scale
    if value is None:
        return "no_score"
    return "" if low <= value <= high else "out_of_scale"


def told(surveys: Surveys, responses: Sequence[Any], session: Session) -> Iterable[Interaction]:
    """The timeline's lines for the answers that count."""
    names = {survey.pk: survey.name for survey in surveys.values()}
    lines = [
        Interaction(
            customer_id=response.customer_id,
            kind=Interaction.Kind.SURVEY_RESPONSE,
            direction=Interaction.Direction.IN,
            occurred_at=response.answered_at,
            summary=f"{names[response.survey_id]}: {response.score}",
            by=session.by,
            about_model="surveys.response",
            about_id=response.pk,
        )
        for response in responses
        if response.validity == Response.Validity.VALID and response.customer_id
    ]
    bring_forward(lines)
    return lines


@dataclass(frozen=True)
class ResponseKind(FactKind):
    """A FactKind whose rows name a survey: the surveys are read once per batch."""

    def apply(self, entries: Sequence[Entry], session: Session) -> None:
        surveys = known_surveys()
        reading = replace(
            self, fields=partial(response_fields, surveys), interactions=partial(told, surveys)
        )
        facts.apply(reading, entries, session)


RESPONSES = ResponseKind(
    name="responses",
    model=Response,
    columns=(
        EXTERNAL_ID,
        Column("survey", text(120), required=True),
        CUSTOMER,
        Column("answered_at", instant, required=True),
        Column("score", score),
        Column("comment", text(20_000)),
    ),
    fields=partial(response_fields, {}),
    at=at("answered_at"),
    natural_key=("survey", "customer", "answered_at"),
)


RESPONSE_WORDS = words.KindWords(
    label=gettext_lazy("Answers to surveys"),
    teaches=gettext_lazy(
        "A row per answer given elsewhere: to which survey, whose, when, what score."
    ),
    place=210,
    page="surveys:survey-list",
    leads=gettext_lazy("See the surveys"),
    targets={
        "external_id": gettext_lazy("Answer number"),
        "survey": gettext_lazy("Survey"),
        "answered_at": pgettext_lazy("when", "Answered"),
        "score": gettext_lazy("Score"),
    },
    example=(
        {
            "external_id": "N-1",
            "survey": "nps",
            "customer": "1001",
            "answered_at": "2026-03-02 18:20",
            "score": "9",
            "comment": "Warm bread and a kind word",
        },
    ),
)


def register() -> None:
    kinds.register(RESPONSES)
    words.describe(RESPONSES.name, RESPONSE_WORDS)
    review_imports.register()
    invitation_imports.register()
