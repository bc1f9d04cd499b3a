"""How soon customers are helped, how lastingly, and whether what was promised is kept."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from metrics.definitions.definition import (
    Compared,
    Definition,
    Params,
    Reach,
    Side,
    Theme,
    whole,
    yes_or_no,
)
from metrics.facts import Facts
from metrics.formulas import Result, helping
from metrics.periods import Window
from metrics.rows import tickets as behind
from metrics.rows.section import Rows
from support.models import SlaTarget

WINDOW_DAYS = 7


def _one_of(*allowed: str) -> Callable[[str], str]:
    return {one: one for one in allowed}.__getitem__


CLOCKS = _one_of("calendar", "business")


def _clock(params: Params) -> str:
    return str(params.get("clock", "calendar"))


def _durations(facts: Facts, which: str, params: Params, *, empty: str, part: str) -> list[Result]:
    clock = _clock(params)
    other = "calendar" if clock == "business" else "business"
    return [
        helping.duration(
            measured,
            empty=empty,
            more={part: waiting, f"median_{other}": helping.minutes(beside.median)},
        )
        for measured, beside, waiting in zip(
            facts.durations(which, clock),
            facts.durations(which, other),
            facts.waiting(which),
            strict=True,
        )
    ]


def _duration_rows(window: Window, side: Side, params: Params, which: str) -> list[Rows]:
    rows = behind.durations if side == "numerator" else behind.measured
    return [rows(window, which=which, clock=_clock(params))]


def _first_response(facts: Facts, params: Params) -> list[Result]:
    return _durations(facts, "first_reply", params, empty="no_replies", part="unanswered")


FIRST_RESPONSE_TIME = Definition(
    kpi="first_response_time",
    name=_("Time to first reply"),
    words=_(
        "From the opening of a ticket to the first reply that a person of ours wrote, of tickets "
        "first replied to in the period: the median. Automatic mail and notes are no replies."
    ),
    formula=_("median of (first reply − opening)"),
    theme=Theme.HELPING,
    unit="minutes",
    better="down",
    compared=Compared.SUMS,
    empty="no_replies",
    facts={"ticket": Reach.OWN},
    compute=_first_response,
    rows=lambda window, side, params, _facts: _duration_rows(window, side, params, "first_reply"),
    params={"clock": CLOCKS},
    numerator=_("Minutes to the first reply"),
    denominator=_("Tickets first replied to"),
)


def _which(params: Params) -> str:
    return str(params.get("which", "first"))


def _resolution(facts: Facts, params: Params) -> list[Result]:
    return _durations(facts, _which(params), params, empty="no_resolved_tickets", part="still_open")


RESOLUTION_TIME = Definition(
    kpi="resolution_time",
    name=_("Time to solution"),
    words=_(
        "From the opening of a ticket to its first solution, of tickets first solved in the period: "
        "the median. A solution before the opening is invalid, counted apart and left out."
    ),
    formula=_("median of (first solution − opening)"),
    theme=Theme.HELPING,
    unit="minutes",
    better="down",
    compared=Compared.SUMS,
    empty="no_resolved_tickets",
    facts={"ticket": Reach.OWN},
    compute=_resolution,
    rows=lambda window, side, params, _facts: _duration_rows(window, side, params, _which(params)),
    params={"which": _one_of("first", "full"), "clock": CLOCKS},
    numerator=_("Minutes to the solution"),
    denominator=_("Tickets solved"),
)


def _days(params: Params) -> int:
    return int(params.get("window_days", WINDOW_DAYS))


def _after(params: Params) -> str:
    return {"first_reply": "first_replied_at"}.get(params.get("after", ""), "first_resolved_at")


def _recontact(facts: Facts, params: Params) -> list[Result]:
    solved = facts.solved(
        days=_days(params), same_topic=params.get("same_topic", False), at=_after(params)
    )
    return [
        helping.share_of_resolved(one.recontacted, one.complete, pending=one.pending)
        for one in solved
    ]


def _recontact_rows(window: Window, side: Side, params: Params, facts: Facts) -> list[Rows]:
    at, days = _after(params), _days(params)
    tickets = behind.solved(window, at=at, days=days, as_of=facts.as_of)
    if side == "numerator":
        back = behind.came_back(at, days, same_topic=params.get("same_topic", False))
        tickets = tickets.filter(back)
    return [Rows("ticket", tickets)]


RECONTACT_RATE = Definition(
    kpi="recontact_rate",
    name=_("Customers who had to come back"),
    words=_(
        "Of the tickets first solved in the period, the share whose customer came back within seven "
        "days: the ticket was opened again, or they opened another. Those whose seven days are not "
        "over yet are pending and count in neither."
    ),
    formula=_("solutions followed by a return ÷ solutions whose time is over"),
    theme=Theme.HELPING,
    unit="ratio",
    better="down",
    compared=Compared.PROPORTION,
    empty="no_resolved_tickets",
    facts={"ticket": Reach.WEEK_BEFORE},
    compute=_recontact,
    rows=_recontact_rows,
    params={
        "window_days": whole,
        "same_topic": yes_or_no,
        "after": _one_of("first_reply", "resolution"),
    },
    numerator=_("Solutions followed by a return"),
    denominator=_("Solutions whose time is over"),
)


def _first_contact(facts: Facts, params: Params) -> list[Result]:
    solved = facts.solved(days=_days(params), same_topic=False, at="first_resolved_at")
    return [
        helping.share_of_resolved(one.at_first_contact, one.complete, pending=one.pending)
        for one in solved
    ]


def _first_contact_rows(window: Window, side: Side, params: Params, facts: Facts) -> list[Rows]:
    at, days = "first_resolved_at", _days(params)
    tickets = behind.solved(window, at=at, days=days, as_of=facts.as_of)
    if side == "numerator":
        back = behind.came_back(at, days, same_topic=False)
        tickets = tickets.filter(behind.at_one_contact()).exclude(back)
    return [Rows("ticket", tickets)]


FIRST_CONTACT_RESOLUTION = Definition(
    kpi="first_contact_resolution",
    name=_("Solved at first contact"),
    words=_(
        "Of the tickets first solved in the period, the share solved with one reply, or on the "
        "phone, whose customer did not come back within seven days."
    ),
    formula=_("solved with one reply and no return ÷ solutions whose time is over"),
    theme=Theme.HELPING,
    unit="ratio",
    better="up",
    compared=Compared.PROPORTION,
    empty="no_resolved_tickets",
    facts={"ticket": Reach.WEEK_BEFORE},
    compute=_first_contact,
    rows=_first_contact_rows,
    params={"window_days": whole},
    numerator=_("Solved with one reply and no return"),
    denominator=_("Solutions whose time is over"),
)


def _targets(facts: Facts, params: Params) -> list[Result]:
    only = params.get("target")
    return [
        helping.sla_attainment(
            {kind: both for kind, both in decided.items() if only in {None, kind}}
        )
        for decided in facts.targets
    ]


def _target_rows(window: Window, side: Side, params: Params, facts: Facts) -> list[Rows]:
    rows = behind.targets(window, as_of=facts.as_of, met=side == "numerator")
    if kind := params.get("target"):
        return [Rows("target", rows.queryset.filter(kind=kind))]
    return [rows]


SLA_ATTAINMENT = Definition(
    kpi="sla_attainment",
    name=_("Service levels kept"),
    words=_(
        "Of the due times for first replies, further replies and solutions that were decided in the "
        "period, the share that was met. One that is overdue is missed."
    ),
    formula=_("due times met ÷ due times met or missed"),
    theme=Theme.HELPING,
    unit="ratio",
    better="up",
    compared=Compared.PROPORTION,
    empty="no_targets",
    facts={"target": Reach.OWN},
    compute=_targets,
    rows=_target_rows,
    params={"target": _one_of(*SlaTarget.Kind.values)},
    numerator=_("Due times met"),
    denominator=_("Due times met or missed"),
)


def _backlog(facts: Facts, _params: Params) -> list[Result]:
    return [helping.backlog(one.ages, ever=one.ever) for one in facts.backlog]


BACKLOG = Definition(
    kpi="backlog",
    name=_("Open tickets"),
    words=_("Tickets that are open when the period ends (now, for a running one), by their age."),
    formula=_("tickets open at the end"),
    theme=Theme.HELPING,
    unit="count",
    better="down",
    compared=Compared.SUMS,
    empty="no_tickets",
    facts={"backlog": Reach.OWN},
    compute=_backlog,
    rows=lambda window, side, _params, _facts: (
        [behind.open_at(window.end)] if side == "numerator" else []
    ),
    numerator=_("Open tickets"),
)


def _promise_kept(facts: Facts, _params: Params) -> list[Result]:
    return [helping.promise_kept(kept, due) for kept, due in facts.promises]


PROMISE_KEPT = Definition(
    kpi="promise_kept",
    name=_("Promises kept"),
    words=_("Of the promises to customers that were due in the period, the share kept in time."),
    formula=_("promises kept in time ÷ promises due"),
    theme=Theme.HELPING,
    unit="ratio",
    better="up",
    compared=Compared.PROPORTION,
    empty="no_promises",
    facts={"promise": Reach.OWN},
    compute=_promise_kept,
    rows=lambda window, side, _params, _facts: [behind.promises(window, kept=side == "numerator")],
    numerator=_("Promises kept in time"),
    denominator=_("Promises due"),
)
