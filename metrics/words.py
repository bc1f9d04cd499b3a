"""The words for codes: why a figure is undefined, what a change means, what themes are called."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_stubs_ext import StrOrPromise

from metrics.definitions.definition import Theme
from metrics.formulas.change import Change, Verdict

REASONS: dict[str, StrOrPromise] = {
    "no_customers_at_start": _("There were no customers when the period began."),
    "no_customers_at_end": _("There were no customers when the period ended."),
    "no_customers_served": _("There were no customers in the period."),
    "no_new_customers": _("Nobody became a customer in the period."),
    "no_orders": _("There were no orders in the period."),
    "no_income": _("Refunds took back all the income of the period."),
    "no_costs": _("There are no costs in the period."),
    "missing_costs": _("Some orders don’t say what their goods cost."),
    "missing_fx_rate": _("An exchange rate is missing, and no amount is left out."),
    "no_responses": _("Nobody answered in the period."),
    "no_invitations": _("No invitation was delivered in the period."),
    "no_complete_leads": _("No lead of the period has had its time yet."),
    "cac_undefined": _("The cost of winning a customer isn’t known for the period."),
    "zero_churn": _("Nobody left, so only a lower bound is known."),
}

THEMES: dict[Theme, StrOrPromise] = {
    Theme.FEELING: _("Satisfaction"),
    Theme.KEEPING: _("Retention"),
    Theme.WORTH: _("Value"),
    Theme.ACQUISITION: _("Acquisition"),
}

UNITS: dict[str, StrOrPromise] = {
    "points": _("points"),
    "points_1_7": _("points of 1–7"),
}


def reason(status: str) -> StrOrPromise:
    """Why there is no value, in words; blank when there is one."""
    return "" if status == "ok" else REASONS.get(status, status)


def verdict(change: Change) -> StrOrPromise:
    """What may be said about a change, in words."""
    match change.verdict:
        case Verdict.UP:
            return _("higher than before, beyond the noise")
        case Verdict.DOWN:
            return _("lower than before, beyond the noise")
        case Verdict.NO_PREVIOUS:
            return _("nothing before it to compare with")
        case Verdict.UNTESTED:
            return _("compared without a test: these are sums, not a sample")
        case Verdict.UNDEFINED:
            return ""
    if change.more_answers is None:
        return _("within the noise")
    return ngettext(
        "within the noise; about %(count)s more would tell",
        "within the noise; about %(count)s more would tell",
        change.more_answers,
    ) % {"count": change.more_answers}
