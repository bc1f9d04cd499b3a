"""A metric of some customers: choosing whom, its groups beside each other, and both as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from crm import segments, suggestions
from crm.models import Customer
from metrics import colleagues, segmenting, showing, words
from metrics.breakdown import Breakdown
from metrics.choosing import Choice
from metrics.counting import asking
from metrics.definitions import Definition
from metrics.dimensions import Dimension, dimensions
from metrics.forms import is_share
from metrics.models import Asked
from metrics.periods import DAY
from metrics.points import Point
from metrics.segmenting import Asking, Chosen
from metrics.views.asked import asked_or_404, definition_or_404
from staff.access import Role, access, acting_user
from staff.exports.writing import CsvText, CsvWriter
from staff.models import Business
from staff.pages import render_page


@require_safe
@access(read=Role.READ_ONLY)
def metric_segment(request: HttpRequest, kpi: str) -> HttpResponse:
    """The form that asks whom a metric is to be about: the customer list's filters and segments."""
    definition = definition_or_404(kpi)
    choice, customers = asked_or_404(request)
    reader = acting_user(request)
    everyone = Customer.objects.none()
    asking = Asking(request.GET, queryset=everyone, whole=True, request=request).offered_to(reader)
    context = {
        "definition": definition,
        "choice": choice,
        "groups": list(asking.fieldsets()),
        "kept": [
            pair for pair in choice.kept if pair[0] in {segmenting.SEGMENT, segmenting.WITHOUT}
        ],
        "is_segment": segmenting.SEGMENT in customers.names,
        "segments": [
            one for one in segments.visible_to(reader) if colleagues.can_see_segment(reader, one)
        ],
        "chips": customers.chips,
        "words": suggestions.recent_words("source", "city", "country"),
    }
    return render_page(request, "metrics/metric_segment.html", context, fragment="form")


@require_safe
@access(read=Role.READ_ONLY)
def metric_breakdown(request: HttpRequest, kpi: str) -> HttpResponse:
    definition = definition_or_404(kpi)
    choice, customers = asked_or_404(request)
    offered = dimensions(acting_user(request), customers, request=request)
    found = _broken_down(request, definition, choice, customers, offered)
    context = {
        "definition": definition,
        "choice": choice,
        "chips": customers.chips,
        "dimensions": offered,
        **({"asked": found} if isinstance(found, Asked) else {"breakdown": found}),
        "by": request.GET.get("by", ""),
    }
    return render_page(request, "metrics/metric_breakdown.html", context, fragment="groups")


def _broken_down(
    request: HttpRequest,
    definition: Definition,
    choice: Choice,
    customers: Chosen,
    offered: Sequence[Dimension],
) -> Breakdown | Asked | None:
    by = request.GET.get("by")
    dimension = next((one for one in offered if one.name == by), None)
    if dimension is None or not definition.by_customer:
        return None
    return asking.broken_down(definition, choice, customers, dimension, by=acting_user(request))


# --- Files ----------------------------------------------------------------------------------


@require_safe
@access(read=Role.READ_ONLY)
def metric_csv(request: HttpRequest, kpi: str) -> HttpResponse:
    """The figure of the chosen period and of those of its chart; their page while they are counted."""
    definition = definition_or_404(kpi)
    choice, customers = asked_or_404(request)
    found = asking.charted(definition, choice, customers, by=acting_user(request))
    if isinstance(found, Asked):
        return redirect(f"{reverse('metrics:metric', args=[kpi])}?{choice.query}")
    points = found.points if choice.period.grain else [*found.points, found.tile.point]
    header = [_("Period"), _("From"), pgettext("the last of some days", "To"), *_columns()]
    rows = [
        [
            showing.period_name(point.period),
            point.period.starts_on,
            point.period.ends_on - DAY,
            *_values(point, choice, request),
        ]
        for point in points
    ]
    return _file(request, definition, customers, header, rows)


@require_safe
@access(read=Role.READ_ONLY)
def metric_breakdown_csv(request: HttpRequest, kpi: str) -> HttpResponse:
    definition = definition_or_404(kpi)
    choice, customers = asked_or_404(request)
    offered = dimensions(acting_user(request), customers, request=request)
    found = _broken_down(request, definition, choice, customers, offered)
    if found is None:
        raise Http404
    if isinstance(found, Asked):
        page = reverse("metrics:metric-breakdown", args=[kpi])
        return redirect(f"{page}?{choice.query}&{urlencode({'by': found.dimension})}")
    header = [str(found.dimension.label), _("Customers"), *_columns(), _("Against the others")]
    rows = [
        [
            line.group.words,
            line.group.size,
            *_values(line.point, choice, request),
            str(words.against_others(line.change)),
        ]
        for line in found.lines
    ]
    return _file(request, definition, customers, header, rows)


def _columns() -> list[str]:
    return [
        pgettext("of a metric", "Value"),
        _("Interval, from"),
        _("Interval, to"),
        "n",
        _("Unit"),
        _("Notes"),
    ]


def _values(point: Point, choice: Choice, request: HttpRequest) -> list[Any]:
    """What stands in those columns; few answers are no score in a file either."""
    business: Business = request.business  # type: ignore[attr-defined]
    low, high = point.interval or (None, None)
    unit = _unit(point.definition, business.currency)
    if point.shown_as != "value":
        few = point.shown_as == "answers"
        note = _("too few answers for a score") if few else words.reason(point.status)
        return [None, None, None, point.n, unit, str(note)]
    note = _("so far") if point.period.is_running(choice.now) else ""
    figures = [None if one is None else round(one, 6) for one in (point.value, low, high)]
    return [*figures, point.n, unit, note]


def _unit(definition: Definition, currency: str) -> str:
    match definition.unit:
        case "money":
            return currency
        case "ratio" if is_share(definition):
            return _("share of 1")
        case "minutes":
            return _("minutes")
        case unit:
            return str(words.UNITS.get(unit, ""))  # a count needs none, as on its page


def _file(
    request: HttpRequest,
    definition: Definition,
    customers: Chosen,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> HttpResponse:
    """As the exports of lists are written: for a spreadsheet of the reader's country, never run."""
    business: Business = request.business  # type: ignore[attr-defined]
    text = StringIO(newline="")
    writer = CsvWriter(text, CsvText(business.zone, exact=False))
    writer.header(header)
    writer.rows(rows)
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    whom = customers.scope.name if customers.scope else ""
    name = slugify(f"{definition.name} {whom}")[:100] or definition.kpi
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv")
    return response
