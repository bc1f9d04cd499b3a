"""Choosing the columns of the customer list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from crm import columns
from crm.actions.columns import choose_columns
from crm.views.going_back import back
from staff.access import Role, access, acting_user


@access(read=Role.READ_ONLY, write=Role.READ_ONLY)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_columns(request: HttpRequest) -> HttpResponse:
    """Checked ones are shown, in the order of the page; a press on an arrow only moves one."""
    user = acting_user(request)
    if request.method == "POST":
        asked = request.POST
        order, checked = asked.getlist("order"), set(asked.getlist("column"))
        if moved := asked.get("up") or asked.get("down"):
            order = _moved(order, moved, by=-1 if asked.get("up") else 1)
        else:
            usual = "usual" in asked
            choose_columns(by=user, names=[] if usual else [n for n in order if n in checked])
            return back(request, "crm:customer-list")
    else:
        order = columns.names_of(user) or list(columns.USUAL)
        checked = set(order)
    offered = {column.name: column for column in columns.offered(request)}
    names = [name for name in dict.fromkeys([*order, *offered]) if name in offered]
    rows = [(offered[name], name in checked) for name in names]
    home = back(request, "crm:customer-list").url
    return render(request, "crm/customer_columns.html", {"rows": rows, "home": home})


def _moved(order: list[str], name: str, *, by: int) -> list[str]:
    if name not in order:
        return order
    place = order.index(name)
    to = min(max(place + by, 0), len(order) - 1)
    rest = [one for one in order if one != name]
    return [*rest[:to], name, *rest[to:]]
