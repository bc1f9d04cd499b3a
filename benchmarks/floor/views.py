"""The same work as the real pages, as bare as an honest view can do it."""

from __future__ import annotations

import hashlib
from itertools import groupby

from django.db import connection, transaction
from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.utils import timezone

from crm.models import Customer, Deal, Interaction, Task
from crm.words import VECTOR
from metrics.models import Snapshot
from support.models import Message, Ticket
from surveys.models import Invitation, Response

# One of each page more tells whether there is a next one, here as there.
CUSTOMERS, INTERACTIONS = 51, 31
TASKS, FOUND_AT_ONCE = 200, 6
# Left to itself, the planner takes half a minute for a word that no ticket has.
FEW = (
    f"{{table}}.id = ANY(ARRAY(SELECT {{key}} FROM {{table}}search WHERE {VECTOR} @@ %s::tsquery))"
)
MANY = (
    f"(SELECT {VECTOR} @@ %s::tsquery FROM {{table}}search AS words"
    " WHERE words.{key} = {table}.id)"
)
OF_TICKETS = {"table": "support_ticket", "key": "ticket_id"}
OF_CUSTOMERS = {"table": "crm_customer", "key": "customer_id"}


def asked(request: HttpRequest, names: dict[str, str]) -> RawSQL:
    """?words= is a tsquery, what the search box makes of what was typed, ready made; with ?many= when
    many rows satisfy it."""
    sql = MANY if "many" in request.GET else FEW
    return RawSQL(sql.format(**names), [request.GET["words"]], BooleanField())  # noqa: S611


def customers(request: HttpRequest) -> HttpResponse:
    """?words= as above; ?stage=&source= and the key of a ?tag= what a segment asks; ?at=&pk= the
    place after which the page begins."""
    rows: QuerySet[Customer] = Customer.objects.filter(archived_at=None).select_related("owner")
    if "words" in request.GET:
        rows = rows.filter(asked(request, OF_CUSTOMERS))
    if tag := request.GET.get("tag"):
        tied = Customer.tags.through.objects.filter(customer=OuterRef("pk"), tag=int(tag))
        stage, source = request.GET["stage"], request.GET["source"]
        rows = rows.filter(Exists(tied), stage=stage, source=source)
    if at := request.GET.get("at"):
        beyond = Q(name_folded__gt=at) | Q(name_folded=at, pk__gt=request.GET["pk"])
        rows = rows.filter(beyond, name_folded__gte=at)
    rows = rows.defer("notes", "custom").order_by("name_folded", "pk")[:CUSTOMERS]
    return render(request, "customers.html", {"customers": rows, "user": request.user})


def search(request: HttpRequest) -> HttpResponse:
    """?words= as above, and ?typed= as it was typed: the first few customers, tickets and deals."""
    rows = Customer.objects.filter(asked(request, OF_CUSTOMERS), archived_at=None)
    rows = rows.only("name", "city", "stage", "kind").order_by("name_folded", "pk")
    customers = list(rows[:FOUND_AT_ONCE])
    tickets = Ticket.objects.filter(asked(request, OF_TICKETS)).select_related("customer")
    deals = Deal.objects.filter(
        Q(title__icontains=request.GET["typed"]) | Q(customer__in=[one.pk for one in customers]),
        state="open",
    ).select_related("customer")
    context = {
        "customers": customers,
        "tickets": tickets.only("subject", "state", "customer__name").order_by(
            "-last_activity_at", "-pk"
        )[:FOUND_AT_ONCE],
        "deals": deals.order_by("-moved_at", "-pk")[:FOUND_AT_ONCE],
        "user": request.user,
    }
    return render(request, "found.html", context)


def today(request: HttpRequest) -> HttpResponse:
    rows = (
        Task.objects.filter(owner=request.user.pk, done_at=None)
        .select_related("customer", "owner")
        .order_by("due_at", "pk")[:TASKS]
    )
    return render(request, "today.html", {"tasks": rows, "user": request.user})


