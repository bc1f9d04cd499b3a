"""What this room adds to the filters of the customer list: what their last NPS answer was."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.registry import CUSTOMER_FILTERS, CustomerFilterEntry
from surveys.models import Invitation, Response
from surveys.scores import HIGH, LOW, MIDDLE, bounds

NEVER = "never"
GROUPS = {"detractor": LOW, "passive": MIDDLE, "promoter": HIGH}
CHOICES = [
    ("detractor", gettext_lazy("Detractors")),
    ("passive", gettext_lazy("Passives")),
    ("promoter", gettext_lazy("Promoters")),
    (NEVER, gettext_lazy("Never asked")),
]
WORDS = {
    "detractor": pgettext_lazy("customers", "who are detractors"),
    "passive": pgettext_lazy("customers", "who are passives"),
    "promoter": pgettext_lazy("customers", "who are promoters"),
    NEVER: pgettext_lazy("customers", "never asked whether they would recommend you"),
}


def _in_group(customers: Any, _name: str, value: str) -> Any:
    valid = Response.objects.filter(kind="nps", validity=Response.Validity.VALID)
    own = valid.filter(customer=OuterRef("pk"))
    if value == NEVER:
        asked = Invitation.objects.filter(customer=OuterRef("pk"), survey__kind="nps")
        sent = asked.exclude(state=Invitation.State.CANCELLED)
        return customers.filter(~Exists(sent), ~Exists(own))
    later = valid.filter(
        Q(answered_at__gt=OuterRef("answered_at"))
        | Q(answered_at=OuterRef("answered_at"), pk__gt=OuterRef("pk")),
        customer=OuterRef("customer"),
    )
    last = valid.filter(~Exists(later), score__range=bounds("nps", GROUPS[value]))
    return customers.filter(pk__in=last.filter(customer__isnull=False).values("customer"))


def _make() -> django_filters.Filter:
    return django_filters.ChoiceFilter(
        choices=CHOICES,
        method=_in_group,
        label=gettext_lazy("Would they recommend you?"),
        empty_label=gettext_lazy("Any"),
    )


def _words(value: str) -> str:
    return str(WORDS[value])


def register() -> None:
    """Called from SurveysConfig.ready."""
    CUSTOMER_FILTERS.register(CustomerFilterEntry("nps", _make, _words, group="who", order=40))
