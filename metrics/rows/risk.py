"""Customers whose income may leave, with what each brought in the twelve months to the end."""

from __future__ import annotations

from django.db.models import OuterRef, Q, Subquery, Sum

from crm.models import Order
from metrics.facts.orders import money
from metrics.periods import Window
from metrics.rows import customers
from metrics.rows.contracts import ending
from metrics.rows.listening import heard_lately, latest_score_in_year
from metrics.rows.section import Rows


def at_risk(window: Window, *, silent_days: int, ahead_days: int) -> Rows:
    """Customers at the end of whom one of the risks is true, and who bought in the twelve months."""
    year = window.year_to_end()
    bought = Order.objects.filter(
        customer=OuterRef("pk"), ordered_at__gte=year.start, ordered_at__lt=year.end
    )
    income = bought.order_by().values("customer").annotate(sum=Sum("total_micros"))
    rows = customers.at_end(window).queryset.annotate(
        latest=Subquery(latest_score_in_year(window).values("score")[:1]),
        income_of_a_year=Subquery(income.values("sum")),
    )
    risks = Q(latest__lte=6) | ~Q(heard_lately(window, silent_days)) | Q(ending(window, ahead_days))
    return Rows(
        "customer",
        rows.filter(risks, income_of_a_year__isnull=False),
        lambda customer: money(customer.income_of_a_year),
        is_money=True,
    )