def timeline(request: HttpRequest, pk: int, whole: bool = False) -> HttpResponse:
    """?at=&pk= is the place after which the page begins."""
    found = Interaction.objects.filter(customer=pk)
    if at := request.GET.get("at"):
        beyond = Q(occurred_at__lt=at) | Q(occurred_at=at, pk__lt=request.GET["pk"])
        found = found.filter(beyond, occurred_at__lte=at)
    rows = list(
        found.select_related("by", "contact", "customer__owner").order_by("-occurred_at", "-id")[
            :INTERACTIONS
        ]
    )
    context = {
        "interactions": rows,
        "customer": rows[0].customer,
        "whole": whole,
        "user": request.user,
    }
    return render(request, "timeline.html", context)


def tickets(request: HttpRequest) -> HttpResponse:
    """?words= as above; ?done= what has ended; ?at=&pk= the
    place after which the page begins."""
    rows: QuerySet[Ticket] = Ticket.objects.select_related(
        "customer", "contact", "assignee", "category"
    )
    if "words" in request.GET:
        rows = rows.filter(asked(request, OF_TICKETS))
    elif "done" in request.GET:
        rows = rows.filter(state__in=["solved", "closed"])
    else:
        rows = rows.filter(state__in=["new", "open", "waiting", "on_hold"])
    if at := request.GET.get("at"):
        beyond = Q(last_activity_at__lt=at) | Q(last_activity_at=at, pk__lt=request.GET["pk"])
        rows = rows.filter(beyond, last_activity_at__lte=at)
    rows = rows.order_by("-last_activity_at", "-pk")[:CUSTOMERS]
    return render(request, "tickets.html", {"tickets": rows, "user": request.user})


def ticket(request: HttpRequest, pk: int) -> HttpResponse:
    rows = list(
        Message.objects.filter(ticket=pk)
        .select_related("author", "ticket__customer", "ticket__assignee", "ticket__queue")
        .order_by("created_at", "pk")
    )
    context = {"messages": rows, "ticket": rows[0].ticket, "user": request.user}
    return render(request, "ticket.html", context)


def overview(request: HttpRequest, grain: str, first: str, until: str) -> HttpResponse:
    rows = Snapshot.objects.filter(
        grain=grain, segment="", is_current=True, starts_on__gte=first, starts_on__lt=until
    ).order_by("kpi", "-starts_on")
    tiles = [(kpi, list(series)) for kpi, series in groupby(rows, key=lambda one: one.kpi)]
    return render(request, "tiles.html", {"tiles": tiles, "user": request.user})


def metric(request: HttpRequest, kpi: str, grain: str, first: str, until: str) -> HttpResponse:
    rows = Snapshot.objects.filter(
        kpi=kpi, grain=grain, segment="", is_current=True, starts_on__gte=first, starts_on__lt=until
    ).order_by("-starts_on")
    return render(request, "figures.html", {"snapshots": rows, "user": request.user})


def answer(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the form; POST writes the answer, in one commit."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    invitation = Invitation.objects.select_related("survey").get(token_hash=digest)
    if request.method == "POST":
        take(invitation, int(request.POST["score"]), request.POST["comment"])
        return HttpResponseRedirect(request.path)
    low, high = invitation.survey.scale
    context = {
        "invitation": invitation,
        "scores": range(low, high + 1),
        "score": int(request.GET.get("score", "0")),
    }
    return render(request, "answer.html", context)


@transaction.atomic
def take(invitation: Invitation, score: int, comment: str) -> None:
    Response.objects.create(
        survey_id=invitation.survey_id,
        kind=invitation.survey.kind,
        invitation=invitation,
        customer_id=invitation.customer_id,
        contact_id=invitation.contact_id,
        score=score,
        comment=comment,
        answered_at=timezone.now(),
        origin=Response.Origin.MAIL_LINK,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE surveys_invitation SET state = 'answered' WHERE id = %s", [invitation.pk]
        )


urlpatterns = [
    path("tickets/", tickets),
    path("tickets/<int:pk>/", ticket),
    path("customers/", customers),
    path("search/", search),
    path("today/", today),
    path("customers/<int:pk>/", timeline, {"whole": True}),
    path("customers/<int:pk>/timeline/", timeline),
    path("overview/<slug:grain>/<slug:first>/<slug:until>/", overview),
    path("metrics/<slug:kpi>/<slug:grain>/<slug:first>/<slug:until>/", metric),
    path("s/<slug:token>/", answer),
]
