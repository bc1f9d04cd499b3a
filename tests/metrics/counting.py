"""Figures stored for the periods that a test looks at, and no others: counting all of them takes long."""

from collections.abc import Sequence
from datetime import date, datetime

from django.utils import timezone

from metrics import periods
from metrics.definitions import STORED, Definition
from metrics.engine.computing import computed
from metrics.models import Grain, Mark, Snapshot
from metrics.periods import Period
from staff.models import Business


def count(
    shown: Sequence[Period], now: datetime, definitions: Sequence[Definition] = STORED
) -> None:
    """Of one grain."""
    Snapshot.objects.filter(
        grain=shown[0].grain, starts_on__in=[p.starts_on for p in shown]
    ).delete()
    made = computed(definitions, shown, now).values()
    Snapshot.objects.bulk_create(one.snapshot for one in made if not one.is_empty)
    Mark.objects.all().delete()


def count_months(first_on: date, last_on: date) -> None:
    zone = Business.objects.get().zone
    count(list(periods.between(first_on, last_on, Grain.MONTH, zone)), timezone.now())
