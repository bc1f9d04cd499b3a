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
    "no_subscribers_at_start": _("There were no subscribers when the period began."),
    "no_subscribers": _("There were no subscribers in the period."),
    "no_new_customers": _("Nobody became a customer in the period."),
    "not_installed": _(
        "The part that works it out is not installed: it needs numpy and scipy (extra “clv”)."
    ),
    "not_fitted": _("It had not been worked out by then; that happens every night."),
    "too_few": _(
        "Fewer than a hundred customers have bought again, so nothing can be expected yet."
    ),
    "no_fit": _("What was bought does not follow the pattern by which one could tell."),
    "no_orders": _("There were no orders in the period."),
    "no_income": _("Refunds took back all the income of the period."),
    "no_costs": _("There are no costs in the period."),
    "missing_costs": _("Some orders don’t say what their goods cost."),
    "missing_fx_rate": _("An exchange rate is missing, and no amount is left out."),
    "no_responses": _("Nobody answered in the period."),
    "no_invitations": _("No invitation was delivered in the period."),
    "no_replies": _("Nothing was first replied to in the period."),
    "no_resolved_tickets": _("No ticket was solved in the period."),
    "no_complete_windows": _("No solution of the period has had its days yet."),
    "no_targets": _("No due time was met or missed in the period."),
    "no_tickets": _("There has been no ticket yet."),
    "no_promises": _("No promise was due in the period."),
    "no_complete_leads": _("No lead of the period has had its time yet."),
    "cac_undefined": _("The cost of winning a customer isn’t known for the period."),
    "costs_of_all": _(
        "Some of the costs were for all customers, so it can’t be told for these alone."
    ),
    "not_by_customer": _("It isn’t about single customers, so it can’t be told for these alone."),
    "no_margin": _("Nothing is left of the income after the cost of goods."),
    "zero_cac": _("Nothing was spent on winning customers."),
    "no_opening_revenue": _("No contract ran when the period began."),
    "none_lost_by_silence": _("Nobody counted as lost by silence in the period."),
    "no_reviews": _("There are no reviews of the period."),
    "too_few_unnamed": _("Fewer than five answered without a name, so they stay hidden."),
    "no_feedback": _("Nobody gave feedback in the period."),
    "no_complete_feedback": _("No feedback of the period has had its days yet."),
    "nobody_meets_customers": _("Nobody worked in here yet."),
    "only_by_month": _("It looks back over months, so it is kept by month, quarter and year."),
    "zero_churn": _("Nobody left, so only a lower bound is known."),
}

THEMES: dict[Theme, StrOrPromise] = {
    Theme.FEELING: _("Satisfaction"),
    Theme.HELPING: _("Help"),
    Theme.KEEPING: _("Retention"),
    Theme.WORTH: _("Value"),
    Theme.ACQUISITION: _("Acquisition"),
    Theme.LISTENING: _("Listening"),
}

KINDS: dict[str, StrOrPromise] = {
    "customer": _("Customers"),
    "order": _("Orders"),
    "cost": _("Costs"),
    "response": _("Answers"),
    "invitation": _("Invitations"),
    "ticket": _("Tickets"),
    "target": _("Due times"),
    "promise": _("Promises"),
    "subscriber": _("Subscribers"),
    "loss": _("Losses"),
    "interaction": _("Interactions"),
    "review": _("Reviews"),
    "training": _("Training"),
    "person": _("People of the team"),
}

