"""Do customers stay? All of it is counted from tenures at the two edges of a period."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction

from metrics.formulas.intervals import WILSON, wilson
from metrics.formulas.results import OK, Result, undefined

RATIO = "ratio"


def proportion(numerator: int, denominator: int, *, parts: dict[str, object]) -> Result:
    """A share of things counted, with Wilson's interval. The denominator must not be 0."""
    return Result(
        status=OK,
        value=Fraction(numerator, denominator),
        unit=RATIO,
        numerator=Fraction(numerator),
        denominator=Fraction(denominator),
        n=denominator,
        ci=wilson(numerator, denominator),
        ci_method=WILSON,
        parts=parts,
    )


@dataclass(frozen=True)
class TenureCounts:
    """Customers of a period [s, e), counted from tenures; the names are those of docs/metrics.

    `start`, `end`: active at the edge. `new`: first tenure ever starts inside. `lost`: at start and
    not at end. `retained`: at both. `new_and_lost`: new and not at end. `reactivated`: at end,
    neither at start nor new. `served`: active at any time. `left`: served and not at end.
    """

    start: int
    end: int
    new: int
    lost: int
    retained: int
    new_and_lost: int
    reactivated: int
    served: int
    left: int

    def __post_init__(self) -> None:
        grown = self.start + self.new - self.new_and_lost + self.reactivated - self.lost
        if grown != self.end or self.start != self.lost + self.retained:
            raise ValueError(f"Tenure counts contradict each other: {self}")


def customer_churn(counts: TenureCounts) -> Result:
    """Of those who were customers at the start, the share that no longer is at the end."""
    parts: dict[str, object] = {"counts": asdict(counts)}
    if counts.start == 0:
        return undefined(
            "no_customers_at_start", unit=RATIO, numerator=counts.lost, denominator=0, parts=parts
        )
    return proportion(counts.lost, counts.start, parts=parts)


def retention(counts: TenureCounts) -> Result:
    """Of those who were customers at the start, the share that still is at the end."""
    parts: dict[str, object] = {"counts": asdict(counts)}
    if counts.start == 0:
        return undefined(
            "no_customers_at_start",
            unit=RATIO,
            numerator=counts.retained,
            denominator=0,
            parts=parts,
        )
    # The shortcut that many texts give; it differs whenever someone came and went, or came back.
    naive = Fraction(counts.end - counts.new, counts.start)
    return proportion(
        counts.retained, counts.start, parts=parts | {"naive_end_minus_new_over_start": naive}
    )


def retention_as_published(counts: TenureCounts) -> Result:
    """(customers at the end − new ones) / customers at the end, as the founding text has it.

    It is no share of anything when someone new was lost at once or an old customer came back:
    it may even be negative, and then it has no interval.
    """
    kept = counts.end - counts.new
    parts: dict[str, object] = {
        "counts": asdict(counts),
        "differs": counts.end > 0
        and (counts.start == 0 or kept * counts.start != counts.retained * counts.end),
    }
    if counts.end == 0:
        return undefined(
            "no_customers_at_end", unit=RATIO, numerator=kept, denominator=0, parts=parts
        )
    if 0 <= kept <= counts.end:
        return proportion(kept, counts.end, parts=parts)
    return Result(
        status=OK,
        value=Fraction(kept, counts.end),
        unit=RATIO,
        numerator=Fraction(kept),
        denominator=Fraction(counts.end),
        n=counts.end,
        parts=parts,
    )


def turnover(counts: TenureCounts) -> Result:
    """Of all who were customers at any time of the period, the share that no longer is at its end.

    Beside it the published form: those lost of the opening customers / all customers of the period.
    """
    parts: dict[str, object] = {"counts": asdict(counts)}
    if counts.served == 0:
        return undefined(
            "no_customers_served",
            unit=RATIO,
            numerator=0,
            denominator=0,
            parts=parts | {"turnover_as_published": None},
        )
    published = Fraction(counts.lost, counts.served)
    return proportion(
        counts.left, counts.served, parts=parts | {"turnover_as_published": published}
    )


# What ends a subscription, in the order in which two at the same moment count.
LEAVING = ("unsubscribe", "hard_bounce", "complaint", "inactive")


def email_list_churn(opening: int, left: Mapping[str, int]) -> Result:
    """Of the subscribers at the start, the share that left, each by the first cause."""
    by_cause = {cause: left.get(cause, 0) for cause in LEAVING}
    gone = sum(by_cause.values())
    parts: dict[str, object] = {"by_cause": by_cause}
    if opening == 0:
        return undefined(
            "no_subscribers_at_start", unit=RATIO, numerator=gone, denominator=0, parts=parts
        )
    return proportion(gone, opening, parts=parts)


def email_list_churn_as_published(events: Mapping[str, int], subscribers: int) -> Result:
    """The founding text's: the four counts added, over all subscribers of the period.

    Somebody may be in several counts, so it is no proportion, has no interval, and may exceed 1.
    """
    by_cause = {cause: events.get(cause, 0) for cause in LEAVING}
    added = sum(by_cause.values())
    parts: dict[str, object] = {"by_cause": by_cause}
    if subscribers == 0:
        return undefined("no_subscribers", unit=RATIO, numerator=added, denominator=0, parts=parts)
    return Result(
        status=OK,
        value=Fraction(added, subscribers),
        unit=RATIO,
        numerator=Fraction(added),
        denominator=Fraction(subscribers),
        n=subscribers,
        ci=None,
        ci_method=None,
        parts=parts,
    )
