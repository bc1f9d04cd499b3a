"""What customers say, and how many of them answer."""

from __future__ import annotations

from fractions import Fraction

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from metrics import formulas
from metrics.definitions.definition import (
    Compared,
    Definition,
    Params,
    Reach,
    Side,
    Theme,
    easy_direction,
    whole,
    yes_or_no,
)
from metrics.facts import Facts
from metrics.facts.answers import Answers
from metrics.formulas import Result
from metrics.periods import Window
from metrics.rows import answers as behind
from metrics.rows.section import Rows
from surveys.models import Response

RESPONSES = {"response": Reach.OWN}


def _scale(kpi: str, params: Params) -> tuple[int, int]:
    if kpi == "nps":
        return 0, 10
    return 1, params.get("scale", {"csat": 5, "ces": 7}[kpi])


def _answers(kpi: str, facts: Facts, params: Params) -> list[Answers]:
    low, high = _scale(kpi, params)
    latest = params.get("one_per_customer", kpi == "nps")
    return facts.answers(kpi, low=low, high=high, latest_per_customer=latest)


def _responses(kpi: str, window: Window, params: Params) -> QuerySet[Response]:
    low, high = _scale(kpi, params)
    latest = params.get("one_per_customer", kpi == "nps")
    return behind.counted(window, kind=kpi, low=low, high=high, latest_per_customer=latest)


def _nps(facts: Facts, params: Params) -> list[Result]:
    return [
        formulas.nps(given.scores, invalid=given.invalid)
        for given in _answers("nps", facts, params)
    ]


def _nps_rows(window: Window, side: Side, params: Params, _facts: Facts) -> list[Rows]:
    responses = _responses("nps", window, params)
    if side == "denominator":
        return [behind.answers(responses)]
    return [behind.promoters_less_detractors(responses)]


NPS = Definition(
    kpi="nps",
    name=_("NPS"),
    words=_(
        "Would they recommend us? From each customer's latest answer in the period, the share of "
        "promoters (9–10) less the share of detractors (0–6), from −100 to 100."
    ),
    formula=_("100 × (promoters − detractors) ÷ answers"),
    theme=Theme.FEELING,
    unit="points",
    better="up",
    compared=Compared.NPS,
    empty="no_responses",
    facts=RESPONSES,
    compute=_nps,
    rows=_nps_rows,
    params={"one_per_customer": yes_or_no},
    is_opinion=True,
    numerator=_("Promoters less detractors"),
    denominator=_("Answers"),
)


def _satisfied_from(params: Params) -> int:
    return int(params.get("satisfied_from", params.get("scale", 5) - 1))


def _csat(facts: Facts, params: Params) -> list[Result]:
    return [
        formulas.csat(given.scores, satisfied_from=_satisfied_from(params), invalid=given.invalid)
        for given in _answers("csat", facts, params)
    ]


def _csat_rows(window: Window, side: Side, params: Params, _facts: Facts) -> list[Rows]:
    responses = _responses("csat", window, params)
    if side == "numerator":
        responses = responses.filter(score__gte=_satisfied_from(params))
    return [behind.answers(responses)]


CSAT = Definition(
    kpi="csat",
    name=_("Satisfaction (CSAT)"),
    words=_(
        "The share of answers of 4 or 5 on a scale of 1 to 5. Each answer counts: a customer who is "
        "asked after two visits answers twice."
    ),
    formula=_("answers of 4–5 ÷ answers"),
    theme=Theme.FEELING,
    unit="ratio",
    better="up",
    compared=Compared.PROPORTION,
    empty="no_responses",
    facts=RESPONSES,
    compute=_csat,
    rows=_csat_rows,
    params={"scale": whole, "satisfied_from": whole, "one_per_customer": yes_or_no},
    is_opinion=True,
    numerator=_("Satisfied answers"),
    denominator=_("Answers"),
)


def _ces(facts: Facts, params: Params) -> list[Result]:
    scale = params.get("scale", 7)
    return [
        formulas.ces(
            given.scores,
            scale=scale,
            easy_from=params.get("easy_from", scale - 2),
            easy_low=params.get("direction") == "easy_low",
            invalid=given.invalid,
        )
        for given in _answers("ces", facts, params)
    ]


def _ces_rows(window: Window, side: Side, params: Params, _facts: Facts) -> list[Rows]:
    responses = _responses("ces", window, params)
    if side == "denominator":
        return [behind.answers(responses)]
    if params.get("direction") == "easy_low":
        top = params.get("scale", 7) + 1
        return [behind.answers(responses, lambda response: Fraction(top - (response.score or 0)))]
    return [behind.answers(responses, lambda response: Fraction(response.score or 0))]


CES = Definition(
    kpi="ces",
    name=_("Ease (CES)"),
    words=_(
        "The mean answer, from 1 to 7, to whether we made it easy to handle their issue; higher is "
        "easier. Beside it the share of answers from 5 to 7."
    ),
    formula=_("sum of the answers ÷ answers"),
    theme=Theme.FEELING,
    unit="points_1_7",
    better="up",
    compared=Compared.ESTIMATE,
    empty="no_responses",
    facts=RESPONSES,
    compute=_ces,
    rows=_ces_rows,
    params={
        "scale": whole,
        "easy_from": whole,
        "direction": easy_direction,
        "one_per_customer": yes_or_no,
    },
    version=2,  # the standard error is kept, so that changes can be judged
    is_opinion=True,
    numerator=_("Sum of the answers"),
    denominator=_("Answers"),
)


def _response_rate(facts: Facts, _params: Params) -> list[Result]:
    return [
        formulas.response_rate(answered=asked.answered, delivered=asked.delivered)
        for asked in facts.asked
    ]


def _response_rate_rows(window: Window, side: Side, _params: Params, _facts: Facts) -> list[Rows]:
    return [behind.invitations(window, answered=side == "numerator")]


RESPONSE_RATE = Definition(
    kpi="response_rate",
    name=_("Response rate"),
    words=_(
        "Of the invitations sent in the period that did not bounce, the share with a confirmed "
        "answer. Opening the page is no answer; public links have no invitations."
    ),
    formula=_("invitations answered ÷ invitations delivered"),
    theme=Theme.FEELING,
    unit="ratio",
    better="up",
    compared=Compared.PROPORTION,
    empty="no_invitations",
    facts={"invitation": Reach.OWN},
    compute=_response_rate,
    rows=_response_rate_rows,
    numerator=_("Invitations answered"),
    denominator=_("Invitations delivered"),
)
