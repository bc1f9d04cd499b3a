"""Where a person returns to after a change, and how they take it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from crm.actions.contact_merging import undo_contact_merge
from crm.actions.merging import undo_merge
from crm.merging import CONTACT_KIND, KIND
from staff import changes
from staff.access import Role, access, acting_user
from staff.models import ChangeSet
from staff.refusals import Refusal


def back(request: HttpRequest, otherwise: Any, *args: Any) -> HttpResponseRedirect:
    """To the page of ours that `next` names, or to `otherwise`."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(url if ours else resolve_url(otherwise, *args))


def undo_tag(name: str, *args: Any, to: str) -> str:
    """The extra tag that puts "Undo" on a message: posts to `name`, then returns `to` a page."""
    return f"undo:{reverse(name, args=args)}?{urlencode({'next': to})}"


@access(write=Role.AGENT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back one stroke made on this room's pages: one's own, or as a manager anybody's."""
    take_back(request, own_stroke(request, pk=pk, kind__startswith="crm."))
    return back(request, "crm:customer-list")


def own_stroke(request: HttpRequest, **asked: Any) -> ChangeSet:
    """The one that is `asked` for, if it is this person's; a manager may take back anybody's."""
    change_set = get_object_or_404(ChangeSet, **asked)
    if change_set.by_id != request.user.pk and not acting_user(request).has_role(Role.MANAGER):
        raise PermissionDenied
    return change_set


# Strokes that are taken back with more than their rows.
UNDO: dict[str, Callable[..., changes.RevertOutcome]] = {
    KIND: undo_merge,
    CONTACT_KIND: undo_contact_merge,
}


def take_back(request: HttpRequest, change_set: ChangeSet) -> None:
    """Revert the stroke and say what came of it; whether the person may, the view has asked."""
    revert = UNDO.get(change_set.kind, changes.revert)
    try:
        outcome = revert(change_set=change_set, by=acting_user(request))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        _tell(request, outcome)


def _tell(request: HttpRequest, outcome: changes.RevertOutcome) -> None:
    messages.success(request, _("Taken back."))
    kept = outcome.left_alone_count
    if kept:
        words = ngettext(
            "%(count)s record was left as it is: it has changed since.",
            "%(count)s records were left as they are: they have changed since.",
            kept,
        )
        messages.warning(request, words % {"count": kept})
