"""How much of a year's income hangs on customers who are unhappy or silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.models import Customer, Order
from metrics.findings.rule import MOST, Evidence, Looking, Rule, Seen, Telling, Words
from staff.formats import number, percent
from surveys.models import Response
from surveys.scores import LOW, bounds

YEAR = timedelta(days=365)
SILENT = timedelta(days=90)
# A tenth of the income of a year is worth a word; of one or two customers it is their story.
SHARE, FEW = 0.1, 3


def look(looking: Looking) -> Sequence[Seen]:
    since = looking.now - YEAR
    orders = Order.objects.filter(ordered_at__gte=since)
    customers = {"detractors": detractors(since), "silent": silent(looking)}
    sums = {name: _income(orders.filter(customer__in=rows)) for name, rows in customers.items()}
    both = Q(customer__in=customers["detractors"]) | Q(customer__in=customers["silent"])
    total, held = _income(orders), _income(orders.filter(both))
    if total <= 0:
        return []
    most = orders.filter(both).order_by().values("customer").annotate(income=Sum("total_micros"))
    holders = most.count()
    # Amounts without an exchange rate make no income known: last, on either database.
    by_income = F("income").desc(nulls_last=True)
    first = [row["customer"] for row in most.order_by(by_income, "customer")[:MOST]]
    starts_on, ends_on = looking.days(365)
    share = held / total
    return [
        Seen(
            speaks=share >= SHARE and holders >= FEW,
            measure=share,
            starts_on=starts_on,
            ends_on=ends_on,
            evidence={
                "held": held / 1_000_000,
                **{name: income / 1_000_000 for name, income in sums.items()},
                "holders": holders,
                "customers": first,
            },
            weight=55 + min(30 * share, 15),
        )
    ]


def detractors(since: object) -> QuerySet[Customer]:
    """Customers whose last answer since then says that they would not recommend us."""
    valid = Response.objects.counted().filter(kind="nps", answered_at__gte=since)
    later = valid.filter(
        Q(answered_at__gt=OuterRef("answered_at"))
        | Q(answered_at=OuterRef("answered_at"), pk__gt=OuterRef("pk")),
        customer=OuterRef("customer"),
    )
    last = valid.filter(~Exists(later), score__range=bounds("nps", LOW), customer__isnull=False)
    return _living().filter(pk__in=last.values("customer")).order_by().values("pk")  # type: ignore[return-value]


def silent(looking: Looking) -> QuerySet[Customer]:
    """Customers with whom nothing has passed for long, either way."""
    border = looking.now - SILENT
    quiet = _living()
    for name in ("last_inbound_at", "last_outbound_at", "last_order_at"):
        quiet = quiet.filter(Q(**{name: None}) | Q(**{f"{name}__lt": border}))
    return quiet.order_by().values("pk")  # type: ignore[return-value]


def _living() -> QuerySet[Customer]:
    return Customer.objects.active().filter(stage=Customer.Stage.CUSTOMER)


def _income(orders: QuerySet[Order]) -> int:
    """In millionths of the business's currency."""
    return int(orders.aggregate(income=Sum("total_micros"))["income"] or 0)


def tell(evidence: Evidence, words: Words) -> Telling:
    share = _("Unhappy and silent customers hold %(held)s, %(share)s of the year’s income.") % {
        "held": words.money(evidence["held"]),
        "share": percent(evidence["measure"]),
    }
    parts = _(
        "Those who would not recommend you: %(detractors)s; those quiet for 90 days: %(silent)s."
    )
    holders = ngettext(
        "It is %(count)s customer: few enough to be called.",
        "It is %(count)s customers, those first who bring most.",
        evidence["holders"],
    )
    return Telling(
        title=_("Income hangs on unhappy and silent customers"),
        sentences=[
            share,
            parts
            % {
                "detractors": words.money(evidence["detractors"]),
                "silent": words.money(evidence["silent"]),
            },
            holders % {"count": number(evidence["holders"])},
        ],
        task=_("Call the unhappy and silent customers who bring most"),
    )


REVENUE_HELD = Rule(
    kind="revenue_held",
    name=gettext_lazy("Income at risk"),
    look=look,
    tell=tell,
    measured_in="share",
    due_days=14,
    is_heavy=True,
)
