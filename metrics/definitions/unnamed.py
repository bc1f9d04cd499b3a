"""What people say who name no customer, in our own surveys and elsewhere: figures of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from metrics import formulas
from metrics.definitions.definition import (
    Compared,
    Definition,
    Params,
    Reach,
    Side,
    Theme,
)
from metrics.definitions.feeling import CES, CSAT, NPS
from metrics.facts import Facts, reviews
from metrics.facts.unnamed import unnamed
from metrics.formulas import Result, feeling
from metrics.periods import Window
from metrics.rows import answers as behind
from metrics.rows import listening
from metrics.rows.section import Rows

SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
FORMULAS: Mapping[str, Callable[..., Result]] = {
    "nps": formulas.nps,
    "csat": formulas.csat,
    "ces": formulas.ces,
}


def _results(kind: str, facts: Facts) -> list[Result]:
    low, high = SCALES[kind]
    return [
        feeling.unnamed(FORMULAS[kind](given.scores, invalid=given.invalid))
        for given in unnamed(facts.windows, kind=kind, low=low, high=high)
    ]


def _rows(kind: str, window: Window, side: Side, facts: Facts) -> list[Rows]:
    """Nothing of fewer than five, as of the figure."""
    if _results(kind, facts)[0].value is None:
        return []
    responses = behind.unnamed(window, kind=kind, scale=SCALES[kind])
    if side == "denominator":
        return [behind.answers(responses)]
    match kind:
        case "nps":
            return [behind.promoters_less_detractors(responses)]
        case "csat":
            return [behind.answers(responses.filter(score__gte=4))]
        case _:
            return [behind.answers(responses, lambda response: Fraction(response.score or 0))]


def _public(named: Definition, name: StrOrPromise, words: StrOrPromise) -> Definition:
    """The like figure of answers without a customer."""
    kind = named.kpi
    return replace(
        named,
        kpi=f"{kind}_public",
        name=name,
        words=words,
        compute=lambda facts, _params: _results(kind, facts),
        rows=lambda window, side, _params, facts: _rows(kind, window, side, facts),
        params={},
        by_customer=False,
    )


NPS_PUBLIC = _public(
    NPS,
    _("NPS of answers without a name"),
    _(
        "The same of those who answered by a public link, in the shop, or anonymously. Nobody knows "
        "who they are, so each answer counts, and fewer than five stay hidden."
    ),
)
CSAT_PUBLIC = _public(
    CSAT,
    _("Satisfaction (CSAT) of answers without a name"),
    _(
        "The share of answers of 4 or 5 among those given by a public link, in the shop, or "
        "anonymously. Fewer than five stay hidden."
    ),
)
CES_PUBLIC = _public(
    CES,
    _("Ease (CES) of answers without a name"),
    _(
        "The mean of the answers from 1 to 7 given by a public link, in the shop, or anonymously. "
        "Fewer than five stay hidden."
    ),
)


def _site(params: Params) -> str:
    return str(params.get("site", ""))


def _reviews(facts: Facts, params: Params) -> list[Result]:
    given = reviews.stars(facts.windows, site=_site(params), scope=facts.scope)
    return [feeling.review_score(by_site) for by_site in given]


def _review_rows(window: Window, side: Side, params: Params, _facts: Facts) -> list[Rows]:
    return [listening.reviews(window, site=_site(params), stars=side == "numerator")]


REVIEW_SCORE = Definition(
    kpi="review_score",
    name=_("Reviews"),
    words=_(
        "The mean of the stars, from 1 to 5, of reviews on other sites that were given in the period "
        "and recorded here; beside it each site by itself."
    ),
    formula=_("sum of the stars ÷ reviews"),
    theme=Theme.FEELING,
    unit="points_1_5",
    better="up",
    compared=Compared.ESTIMATE,
    empty="no_reviews",
    facts={"review": Reach.OWN},
    compute=_reviews,
    rows=_review_rows,
    params={"site": str},
    is_opinion=True,
    numerator=_("Sum of the stars"),
    denominator=_("Reviews"),
)
