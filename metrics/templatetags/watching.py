"""What looks at the figures, on the pages of figures."""

from __future__ import annotations

from typing import Any

from django import template

from metrics.alerts import judging
from metrics.definitions import Definition
from metrics.models import Alert, Finding
from staff.access import Role
from staff.pages import capped_counts

register = template.Library()


@register.inclusion_tag("metrics/_watching.html", takes_context=True)
def watching(context: template.Context) -> dict[str, Any]:
    """How many findings wait, and how many figures are outside their band. One query."""
    counts = capped_counts(
        {
            "findings": Finding.objects.filter(state=Finding.State.OPEN),
            "alerts": Alert.objects.filter(is_active=True).exclude(state=Alert.State.INSIDE),
        }
    )
    return {name: count.number for name, count in counts.items()}


@register.inclusion_tag("metrics/_alerts_of.html", takes_context=True)
def alerts_of(context: template.Context, definition: Definition) -> dict[str, Any]:
    """The alerts that watch a metric, and the way to one more for those who may set it. Two queries."""
    business, user = context["business"], context["request"].user
    rows = Alert.objects.filter(kpi=definition.kpi).order_by("pk")
    return {
        "definition": definition,
        "shown": judging.shown(business, rows),
        "business": business,
        "may_write": definition.is_stored and user.role >= Role.MANAGER,
    }
