"""This room's own lists on a person's Today page: their customers, and those whom nobody looks after."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Contract, Customer, LossReason, Tenure
from crm.registry import TODAY_LISTS, TodayList
from staff.access import acting_user
from staff.prepared import PreparedFor

if TYPE_CHECKING:
    from django.http import HttpRequest

    from staff.models import User

MOST = 8
SILENCE_AHEAD = timedelta(days=30)
CONTRACTS_AHEAD = timedelta(days=45)


def mine(user: User) -> Q:
    return Q(customer__owner=user) | Q(customer__owner=None)


def gone_quiet(request: HttpRequest) -> dict[str, Any] | None:
    """Customers who count as lost soon unless they buy, the soonest first."""
    now = timezone.now()
    tenures = QUIET.all(acting_user(request), now, now + SILENCE_AHEAD)
    return {"tenures": tenures} if tenures else None


def _quiet(user: User, now: datetime, until: datetime) -> QuerySet[Tenure]:
    return (
        Tenure.objects.filter(
            mine(user),
            customer__archived_at=None,
            customer__stage=Customer.Stage.CUSTOMER,
            end_reason=LossReason.SILENCE,
            ended_at__gt=now,
            ended_at__lte=until,
        )
        .select_related("customer")
        .order_by("ended_at", "pk")[:MOST]
    )


# On a page that is opened all day, composing it would cost more than asking.
QUIET = PreparedFor(_quiet, datetime, datetime)


def ending(user: User) -> QuerySet[Contract]:
    """Contracts of their customers that nobody has renewed or cancelled, by the day they end."""
    contracts = Contract.objects.filter(
        mine(user), customer__archived_at=None, cancelled_on=None, renewed_by=None
    )
    return contracts.select_related("customer").order_by("ends_on", "pk")


def contracts_ending(request: HttpRequest) -> dict[str, Any] | None:
    today = timezone.localdate()
    soon = ending(acting_user(request)).filter(
        ends_on__gt=today, ends_on__lte=today + CONTRACTS_AHEAD
    )
    contracts = list(soon[:MOST])
    return {"contracts": contracts} if contracts else None


def register() -> None:
    """Called from CrmConfig.ready."""
    TODAY_LISTS.register(
        TodayList("crm.quiet", _("Going quiet"), "crm/today/quiet.html", gone_quiet, order=30)
    )
    TODAY_LISTS.register(
        TodayList(
            "crm.contracts",
            _("Contracts that end soon"),
            "crm/today/contracts.html",
            contracts_ending,
            order=40,
        )
    )
