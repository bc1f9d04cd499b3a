"""What this room adds to the customer room's pages: how someone feels, and who still waits for a reply."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm import registry
from crm.models import Customer
from staff.access import Role, acting_user
from staff.models import User
from staff.prepared import Prepared, PreparedFor
from staff.templatetags.vinculo import score_group
from support.models import Ticket
from surveys import arc
from surveys.askings import asked, not_asked
from surveys.models import Invitation, Response, Skip

# How long a low answer stays on Today, and how many are shown there.
RECENT = timedelta(days=60)
SHOWN = 10
# How long a low answer says something about how it stands with a customer.
REMEMBERED = timedelta(days=365)
# Of an answer whose words may be quoted.
QUOTED = "quoted"


@dataclass(frozen=True)
class Felt:
    """The latest answer of one kind."""

    kind: str
    score: int
    comment: str
    at: datetime


@dataclass(frozen=True)
class Asking:
    """The latest attempt to ask, in words."""

    at: datetime
    words: str


def panel(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """How they felt last and what came of it, and why they were asked or not: one query for all."""
    felt: dict[str, Felt] = {}
    asking: Asking | None = None
    came_of_it: arc.Arc | None = None
    is_quoted = False
    for what, at, words, score, until, *more in _HISTORY.all(customer.pk):
        if what == "arc":
            came_of_it = came_of_it or arc.arc_of(at, words, score, until, *more)
        elif what in {"invited", "skipped"}:
            asking = asking or Asking(
                at, asked(words, until) if what == "invited" else not_asked(words, until)
            )
        else:
            felt.setdefault(what, Felt(what, score, words, at))
            is_quoted = is_quoted or more[0] == QUOTED
    may_send = request.user.is_authenticated and request.user.role >= Role.AGENT
    return {
        "felt": [felt[kind] for kind in ("nps", "csat", "ces") if kind in felt],
        "asking": asking,
        "askings_url": reverse("surveys:askings", args=[customer.pk]),
        "arc": came_of_it,
        "is_quoted": is_quoted,
        "health": [_low(one) for one in felt.values() if _is_low(one)],
        "send_url": send_url(customer) if may_send and not customer.archived_at else "",
    }


def _is_low(one: Felt) -> bool:
    return one.at > timezone.now() - REMEMBERED and score_group(one.kind, one.score)[0] == "low"


def _low(one: Felt) -> registry.Fact:
    label = _("Last %(kind)s:") % {"kind": one.kind.upper()}
    return registry.Fact(label, one.score, tone="bad", url="#felt-title")


def _history(customer: int) -> Any:
    """(what, when, words, score, until, *arc.COLUMNS) of the answers and what came of them, the
    invitations and skips, newest first."""
    nothing, blank = Cast(Value(None), DateTimeField()), arc.nothing()
    columns = ("what", "at", "words", "score", "until", *arc.COLUMNS)
    standing = Q(testimonial__isnull=False, testimonial__withdrawn_at=None)
    quoted = Case(When(standing, then=Value(QUOTED)), default=Value(""), output_field=CharField())
    answers = (
        Response.objects.counted()
        .filter(customer=customer)
        .annotate(**blank | {"note": quoted})
        .annotate(what=F("kind"), at=F("answered_at"), words=F("comment"), until=nothing)
        .values_list(*columns)
    )
    no_score = Cast(Value(None), IntegerField())
    invitations = (
        Invitation.objects.filter(customer=customer)
        .annotate(
            what=Value("invited", CharField()),
            at=F("created_at"),
            words=F("state"),
            score=no_score,
            until=F("due_at"),
        )
        .annotate(**blank)
        .values_list(*columns)
    )
    skips = (
        Skip.objects.filter(customer=customer)
        .annotate(
            what=Value("skipped", CharField()),
            at=F("created_at"),
            words=F("reason"),
            score=no_score,
        )
        .annotate(**blank)
        .values_list(*columns)
    )
    return answers.union(arc.rows(customer), invitations, skips, all=True).order_by("-at")


_HISTORY = Prepared(_history, int)


def send_url(customer: Customer) -> str:
    return f"{reverse('surveys:preflight')}?customer={customer.pk}"


def detractors(request: HttpRequest) -> dict[str, Any] | None:
    """Low answers of late to which nobody has replied, those first that are due first."""
    found = DETRACTORS.all(acting_user(request), timezone.now() - RECENT)
    return {"responses": found, "now": timezone.now()} if found else None


def _detractors(user: User, since: datetime) -> QuerySet[Response]:
    """Who answered without a name waits for nobody: they can't be replied to."""
    visible = Ticket.objects.visible_to(user).filter(pk=OuterRef("follow_up__ticket"))
    return (
        Response.objects.detractors_unanswered(since=since)
        .filter(customer__isnull=False)
        .select_related("customer", "follow_up__ticket__assignee")
        .annotate(due_at=F("follow_up__due_at"), shown_ticket=Subquery(visible.values("pk")[:1]))
        .order_by(F("due_at").asc(nulls_last=True), "-answered_at", "-pk")[:SHOWN]
    )


DETRACTORS = PreparedFor(_detractors, datetime)


def marks(ids: Collection[int]) -> Mapping[int, dict[str, Any]]:
    """The score and the reason, as they stand now, beside the timeline's line."""
    return {response.pk: {"response": response} for response in Response.objects.filter(pk__in=ids)}


def register() -> None:
    registry.PANELS.register(
        registry.Panel("surveys", "surveys/_customer_panel.html", panel, order=20)
    )
    registry.TODAY_LISTS.register(
        registry.TodayList(
            "surveys.detractors",
            gettext_lazy("Unhappy, and nobody has replied"),
            "surveys/_detractors.html",
            detractors,
            order=20,
        )
    )
    registry.TIMELINE_MARKS.register(
        registry.TimelineMark(
            "surveys.response", "surveys/_timeline_mark.html", marks, instead_of_summary=True
        )
    )
    registry.CUSTOMER_ACTIONS.register(
        registry.CustomerAction(
            "surveys.send",
            pgettext_lazy("button on a customer's page", "Send a survey"),
            send_url,
            order=40,
        )
    )
