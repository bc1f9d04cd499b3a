"""Where findings show on other rooms' pages: Today, the list of customers, the trail of changes."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.registry import CUSTOMER_FILTERS, TODAY_LISTS, CustomerFilterEntry, TodayList
from metrics.findings.rules import RULES
from metrics.findings.showing import open_findings
from metrics.models import Finding
from staff import audit
from staff.access import Role, acting_user

ON_TODAY = 4


def today(request: HttpRequest) -> dict[str, Any] | None:
    """For those who decide about them; everybody else has their own day. One query."""
    if not acting_user(request).has_role(Role.MANAGER):
        return None
    found = open_findings(request.business, ON_TODAY + 1)  # type: ignore[attr-defined]
    if not found:
        return None
    return {"findings": found[:ON_TODAY], "more": len(found) > ON_TODAY}


def _about(customers: Any, _name: str, value: Any) -> Any:
    evidence = (
        Finding.objects.filter(pk=int(value)).values_list("evidence", flat=True).first() or {}
    )
    return customers.filter(pk__in=evidence.get("customers", []))


def _words(value: Any) -> str:
    kind = Finding.objects.filter(pk=int(value)).values_list("kind", flat=True).first()
    name = RULES[kind].name if kind in RULES else "—"
    return str(_("of the finding “%(name)s”")) % {"name": name}


def _make() -> django_filters.Filter:
    # Reached from the finding's page: nobody knows its number.
    return django_filters.NumberFilter(
        method=_about, label="", min_value=1, max_value=2**31, widget=forms.HiddenInput
    )


def register() -> None:
    """Called from metrics.watching."""
    TODAY_LISTS.register(
        TodayList(
            "metrics.findings",
            _("What the figures say"),
            "metrics/_today_findings.html",
            today,
            order=60,
        )
    )
    CUSTOMER_FILTERS.register(CustomerFilterEntry("finding", _make, _words, group="open", order=90))
    audit.shown_at({"metrics.finding": "metrics:finding"})
    audit.describe(
        {
            "finding.act": _("made a task of a finding"),
            "finding.dismiss": _("dismissed a finding"),
            "finding.reopen": _("opened a finding again"),
            "finding.snooze": _("put a finding off"),
        }
    )
