"""Which metric, period and customers an address names."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from metrics import segmenting
from metrics.choosing import Choice, chosen
from metrics.colleagues import NotTheirs
from metrics.definitions import Definition, UnknownMetric, find
from metrics.segmenting import Chosen, UnknownSegment
from staff.models import Business


def definition_or_404(kpi: str) -> Definition:
    try:
        return find(kpi)
    except UnknownMetric as unknown:
        raise Http404(str(unknown)) from unknown


def asked_or_404(request: HttpRequest) -> tuple[Choice, Chosen]:
    """The period and the customers; 404 where these can't be understood, because figures of all
    would be taken for theirs; 403, in words, where they are a colleague's."""
    business: Business = request.business  # type: ignore[attr-defined]
    try:
        customers = segmenting.of_request(request)
    except UnknownSegment as unknown:
        raise Http404(str(unknown)) from unknown
    except NotTheirs as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    return chosen(request, business.zone).among(customers.pairs), customers