# The parts of figures that pages show: (name, how it is written).
PARTS: dict[str, tuple[StrOrPromise, str]] = {
    "promoters": (_("Promoters (9–10)"), "count"),
    "passives": (_("Passives (7–8)"), "count"),
    "detractors": (_("Detractors (0–6)"), "count"),
    "mean": (_("Mean"), "count"),
    "easy_share": (_("Found it easy (5–7)"), "share"),
    "start": (_("Customers at the start"), "count"),
    "new": (_("New"), "count"),
    "reactivated": (_("Came back"), "count"),
    "new_and_lost": (_("New, and lost again"), "count"),
    "lost": (_("Lost"), "count"),
    "retained": (_("Stayed"), "count"),
    "end": (_("Customers at the end"), "count"),
    "served": (_("Served at any time"), "count"),
    "left": (_("Left, new ones included"), "count"),
    "turnover_as_published": (_("As the founding text has it: lost ÷ all customers"), "share"),
    "naive_end_minus_new_over_start": (_("End less new, over start"), "share"),
    "spend": (_("Spent on winning customers"), "money"),
    "pending": (_("Their time is not over yet"), "count"),
    "p90": (_("Nine in ten within"), "minutes"),
    "median_business": (_("Median, business hours only"), "minutes"),
    "median_calendar": (_("Median, by the calendar"), "minutes"),
    "unanswered": (_("Opened in it, without a reply yet"), "count"),
    "still_open": (_("Opened in it, without a solution yet"), "count"),
    "first_reply_met": (_("First replies in time"), "count"),
    "first_reply_missed": (_("First replies too late"), "count"),
    "next_reply_met": (_("Further replies in time"), "count"),
    "next_reply_missed": (_("Further replies too late"), "count"),
    "solution_met": (_("Solutions in time"), "count"),
    "solution_missed": (_("Solutions too late"), "count"),
    "under_1_day": (_("Younger than a day"), "count"),
    "under_3_days": (_("One to three days old"), "count"),
    "under_7_days": (_("Three to seven days old"), "count"),
    "older": (_("Older than a week"), "count"),
    "annual_revenue": (_("Income per customer, twelve months"), "money"),
    "years": (_("Years of relationship, mean"), "count"),
    "ltv": (_("Lifetime value"), "money"),
    "cac": (_("Cost of winning one"), "money"),
    "monthly_income": (_("Income per customer and month"), "money"),
    "opening_revenue": (_("Monthly contract value at the start"), "money"),
    "from_detractors": (_("From detractors"), "money"),
    "from_quiet": (_("From customers with whom nothing passed"), "money"),
    "from_ending": (_("From contracts that end"), "money"),
    "income_of_customers": (_("Income from all customers, twelve months"), "money"),
    "share_at_risk": (_("Share of it at risk"), "share"),
    "from_them": (_("From them"), "count"),
    "from_us": (_("From us"), "count"),
    "answered": (_("Gave their opinion"), "count"),
    "answered_share": (_("Share who gave it"), "share"),
    "silent_share": (_("Share of customers served"), "share"),
    "complete": (_("Had their days for a reply"), "count"),
    "without_feedback": (_("Feedback without a reply"), "count"),
    "without_detractors": (_("Detractors without a reply"), "count"),
    "on_experience": (_("Spent on the experience"), "money"),
    "on_training": (_("Spent on training"), "money"),
    "people": (_("People who meet customers"), "count"),
    "trained": (_("People who took part"), "count"),
    "repeat_buyers": (_("Customers who bought again"), "count"),
    "purchases_expected": (_("Purchases expected"), "count"),
    "avg_income": (_("Income per order"), "money"),
    "gross_margin": (_("Gross margin"), "share"),
    "recurrence": (_("Orders per customer"), "count"),
    "unsubscribe": (_("Unsubscribed"), "count"),
    "hard_bounce": (_("Address does not exist"), "count"),
    "complaint": (_("Marked a mail as spam"), "count"),
    "inactive": (_("Inactive for too long"), "count"),
    "orders": (_("Orders"), "count"),
    "refunds": (_("Refunds"), "count"),
    "customers": (_("Customers"), "count"),
    "profit": (_("Income less cost"), "money"),
    "income_of_others": (_("Income from people who are no customers"), "money"),
    "invalid": (_("Invalid, not counted"), "count"),
    "missing_rates": (_("Amounts without an exchange rate"), "count"),
    "missing_costs": (_("Orders without their cost of goods"), "count"),
}
# Of figures in minutes, the mean is one too.
IN_MINUTES = {"mean"}
ONLY_WHEN_ANY = {"invalid", "missing_rates", "missing_costs", "income_of_others", "new_and_lost"}

UNITS: dict[str, StrOrPromise] = {
    "points": _("points"),
    "points_1_7": _("points of 1–7"),
    "points_1_5": _("stars of 5"),
    "per_month": _("a month"),
    "times": _("times"),
    "months": _("months"),
    "hours": _("hours"),
}


def reason(status: str) -> StrOrPromise:
    """Why there is no value, in words; blank when there is one."""
    return "" if status == "ok" else REASONS.get(status, status)


def against_others(change: Change) -> StrOrPromise:
    """What may be said of a group of customers beside all others, in words."""
    match change.verdict:
        case Verdict.UP:
            return _("higher")
        case Verdict.DOWN:
            return _("lower")
        case Verdict.NOISE:
            return verdict(change)
        case _:
            return ""


def verdict(change: Change) -> StrOrPromise:
    """What may be said about a change, in words."""
    match change.verdict:
        case Verdict.UP:
            return _("a true rise")
        case Verdict.DOWN:
            return _("a true fall")
        case Verdict.NO_PREVIOUS:
            return _("nothing before it to compare with")
        case Verdict.UNTESTED:
            return ""
        case Verdict.UNDEFINED:
            return ""
    if change.more_answers is None:
        return _("within the noise")
    return ngettext(
        "within the noise; about %(count)s more would tell",
        "within the noise; about %(count)s more would tell",
        change.more_answers,
    ) % {"count": change.more_answers}
