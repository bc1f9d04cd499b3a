"""Segments: questions about customers, saved, renamed, shared, pinned and given up."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy, ngettext

from crm import segments
from crm.models import Segment
from staff import audit
from staff.models import User
from staff.refusals import Refusal

FIELDS = ("name", "owner", "query")


class SegmentNameMissing(Refusal):
    message = gettext_lazy("A segment needs a name.")


class SegmentNameTaken(Refusal):
    message = gettext_lazy("There is a segment of this name already.")


class NotYourSegment(Refusal):
    message = gettext_lazy("Only managers change what everybody sees.")


class SegmentInUse(Refusal):
    """An outreach goes to it; the sentence names those."""

    def __init__(self, names: list[str], count: int) -> None:
        shown = ", ".join(f"“{name}”" for name in names)
        words = ngettext(
            "%(count)s outreach goes to this segment: %(names)s. Choose another segment there first.",
            "%(count)s outreaches go to this segment: %(names)s. Choose another segment there first.",
            count,
        )
        super().__init__(words % {"count": count, "names": shown})


class SegmentNeeded(Refusal):
    """Something of a higher room asks it: a survey's trigger, a rule for answers."""

    def __init__(self, names: list[str]) -> None:
        shown = ", ".join(f"“{name}”" for name in names[:3])
        words = gettext_lazy(
            "This segment is still asked by %(names)s. Choose another one there first."
        )
        super().__init__(words % {"names": shown})


@transaction.atomic
def save_segment(
    *,
    by: User,
    name: str | None = None,
    query: str | None = None,
    is_shared: bool | None = None,
    segment: Segment | None = None,
) -> Segment:
    """A question under a name, new or changed in what is given; a new one is pinned for `by`.

    Raises SegmentNameMissing, SegmentNameTaken or NotYourSegment.
    """
    if segment is None:
        saved, before = Segment(owner=by, created_by=by), {}
    else:
        saved = Segment.objects.select_for_update(of=("self",)).get(pk=segment.pk)
        before = audit.values(saved, FIELDS)
    if not segments.can_edit(saved, by) or (is_shared and not segments.can_share(by)):
        raise NotYourSegment
    if name is not None:
        saved.name = " ".join(name.split())[:80]
    if query is not None:
        saved.query = segments.canonical(query)
    if is_shared is not None:
        saved.owner = None if is_shared else by
    changes = audit.diff(before, saved, FIELDS)
    if not changes:
        return saved
    _store(saved, by)
    if segment is None:
        saved.pinned_by.add(by)
    verb = "create" if segment is None else "update"
    audit.record(by=by, action=f"segment.{verb}", target=saved, changes=changes)
    return saved


def _store(segment: Segment, by: User) -> None:
    """Under a name that nobody's other segment has, among those that the person sees."""
    if not segment.name:
        raise SegmentNameMissing
    if segments.visible_to(by).filter(name=segment.name).exclude(pk=segment.pk).exists():
        raise SegmentNameTaken
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError:  # somebody saved the same at this moment
        raise SegmentNameTaken from None


@transaction.atomic
def delete_segment(*, segment: Segment, by: User) -> None:
    """Raises NotYourSegment, SegmentInUse while an outreach goes to it, or SegmentNeeded."""
    segment = Segment.objects.select_for_update(of=("self",)).get(pk=segment.pk)
    if not segments.can_edit(segment, by):
        raise NotYourSegment
    users = segment.outreach.order_by("pk")
    if names := list(users.values_list("name", flat=True)[:3]):
        raise SegmentInUse(names, users.count())
    changes = {"name": [segment.name, None], "query": [segment.query, None]}
    audit.record(by=by, action="segment.delete", target=segment, changes=changes)
    try:
        segment.delete()
    except ProtectedError as error:
        raise SegmentNeeded(sorted(str(one) for one in error.protected_objects)) from error


def pin_segment(*, segment: Segment, by: User) -> None:
    """Keep it in sight above one's list; how one arranges one's own desk leaves no trail."""
    segment.pinned_by.add(by)


def unpin_segment(*, segment: Segment, by: User) -> None:
    segment.pinned_by.remove(by)
