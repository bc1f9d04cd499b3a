"""What came of a survey: counts and answers of its results page, each a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from django.conf import settings
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    Model,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Customer
from surveys import registry
from surveys.models import Click, Invitation, Response, Skip, Survey, Tagging
from surveys.querysets import ResponseQuerySet
from surveys.scores import group_of

Row = TypeVar("Row", bound=Model)
StrOrPromise = str | Promise
# Answers by score.
Histogram = dict[int, int]
# With fewer answers than this there are answers to read, but no score.
FEW = 5
# Rows of a breakdown: more are a list, not an overview.
MOST_PARTS = 20


@dataclass(frozen=True)
class Outcomes:
    """What became of those who were to be asked."""

    invited: int
    waiting: int
    sent: int
    bounced: int
    delivered: int
    answered: int
    opened_only: int


@dataclass(frozen=True)
class Scored:
    """Some of the answers: how many of each group, and their figures."""

    groups: list[tuple[str, int]]
    figures: list[registry.Figure]

    @property
    def n(self) -> int:
        return sum(count for _group, count in self.groups)


@dataclass(frozen=True)
class Month(Scored):
    on: date


@dataclass(frozen=True)
class Part(Scored):
    name: str


@dataclass(frozen=True)
class TagPart(Scored):
    """`before`: how many in the time before; None when there was none."""

    tag_id: int
    name: str
    before: int | None


@dataclass(frozen=True)
class Breakdown:
    """What of the customer the answers are told apart by, and a value of it in words."""

    label: StrOrPromise
    column: str
    words: Callable[[str], str]


def _language(code: str) -> str:
    return str(_LANGUAGE_NAMES.get(code) or _unknown(code))


def _unknown(value: str) -> str:
    return value or _("unknown")


def _stage(value: str) -> str:
    return str(dict(Customer.Stage.choices).get(value, value))


_LANGUAGE_NAMES = dict(settings.LANGUAGES)
BREAKDOWNS: dict[str, Breakdown] = {
    "language": Breakdown(gettext_lazy("Language"), "language", _language),
    "source": Breakdown(gettext_lazy("Source"), "customer__source", _unknown),
    "owner": Breakdown(gettext_lazy("Owner"), "customer__owner__name", _unknown),
    "stage": Breakdown(gettext_lazy("Stage"), "customer__stage", _stage),
    "tag": Breakdown(gettext_lazy("Tag of the customer"), "customer__tags__name", _unknown),
    "city": Breakdown(gettext_lazy("City"), "customer__city", _unknown),
}


@dataclass(frozen=True)
class Bar:
    score: int
    group: str
    count: int


@dataclass(frozen=True)
class Scope:
    """Which answers: to a survey, from an instant on (and before `until`), of some customers alone."""

    survey: Survey
    since: datetime | None = None
    until: datetime | None = None
    customers: QuerySet[Customer] | None = None

    def before(self) -> Scope | None:
        """The same length of time before it; None for all time."""
        if self.since is None:
            return None
        length = (self.until or timezone.now()) - self.since
        return replace(self, since=self.since - length, until=self.since)

    def of(self, rows: QuerySet[Row], at: str, survey: str = "survey") -> QuerySet[Row]:
        """Rows of a model with a customer that belong to it by their instant `at`."""
        asked: dict[str, object] = {survey: self.survey}
        if self.since:
            asked[f"{at}__gte"] = self.since
        if self.until:
            asked[f"{at}__lt"] = self.until
        if self.customers is not None:
            asked["customer__in"] = self.customers.values("pk")
        return rows.filter(**asked)


def answers(scope: Scope) -> ResponseQuerySet:
    return scope.of(Response.objects.all(), "answered_at")  # type: ignore[return-value]


def scored(scope: Scope) -> ResponseQuerySet:
    """The answers that make a score: of an NPS the latest of each customer, else all.

    Answers of nobody in particular (public page, anonymous) all count, in a score of their own.
    """
    counted = answers(scope).counted()
    if scope.survey.kind != Survey.Kind.NPS:
        return counted
    later = answers(scope).counted()
    later = later.filter(
        Q(answered_at__gt=OuterRef("answered_at"))
        | Q(answered_at=OuterRef("answered_at"), pk__gt=OuterRef("pk")),
        customer=OuterRef("customer"),
    )
    return counted.filter(~Exists(later))


def histograms(scope: Scope) -> tuple[Histogram, Histogram]:
    """Answers by score: those of customers, and those of nobody in particular."""
    rows = (
        scored(scope)
        .annotate(is_nobodys=ExpressionWrapper(Q(customer=None), BooleanField()))
        .values_list("is_nobodys", "score")
        .annotate(count=Count("pk"))
        .order_by()
    )
    found: tuple[Histogram, Histogram] = ({}, {})
    for is_nobodys, score, count in rows:
        if score is not None:
            found[bool(is_nobodys)][score] = count
    return found


def bars(survey: Survey, counts: Histogram) -> list[Bar]:
    low, high = survey.scale
    return [
        Bar(score, group_of(survey.kind, score), counts.get(score, 0))
        for score in range(low, high + 1)
    ]


def groups(kind: str, counts: Histogram) -> list[tuple[str, int]]:
    """Counts of the groups low, middle, high, as {% distribution %} takes them."""
    found: Counter[str] = Counter()
    for score, count in counts.items():
        found[group_of(kind, score)] += count
    return [(group, found[group]) for group in ("low", "middle", "high")]


def outcomes(scope: Scope) -> Outcomes:
    elsewhere = Invitation.State.ELSEWHERE
    invitations = scope.of(Invitation.objects.exclude(state=elsewhere), "created_at")
    delivered = Q(sent_at__isnull=False, bounced_at=None)
    answered = Q(Exists(Response.objects.counted().filter(invitation=OuterRef("pk"))))
    if scope.survey.is_anonymous:  # no answer says whose it is
        answered |= Q(state=Invitation.State.ANSWERED)
    opened = Q(Exists(Click.objects.filter(invitation=OuterRef("pk"))))
    counts = invitations.aggregate(
        invited=Count("pk"),
        waiting=Count("pk", filter=Q(sent_at=None) & ~Q(state=Invitation.State.CANCELLED)),
        sent=Count("pk", filter=Q(sent_at__isnull=False)),
        bounced=Count("pk", filter=Q(bounced_at__isnull=False)),
        delivered=Count("pk", filter=delivered),
        answered=Count("pk", filter=delivered & answered),
        opened_only=Count("pk", filter=opened & ~answered),
    )
    return Outcomes(**counts)


def months(scope: Scope) -> tuple[list[Month], int]:
    """The answers by the month in which they were given, oldest first; and how many don't count."""
    survey, invalid = scope.survey, 0
    rows = (
        answers(scope)
        .exclude(validity=Response.Validity.HELD)
        .annotate(month=TruncMonth("answered_at"))
        .values_list("month", "validity", "score")
        .annotate(count=Count("pk"))
        .order_by("month", "score")
    )
    by_month: dict[date, Histogram] = {}
    for month, validity, score, count in rows:
        if validity == Response.Validity.INVALID:
            invalid += count
        else:
            by_month.setdefault(month.date(), {})[score] = count
    told = [
        Month(
            groups(survey.kind, counts),
            registry.results_figures(registry.Counted(survey.kind, counts)),
            on,
        )
        for on, counts in by_month.items()
    ]
    return told, invalid


