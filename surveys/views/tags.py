"""What comments are about: the tags, and the words that bring them."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from staff.access import Role, access, acting_user
from staff.refusals import Refusal
from surveys.actions import tags as actions
from surveys.forms.tag import TagForm
from surveys.models import CommentTag


@access(read=Role.READ_ONLY)
@require_safe
def tag_list(request: HttpRequest) -> HttpResponse:
    standing = Q(taggings__removed_at=None)
    context = {
        "tags": CommentTag.objects.annotate(
            on=Count("taggings", filter=standing),
            by_rule=Count("taggings", filter=standing & Q(taggings__is_by_rule=True)),
        ).order_by("name"),
        "may_edit": actions.can_edit_tags(acting_user(request)),
    }
    return render(request, "surveys/tag_list.html", context)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def tag_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def tag_edit(request: HttpRequest, tag_id: int) -> HttpResponse:
    return _edit(request, get_object_or_404(CommentTag, pk=tag_id))


def _edit(request: HttpRequest, tag: CommentTag | None) -> HttpResponse:
    as_it_is = {name: getattr(tag, name) for name in actions.FIELDS} if tag else None
    form = TagForm(request.POST or None, initial=as_it_is)
    if form.is_valid():
        try:
            actions.save_tag(tag=tag, by=acting_user(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(
                request, _("Saved. Comments get the tag by its words within a few minutes.")
            )
            return redirect("surveys:tag-list")
    status = 422 if form.is_bound else 200
    return render(request, "surveys/tag_form.html", {"form": form, "tag": tag}, status=status)


@access(read=Role.MANAGER, write=Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def tag_delete(request: HttpRequest, tag_id: int) -> HttpResponse:
    """GET asks, because it can't be undone."""
    tag = get_object_or_404(CommentTag, pk=tag_id)
    if request.method == "POST":
        actions.delete_tag(tag=tag, by=acting_user(request))
        messages.success(request, _("The tag is deleted."))
        return redirect("surveys:tag-list")
    on = tag.taggings.filter(removed_at=None).count()
    return render(request, "surveys/tag_delete.html", {"tag": tag, "on": on})
