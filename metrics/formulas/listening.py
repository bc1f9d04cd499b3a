"""How much a business listens: contact, questions, silence, replies, money and training for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from metrics.formulas.intervals import DELTA_RATIO, RatioSums
from metrics.formulas.keeping import RATIO, proportion
from metrics.formulas.losses import COUNT
from metrics.formulas.results import MISSING_FX_RATE, OK, Result, undefined

PER_MONTH = "per_month"
HOURS = "hours"


@dataclass(frozen=True)
class Talked:
    """Interactions with customers served in a period: by direction, by channel, and Σ of squares
    per customer."""

    by_direction: Mapping[str, int] = field(default_factory=dict)
    by_channel: Mapping[str, int] = field(default_factory=dict)
    squares: int = 0

    @property
    def total(self) -> int:
        return sum(self.by_direction.values())


def contact_frequency(talked: Talked, *, served: int, months: Fraction) -> Result:
    """Interactions with customers served / (customers served × months of the period).

    The interval is that of a ratio of sums over customers. Undefined without customers, and in a period
    that has only just begun.
    """
    parts: dict[str, object] = {
        "from_them": talked.by_direction.get("in", 0),
        "from_us": talked.by_direction.get("out", 0),
        "by_channel": dict(sorted(talked.by_channel.items())),
        "customers": served,
    }
    if served == 0 or months == 0:
        return undefined("no_customers_served", unit=PER_MONTH, numerator=0, denominator=0)
    total, weight = Fraction(talked.total), float(months)
    sums = RatioSums(
        n=served,
        x=total,
        y=served * months,
        xx=float(talked.squares),
        xy=float(total) * weight,
        yy=served * weight * weight,
    )
    error, interval = sums.standard_error(), sums.interval()
    return Result(
        status=OK,
        value=sums.x / sums.y,
        unit=PER_MONTH,
        numerator=sums.x,
        denominator=sums.y,
        n=served,
        ci=interval,
        ci_method=DELTA_RATIO if interval else None,
        parts=parts if error is None else parts | {"standard_error": error},
    )


def listening_coverage(*, asked: int, answered: int, served: int) -> Result:
    """Of the customers served, the share asked for their opinion in the twelve months to the end.

    Beside it the share that gave it in them, asked or not.
    """
    if served == 0:
        return undefined("no_customers_served", unit=RATIO, numerator=0, denominator=0)
    share = Fraction(answered, served)
    return proportion(asked, served, parts={"answered": answered, "answered_share": share})


def silent_customers(heard: int, *, served: int) -> Result:
    """How many of the customers served nothing passed with for some days before the end."""
    if served == 0:
        return undefined("no_customers_served", unit=COUNT)
    silent = served - heard
    return Result(
        status=OK,
        value=Fraction(silent),
        unit=COUNT,
        numerator=Fraction(silent),
        n=served,
        parts={"served": served, "silent_share": Fraction(silent, served)},
    )


@dataclass(frozen=True)
class Spoken:
    """What people said in a period: complaints, suggestions and detractors' answers whose days for a
    reply are over (`complete`), those of them without one, and those whose days still run."""

    complete: int = 0
    unanswered_feedback: int = 0
    unanswered_detractors: int = 0
    pending: int = 0


def unanswered_feedback(spoken: Spoken) -> Result:
    """How many of the period's feedback and detractors got no reply within their days.

    Undefined when nobody said anything whose days are over.
    """
    parts: dict[str, object] = {
        "complete": spoken.complete,
        "without_feedback": spoken.unanswered_feedback,
        "without_detractors": spoken.unanswered_detractors,
        "pending": spoken.pending,
    }
    if spoken.complete == 0:
        status = "no_complete_feedback" if spoken.pending else "no_feedback"
        return undefined(status, unit=COUNT, parts=parts)
    count = Fraction(spoken.unanswered_feedback + spoken.unanswered_detractors)
    return Result(
        status=OK, value=count, unit=COUNT, numerator=count, n=spoken.complete, parts=parts
    )


def experience_budget(by_purpose: Mapping[str, Fraction], *, missing_rates: int = 0) -> Result:
    """Costs with purpose experience or training / all costs accrued in the period."""
    if missing_rates:
        return undefined(MISSING_FX_RATE, unit=RATIO, parts={"missing_rates": missing_rates})
    spent = sum(by_purpose.values(), Fraction(0))
    own = {name: by_purpose.get(name, Fraction(0)) for name in ("experience", "training")}
    parts: dict[str, object] = {f"on_{name}": amount for name, amount in own.items()}
    if spent == 0:
        return undefined("no_costs", unit=RATIO, numerator=0, denominator=0)
    total = sum(own.values(), Fraction(0))
    return Result(
        status=OK,
        value=total / spent,
        unit=RATIO,
        numerator=total,
        denominator=spent,
        parts=parts,
    )


def training_hours(hours: Fraction, *, people: int, trained: int) -> Result:
    """Hours of training held in the period / people who meet customers.

    `trained`: how many people took part. A true 0 when nobody did.
    """
    parts: dict[str, object] = {"people": people, "trained": trained}
    if people == 0:
        return undefined("nobody_meets_customers", unit=HOURS, numerator=hours, denominator=0)
    return Result(
        status=OK,
        value=hours / people,
        unit=HOURS,
        numerator=hours,
        denominator=Fraction(people),
        n=people,
        parts=parts,
    )
