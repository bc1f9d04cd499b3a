"""Lists as files: asking for one, watching it being written, fetching it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from staff.access import Role, access, acting_user
from staff.actions import exports as actions
from staff.downloads import download
from staff.exports import LISTS
from staff.exports.working import NotForThem
from staff.exports.writing import CONTENT_TYPES, Format
from staff.models import Export, User
from staff.pages import paginate, render_page
from staff.refusals import Refusal

State = Export.State
AT_WORK = (State.WAITING, State.RUNNING)
# What of an address says which page of the list it is.
PLACES = ("after", "before", "picked")


@access(read=Role.AGENT)
@require_safe
def export_list(request: HttpRequest) -> HttpResponse:
    """One's own exports, and every list as a whole."""
    user = acting_user(request)
    mine = Export.objects.filter(by=user).select_related("file")
    page = paginate(mine, request, key=("-created_at", "-pk"), size=25)
    context = {
        "page": page,
        "rows": [_row(export) for export in page],
        "is_at_work": any(export.state in AT_WORK for export in page),
        "lists": sorted(
            (one for one in LISTS.values() if one.is_offered and user.has_role(one.role)),
            key=lambda one: str(one.title),
        ),
    }
    return render_page(request, "staff/exports.html", context, fragment="exports")


@access(write=Role.AGENT)
@require_POST
def export_create(request: HttpRequest) -> HttpResponse | FileResponse:
    export_list = LISTS.get(request.POST.get("list", ""))
    chosen = request.POST.get("format", Format.CSV)
    if export_list is None or chosen not in Format.values:
        raise Http404
    # "All that match" takes no notice of what is checked on the page.
    picks = "" if request.POST.get("everything") else export_list.picks
    picked = request.POST.getlist(picks) if picks else []
    try:
        asked = actions.request_export(
            what=export_list.name,
            query=_query(request.POST, picked),
            columns=request.POST.getlist("column"),
            format=chosen,
            by=acting_user(request),
        )
    except NotForThem as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    if asked.content is not None:
        return _given(asked)
    messages.success(
        request,
        _("The export is being written. You can leave this page: it will wait here for you."),
    )
    return redirect("staff:export-list")


@access(read=Role.AGENT)
@require_safe
def export_file(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    user = acting_user(request)
    export = get_object_or_404(_within_reach(user).select_related("file"), pk=pk)
    known = LISTS.get(export.what)
    # Whoever asked may have another role by now.
    if export.file is None or known is None or not user.has_role(known.role):
        raise Http404
    return download(export.file, export.file_name, CONTENT_TYPES[Format(export.format)])


@access(write=Role.AGENT)
@require_POST
def export_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting_user(request)
    export = get_object_or_404(_within_reach(user), pk=pk)
    try:
        actions.cancel_export(export=export, by=user)
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("The export is cancelled."))
    return redirect("staff:export-list")


def _within_reach(user: User) -> QuerySet[Export]:
    """One's own; an owner, who may have every list, has everybody's."""
    everybody = Export.objects.all()
    return everybody if user.has_role(Role.OWNER) else everybody.filter(by=user)


def _query(asked: QueryDict, picked: list[str]) -> str:
    """The filters: of the list's address, of where its page stands, and the rows that were checked."""
    query = QueryDict(asked.get("address", ""), mutable=True)
    for name in PLACES:
        query.pop(name, None)
    query.update(QueryDict(asked.get("query", "")))
    query.setlist("picked", [pk for pk in picked if pk.isdecimal() and len(pk) < 19])
    return query.urlencode()


def _given(asked: actions.Asked) -> FileResponse:
    response = FileResponse(
        asked.content,
        as_attachment=True,
        filename=asked.export.file_name,
        content_type=CONTENT_TYPES[Format(asked.export.format)],
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _row(export: Export) -> dict[str, Any]:
    known = LISTS.get(export.what)
    return {
        "export": export,
        "title": known.title if known else export.what,
        "is_at_work": export.state in AT_WORK,
        "percent": min(100, 100 * export.rows_done // (export.rows_total or export.rows_done + 1)),
    }
