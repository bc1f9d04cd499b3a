"""What came of a survey: counts and answers of its results page, each a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import TruncMonth

from surveys import registry
from surveys.models import Click, Invitation, Response, Skip, Survey
from surveys.querysets import ResponseQuerySet
from surveys.scores import group_of


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
class Month:
    on: date
    groups: list[tuple[str, int]]
    figures: list[registry.Figure]

    @property
    def n(self) -> int:
        return sum(count for _group, count in self.groups)


@dataclass(frozen=True)
class Bar:
    score: int
    group: str
    count: int


def answers(survey: Survey, since: datetime | None) -> ResponseQuerySet:
    found = Response.objects.filter(survey=survey)
    return found.filter(answered_at__gte=since) if since else found


def scored(survey: Survey, since: datetime | None) -> ResponseQuerySet:
    """The answers that make the score: of an NPS the latest of each customer, else all."""
    counted = answers(survey, since).counted()
    if survey.kind != Survey.Kind.NPS:
        return counted
    later = Response.objects.counted().filter(
        Q(answered_at__gt=OuterRef("answered_at"))
        | Q(answered_at=OuterRef("answered_at"), pk__gt=OuterRef("pk")),
        survey=survey,
        customer=OuterRef("customer"),
    )
    return counted.filter(~Exists(later))


def histogram(survey: Survey, since: datetime | None) -> dict[int, int]:
    rows = scored(survey, since).values_list("score").annotate(count=Count("pk")).order_by()
    return {score: count for score, count in rows if score is not None}


def bars(survey: Survey, counts: dict[int, int]) -> list[Bar]:
    low, high = survey.scale
    return [
        Bar(score, group_of(survey.kind, score), counts.get(score, 0))
        for score in range(low, high + 1)
    ]


def groups(kind: str, counts: dict[int, int]) -> list[tuple[str, int]]:
    """Counts of the groups low, middle, high, as {% distribution %} takes them."""
    found: Counter[str] = Counter()
    for score, count in counts.items():
        found[group_of(kind, score)] += count
    return [(group, found[group]) for group in ("low", "middle", "high")]


def outcomes(survey: Survey, since: datetime | None) -> Outcomes:
    invitations = Invitation.objects.filter(survey=survey)
    if since:
        invitations = invitations.filter(created_at__gte=since)
    delivered = Q(sent_at__isnull=False, bounced_at=None)
    answered = Q(Exists(Response.objects.counted().filter(invitation=OuterRef("pk"))))
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


def months(survey: Survey, since: datetime | None) -> list[Month]:
    """The answers by the month in which they were given, oldest first."""
    rows = (
        answers(survey, since)
        .counted()
        .annotate(month=TruncMonth("answered_at"))
        .values_list("month", "score")
        .annotate(count=Count("pk"))
        .order_by("month", "score")
    )
    by_month: dict[date, dict[int, int]] = {}
    for month, score, count in rows:
        by_month.setdefault(month.date(), {})[score] = count
    return [
        Month(
            on,
            groups(survey.kind, counts),
            registry.results_figures(registry.Counted(survey.kind, counts)),
        )
        for on, counts in by_month.items()
    ]


def skipped(survey: Survey, since: datetime | None) -> list[tuple[str, int]]:
    """(reason in words, how often), most frequent first."""
    skips = Skip.objects.filter(run__survey=survey)
    if since:
        skips = skips.filter(created_at__gte=since)
    rows = skips.values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason")
    return [(str(Skip.Reason(reason).label), count) for reason, count in rows]


def validities(survey: Survey, since: datetime | None) -> dict[str, int]:
    """How many answers count, are held, do not count."""
    rows = answers(survey, since).values_list("validity").annotate(count=Count("pk")).order_by()
    return dict(rows)


def comments(survey: Survey, since: datetime | None, *, group: str, words: str) -> ResponseQuerySet:
    """The answers for reading, newest first; `words` are looked for in their reasons."""
    found = answers(survey, since).counted().select_related("customer")
    if group in {"low", "middle", "high"}:
        found = found.of_group(group)
    for word in words.split():
        found = found.filter(comment__icontains=word)
    return found.order_by("-answered_at", "-pk")


def to_decide(survey: Survey) -> ResponseQuerySet:
    """What is held, newest first; then what somebody has discarded."""
    return (
        Response.objects.filter(survey=survey)
        .held()
        .select_related("customer")
        .order_by("-answered_at", "-pk")
    )