def skipped(scope: Scope) -> list[tuple[str, int]]:
    """(reason in words, how often), most frequent first."""
    skips = scope.of(Skip.objects.all(), "created_at", "run__survey")
    rows = skips.values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason")
    return [(str(Skip.Reason(reason).label), count) for reason, count in rows]


def by_value(scope: Scope, by: str) -> list[Part]:
    """The scored answers by what is known of their customers, most answers first; groups under
    FEW have no figure."""
    rows = (
        scored(scope)
        .exclude(customer=None)
        .values_list(BREAKDOWNS[by].column, "score")
        .annotate(count=Count("pk", distinct=True))
        .order_by()
    )
    found: dict[str, Histogram] = {}
    for value, score, count in rows:
        found.setdefault(str(value or ""), {})[score] = count
    parts = [
        Part(
            groups(scope.survey.kind, counts),
            registry.results_figures(registry.Counted(scope.survey.kind, counts)),
            BREAKDOWNS[by].words(value),
        )
        for value, counts in found.items()
    ]
    return sorted(parts, key=lambda part: (-part.n, part.name))[:MOST_PARTS]


def by_tag(scope: Scope) -> list[TagPart]:
    """What the comments are about: how often in this time and in the time before, and its score."""
    earlier = scope.before()
    both = replace(scope, since=earlier.since) if earlier else scope
    is_now = Q(response__answered_at__gte=scope.since) if scope.since else ~Q(pk=None)
    rows = (
        Tagging.objects.filter(removed_at=None, response__in=answers(both).counted().values("pk"))
        .annotate(is_now=ExpressionWrapper(is_now, BooleanField()))
        .values_list("tag", "tag__name", "is_now", "response__score")
        .annotate(count=Count("pk"))
        .order_by()
    )
    now: dict[tuple[int, str], Histogram] = {}
    before: Counter[int] = Counter()
    for pk, name, in_time, score, count in rows:
        counts = now.setdefault((pk, name), {})
        if in_time:
            counts[score] = count
        else:
            before[pk] += count
    kind = scope.survey.kind
    parts = [
        TagPart(
            groups=groups(kind, counts),
            figures=registry.results_figures(registry.Counted(kind, counts)),
            tag_id=pk,
            name=name,
            before=before[pk] if earlier else None,
        )
        for (pk, name), counts in now.items()
    ]
    return sorted(parts, key=lambda part: (-part.n, part.name))[:MOST_PARTS]


def to_decide(survey: Survey) -> ResponseQuerySet:
    """What is held, newest first; then what somebody has discarded."""
    return (
        Response.objects.filter(survey=survey)
        .held()
        .select_related("customer")
        .order_by("-answered_at", "-pk")
    )
