"""Promises to customers that are late, or will be within a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.models import Task
from metrics.findings.rule import MOST, Evidence, Looking, Rule, Seen, Telling, Words
from staff.formats import number

AHEAD = timedelta(days=1)
# What is late for longer is broken: no reminder mends it.
BEHIND = 60


def look(looking: Looking) -> Sequence[Seen]:
    due = Task.objects.open().promised()
    soon = due.filter(
        due_at__gt=looking.now - timedelta(days=BEHIND), due_at__lte=looking.now + AHEAD
    )
    rows = list(soon.order_by("due_at", "pk").values_list("pk", "customer", "due_at")[: 5 * MOST])
    late = sum(1 for _pk, _customer, due_at in rows if due_at and due_at < looking.now)
    starts_on, ends_on = looking.days(BEHIND)
    return [
        Seen(
            speaks=bool(rows),
            measure=len(rows),
            starts_on=starts_on,
            ends_on=ends_on,
            evidence={
                "late": late,
                "tasks": [pk for pk, _customer, _due in rows][:MOST],
                "customers": list(dict.fromkeys(customer for _pk, customer, _due in rows))[:MOST],
            },
            weight=90 + min(late, 9),
        )
    ]


def tell(evidence: Evidence, words: Words) -> Telling:
    count, late = int(evidence["measure"]), evidence["late"]
    sentences = []
    if late:
        sentences.append(
            ngettext(
                "%(count)s promise is late.",
                "%(count)s promises are late.",
                late,
            )
            % {"count": number(late)}
        )
    if count > late:
        sentences.append(
            ngettext(
                "%(count)s more is due within a day.",
                "%(count)s more are due within a day.",
                count - late,
            )
            % {"count": number(count - late)}
            if late
            else ngettext(
                "%(count)s promise is due within a day.",
                "%(count)s promises are due within a day.",
                count,
            )
            % {"count": number(count)}
        )
    sentences.append(_("A customer who hears a new date in time forgives; one who waits doesn’t."))
    return Telling(
        title=_("Promises are about to be broken"),
        sentences=sentences,
        task=_("Keep the promises that are due, or say a new date"),
        links=[
            (_("Today"), reverse("crm:today")),
            (_("Promises kept, over time"), words.metric_url("promise_kept")),
        ],
    )


BREAKING = Rule(
    kind="promises_breaking",
    name=gettext_lazy("Promises about to break"),
    look=look,
    tell=tell,
    measured_in="count",
    due_days=1,
)
