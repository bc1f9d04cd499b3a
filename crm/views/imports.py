"""Files on their way in: upload, columns, check, run, what came of it, taking back.

Managers bring files in; agents read what came of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.actions import imports as actions
from crm.forms.imports import ColumnsForm, CorrectedFileForm, ReadingForm, UploadForm
from crm.imports import account, uploads, words
from crm.imports.kinds import KINDS
from crm.imports.reading import FileShape
from crm.models import FileImport
from staff.access import Role, access, acting_user
from staff.downloads import download
from staff.pages import paginate, render_page
from staff.refusals import Refusal


def imports() -> QuerySet[FileImport]:
    return FileImport.objects.select_related("by", "file", "change_set__reverted_by")


# --- The history, and a new file -------------------------------------------------------------


@access(read=Role.AGENT, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            one = uploads.take_in(by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("crm:import-columns", one.pk)
    page = paginate(imports().defer("report"), request, key=("-created_at", "-pk"))
    context = {
        "form": form,
        "page": page,
        "rows": [(row, words.kind_label(row.kind)) for row in page],
        "kinds": [(n, words.kind_label(n), words.kind_teaches(n)) for n in words.kind_names()],
        "may_write": acting_user(request).has_role(Role.MANAGER),
    }
    return render_page(request, "crm/imports/import_list.html", context, fragment="history")


@access(read=Role.AGENT)
@require_safe
def import_example(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    # The mark tells spreadsheet programs that this is UTF-8.
    response = HttpResponse(
        "\ufeff" + words.example_file(kind), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
    return response


# --- What the columns are --------------------------------------------------------------------


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def import_columns(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(imports(), pk=pk)
    if not actions.can_map(one):
        return redirect("crm:import", pk)
    try:
        shape = actions.shape(one)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("crm:import-list")
    form, reading = _column_forms(request, one, shape)
    if request.method == "POST" and (answer := _save_columns(request, one, form, reading)):
        return answer
    context = {
        "one": one,
        "shape": shape,
        "form": form,
        "reading": reading,
        **uploads.recognised(one, shape),
    }
    return render(request, "crm/imports/columns.html", context)


def _column_forms(
    request: HttpRequest, one: FileImport, shape: FileShape
) -> tuple[ColumnsForm, ReadingForm]:
    form = ColumnsForm(
        request.POST or None,
        kind=KINDS[one.kind],
        shape=shape,
        mapping=one.mapping,
        custom=words.custom_labels(),
        initial=one.options,
    )
    return form, ReadingForm(request.POST or None, shape=shape)


def _save_columns(
    request: HttpRequest, one: FileImport, form: ColumnsForm, reading: ReadingForm
) -> HttpResponse | None:
    """Where to go after what was sent; None: show it again with what is wrong."""
    again = "reread" in request.POST
    if not (reading.is_valid() and (again or form.is_valid())):
        return None
    by, how = acting_user(request), reading.cleaned_data
    try:
        if again:
            actions.read_anew(file_import=one, reading=how, by=by)
            return redirect("crm:import-columns", one.pk)
        settled = form.cleaned_data
        actions.set_mapping(
            file_import=one, mapping=settled["mapping"], options=settled, reading=how, by=by
        )
        if one.mapping != settled["mapping"]:  # read so, the file has other columns
            messages.info(request, _("The file has other columns when it is read so. Look again."))
            return redirect("crm:import-columns", one.pk)
        actions.begin_check(file_import=one, by=by)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return None
    return redirect("crm:import", one.pk)


@access(write=Role.MANAGER)
@require_POST
def import_kind(request: HttpRequest, pk: int) -> HttpResponse:
    """The file holds something else than was thought."""
    kind = request.POST.get("kind", "")
    return _step(request, pk, partial(actions.take_as, kind=kind), then="crm:import-columns")


# --- The import itself -----------------------------------------------------------------------


@access(read=Role.AGENT)
@require_safe
def import_page(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(imports(), pk=pk)
    manages = acting_user(request).has_role(Role.MANAGER)
    if one.state == FileImport.State.DRAFT and manages:
        return _to_columns(request, pk)
    context = {
        "one": one,
        "kind_label": words.kind_label(one.kind),
        "may_write": manages,
        "may_cancel": manages and actions.can_cancel(one),
        "may_run": manages and actions.can_run(one),
        "may_go_on": manages and actions.can_go_on(one),
        "may_revert": manages and actions.can_revert(one),
        **account.told(one),
    }
    if manages and one.refused_file_id and actions.can_revert(one):
        context["correction"] = CorrectedFileForm()
    return render_page(request, "crm/imports/import.html", context, fragment="now")


def _to_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Also from a page that asks how far a check is, which was stopped meanwhile."""
    if request.htmx:  # type: ignore[attr-defined]
        columns = reverse("crm:import-columns", args=[pk])
        return HttpResponse(status=204, headers={"HX-Redirect": columns})
    return redirect("crm:import-columns", pk)


@access(read=Role.AGENT)
@require_safe
def import_refused(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused rows with line and reason, to be corrected and brought in."""
    one = get_object_or_404(FileImport.objects.select_related("refused_file"), pk=pk)
    if one.refused_file is None:
        raise Http404
    name = _("%(file)s, refused rows") % {"file": PurePosixPath(one.file_name).stem}
    return download(one.refused_file, f"{name}.csv", "text/csv")


def _step(
    request: HttpRequest, pk: int, act: Callable[..., object], *, then: str = "crm:import"
) -> HttpResponse:
    """Have it done to the import, or say why not; either way its page shows what is."""
    one = get_object_or_404(FileImport, pk=pk)
    try:
        act(file_import=one, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(then, pk)


@access(write=Role.MANAGER)
@require_POST
def import_run(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, pk, actions.begin_run)


@access(write=Role.MANAGER)
@require_POST
def import_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, pk, actions.ask_cancel)


@access(write=Role.MANAGER)
@require_POST
def import_go_on(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, pk, actions.go_on)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def import_revert(request: HttpRequest, pk: int) -> HttpResponse:
    """Says what taking back will do, then does it."""
    if request.method == "POST":
        return _step(request, pk, actions.begin_revert)
    one = get_object_or_404(imports(), pk=pk)
    if not actions.can_revert(one):
        return redirect("crm:import", pk)
    context = {"one": one, "kind_label": words.kind_label(one.kind)}
    return render(request, "crm/imports/revert.html", context)


@access(write=Role.MANAGER)
@require_POST
def import_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """The refused rows, corrected: checked by the same mapping."""
    one = get_object_or_404(FileImport, pk=pk)
    form = CorrectedFileForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, str(form.errors["file"][0]))
        return redirect("crm:import", pk)
    try:
        corrected = uploads.take_corrected(
            of=one, file=form.cleaned_data["file"], by=acting_user(request)
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("crm:import", pk)
    return redirect("crm:import", corrected.pk)


@access(write=Role.MANAGER)
@require_POST
def import_forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Drop a file of which nothing came."""
    one = get_object_or_404(FileImport, pk=pk)
    try:
        actions.forget(file_import=one, by=acting_user(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("crm:import", pk)
    messages.success(request, _("The file is no longer listed."))
    return redirect("crm:import-list")
