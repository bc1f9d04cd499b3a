"""Customers likely gone: quiet for longer than they ever were, by their own rhythm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.models import Order
from metrics.findings.rule import MOST, Evidence, Looking, Rule, Seen, Telling, Words
from metrics.sql import as_stored, epoch, fetch, greatest
from staff.formats import number

# A rhythm needs so many pauses between purchases.
PAUSES = 3
# Quiet for less is nobody's rhythm.
SHORTEST = timedelta(days=21)
# Twice their usual pause, and longer than any they ever made.
USUAL_TIMES = 2
YEAR = timedelta(days=365)


def look(looking: Looking) -> Sequence[Seen]:
    quiet = likely_gone(looking)
    income = _income(quiet, looking)
    starts_on, ends_on = looking.days(365)
    first = sorted(quiet, key=lambda pk: (-income.get(pk, 0), pk))
    return [
        Seen(
            speaks=bool(quiet),
            measure=len(quiet),
            starts_on=starts_on,
            ends_on=ends_on,
            evidence={"income": sum(income.values()) / 1_000_000, "customers": first[:MOST]},
            weight=60 + min(len(quiet), 9),
        )
    ]


def likely_gone(looking: Looking) -> list[int]:
    """Customers by purchase alone whose silence is longer than their own rhythm explains.

    Whoever wrote or called meanwhile isn't silent.
    """
    at = epoch("o.ordered_at")
    quiet = f"(%s - {greatest('MAX(at)', 'MAX(heard)')})"
    moment = int(looking.now.timestamp())
    statement = f"""
        WITH bought AS (
            SELECT o.customer_id AS customer, {at} AS at,
                   {at} - LAG({at}) OVER (
                       PARTITION BY o.customer_id ORDER BY o.ordered_at, o.id
                   ) AS pause,
                   COALESCE({epoch("c.last_inbound_at")}, 0) AS heard
            FROM crm_order o JOIN crm_customer c ON c.id = o.customer_id
            WHERE o.total > 0 AND c.archived_at IS NULL
              AND c.last_order_at < %s
              AND EXISTS (
                  SELECT 1 FROM crm_tenure t WHERE t.customer_id = c.id
                  AND t.end_reason = 'silence' AND t.ended_at > %s
              )
        )
        SELECT customer FROM bought GROUP BY customer
        HAVING COUNT(pause) >= {PAUSES} AND {quiet} > {int(SHORTEST.total_seconds())}
           AND {quiet} > {USUAL_TIMES} * SUM(pause) / COUNT(pause) AND {quiet} > MAX(pause)
        ORDER BY customer
    """  # noqa: S608 (our own words; values are parameters)
    latest, stands = as_stored(looking.now - SHORTEST), as_stored(looking.now)
    rows = fetch(statement, [latest, stands, moment, moment, moment])
    return [int(customer) for (customer,) in rows]


def _income(customers: Sequence[int], looking: Looking) -> dict[int, int]:
    """Of the last twelve months, in millionths of the business's currency."""
    found: dict[int, int] = {}
    for start in range(0, len(customers), 500):
        orders = Order.objects.filter(
            customer__in=customers[start : start + 500], ordered_at__gte=looking.now - YEAR
        )
        sums = orders.order_by().values("customer").annotate(income=Sum("total_micros"))
        found |= {row["customer"]: int(row["income"] or 0) for row in sums}
    return found


def tell(evidence: Evidence, words: Words) -> Telling:
    count = int(evidence["measure"])
    quiet = ngettext(
        "%(count)s customer has been quiet for more than twice their usual pause, and longer than ever.",
        "%(count)s customers have been quiet for more than twice their usual pause, and longer than ever.",
        count,
    ) % {"count": number(count)}
    income = _("Together they brought %(income)s in the last twelve months.") % {
        "income": words.money(evidence["income"])
    }
    return Telling(
        title=_("Customers are likely gone"),
        sentences=[
            quiet,
            income,
            _("They still count as customers: a word from you may come in time."),
        ],
        task=ngettext(
            "Write to %(count)s customer who has gone quiet",
            "Write to %(count)s customers who have gone quiet",
            count,
        )
        % {"count": number(count)},
    )


LIKELY_GONE = Rule(
    kind="likely_gone",
    name=gettext_lazy("Customers likely gone"),
    look=look,
    tell=tell,
    measured_in="count",
    due_days=7,
    is_heavy=True,
)
