"""How the desk is set up: queues, categories, canned replies, saved views, settings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.conf import settings as django_settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from crm.batches import batches
from crm.folding import fold
from staff import audit
from staff.access import Role
from staff.audit import Changes
from staff.models import User
from staff.refusals import Refusal
from support import desk
from support.canned import FIELDS as MERGE_FIELDS
from support.models import CannedReply, Category, Queue, SavedView, SupportSettings, Ticket
from support.telling import retell

QUEUE_FIELDS = ("name", "is_round_robin", "is_private", "is_default", "mailbox", "position")
CANNED_FIELDS = ("name", "shortcut", "texts", "owner")
VIEW_FIELDS = ("name", "query", "owner", "position")
SETTINGS = (
    "acknowledges",
    "closes_after_days",
    "mail_to_closed",
    "reopens_within_days",
    "link_works_days",
    "undo_seconds",
    "has_feedback_page",
    "has_board",
)
NAME_LENGTH = 80


class NameMissing(Refusal):
    message = _("It needs a name.")


class NameTaken(Refusal):
    message = _("There is one of this name already.")


class DefaultQueueStays(Refusal):
    message = _("What fits nowhere else goes into this queue. Choose another one for that first.")


class QueueInUse(Refusal):
    """Open tickets still wait in it."""

    def __init__(self, count: int) -> None:
        self.count = count
        words = ngettext_lazy(
            "%(count)s open ticket is still in this queue. Move it first.",
            "%(count)s open tickets are still in this queue. Move them first.",
            "count",
        )
        super().__init__(words % {"count": count})


class UnknownField(Refusal):
    """A canned reply has something in braces that nothing is put in for."""

    def __init__(self, name: str) -> None:
        self.name = name
        known = ", ".join(f"{{{field}}}" for field in MERGE_FIELDS)
        super().__init__(
            _("There is nothing to put in for {%(name)s}. Use one of %(known)s.")
            % {"name": name, "known": known}
        )


class TextMissing(Refusal):
    message = _("Write the reply in one language at least.")


class ShortcutTaken(Refusal):
    message = _("Another canned reply has this shortcut.")


class NotYours(Refusal):
    message = _("This is somebody else’s, or everybody’s.")


def can_set_up(user: User) -> bool:
    return user.has_role(Role.MANAGER)


def _name(text: str) -> str:
    name = " ".join(text.split())[:NAME_LENGTH]
    if not name:
        raise NameMissing
    return name


def _saved(
    row: models.Model, before: Mapping[str, Any], fields: Collection[str], *, by: User, verb: str
) -> None:
    """Write what differs, and the entry that says so."""
    _told(row, _written(row, before, fields), by=by, verb=verb)


def _written(row: models.Model, before: Mapping[str, Any], fields: Collection[str]) -> Changes:
    changes = audit.diff(before, row, fields)
    if row.pk is None:
        row.save(force_insert=True)
    elif changes:
        row.save(update_fields=list(changes))
    return changes


def _told(row: models.Model, changes: Changes, *, by: User, verb: str) -> None:
    if changes:
        audit.record(by=by, action=verb, target=row, changes=changes)


# --- Queues ---------------------------------------------------------------------------------------


@transaction.atomic
def create_queue(*, name: str, by: User, members: Iterable[User] = (), **values: Any) -> Queue:
    """`values` are among is_round_robin, is_private and mailbox. Raises NameMissing or NameTaken."""
    name = _name(name)
    if Queue.objects.filter(name=name).exists():
        raise NameTaken
    position = Queue.objects.aggregate(last=models.Max("position"))["last"] or 0
    queue = Queue(name=name, position=position + 1)
    _set(queue, values, {"is_round_robin", "is_private", "mailbox"})
    changes = _written(queue, {}, QUEUE_FIELDS) | _put_members(queue, members)
    _told(queue, changes, by=by, verb="queue.create")
    return queue


@transaction.atomic
def update_queue(
    *, queue: Queue, by: User, members: Iterable[User] | None = None, **values: Any
) -> Queue:
    """Change what is given of name, is_round_robin, is_private, mailbox and position.

    What becomes private is a mere number on the customers' timelines from then on, and the other
    way round. Raises NameMissing or NameTaken.
    """
    queue = Queue.objects.select_for_update(of=("self",)).get(pk=queue.pk)
    before = audit.values(queue, QUEUE_FIELDS)
    if "name" in values:
        values["name"] = _name(values["name"])
        if Queue.objects.filter(name=values["name"]).exclude(pk=queue.pk).exists():
            raise NameTaken
    _set(queue, values, {"name", "is_round_robin", "is_private", "mailbox", "position"})
    changes = _written(queue, before, QUEUE_FIELDS)
    if members is not None:
        changes |= _put_members(queue, members)
    _told(queue, changes, by=by, verb="queue.update")
    if before["is_private"] != queue.is_private:
        for batch in batches(queue.tickets.order_by().values_list("pk", flat=True)):
            retell(Ticket.objects.filter(pk__in=batch).select_related("queue"))
    return queue


def _put_members(queue: Queue, members: Iterable[User]) -> Changes:
    had = {user.pk: str(user) for user in queue.members.all()}
    has = {user.pk: str(user) for user in members}
    if had.keys() == has.keys():
        return {}
    queue.members.set(has)
    return {"members": [sorted(had.values()), sorted(has.values())]}


@transaction.atomic
def make_default(*, queue: Queue, by: User) -> Queue:
    """What fits nowhere else goes here from now on; an archived queue is used again."""
    rows = {row.pk: row for row in Queue.objects.select_for_update(of=("self",)).order_by("pk")}
    queue = rows[queue.pk]
    if queue.is_default:
        return queue
    Queue.objects.filter(is_default=True).update(is_default=False)
    before = audit.values(queue, ("is_default", "archived_at"))
    queue.is_default, queue.archived_at = True, None
    _saved(queue, before, ("is_default", "archived_at"), by=by, verb="queue.make_default")
    return queue


def can_archive(queue: Queue) -> bool:
    return queue.archived_at is None and not queue.is_default


@transaction.atomic
def archive_queue(*, queue: Queue, by: User) -> Queue:
    """Nothing goes there any more; what was there keeps its name. Twice is once.

    Raises DefaultQueueStays or QueueInUse.
    """
    queue = Queue.objects.select_for_update(of=("self",)).get(pk=queue.pk)
    if queue.is_default:
        raise DefaultQueueStays
    if waiting := Ticket.objects.open().filter(queue=queue).count():
        raise QueueInUse(waiting)
    _archive(queue, by, verb="queue.archive", archived=True)
    return queue


@transaction.atomic
def restore_queue(*, queue: Queue, by: User) -> Queue:
    queue = Queue.objects.select_for_update(of=("self",)).get(pk=queue.pk)
    _archive(queue, by, verb="queue.restore", archived=False)
    return queue


def _archive(row: Queue | Category, by: User, *, verb: str, archived: bool) -> None:
    if (row.archived_at is not None) == archived:
        return
    before = audit.values(row, ("archived_at",))
    row.archived_at = timezone.now() if archived else None
    _saved(row, before, ("archived_at",), by=by, verb=verb)


def _set(row: models.Model, values: Mapping[str, Any], allowed: Collection[str]) -> None:
    for name, value in values.items():
        if name not in allowed:
            raise TypeError(f"{name} is no field that this action sets")
        setattr(row, name, value)


# --- Categories -----------------------------------------------------------------------------------


@transaction.atomic
def create_category(*, name: str, by: User) -> Category:
    """Accents and case make no second one. Raises NameMissing or NameTaken."""
    category = Category()
    _call(category, name, by, verb="category.create")
    return category


@transaction.atomic
def rename_category(*, category: Category, name: str, by: User) -> Category:
    """Tickets that have it follow. Raises NameMissing or NameTaken."""
    category = Category.objects.select_for_update().get(pk=category.pk)
    _call(category, name, by, verb="category.update")
    return category


def _call(category: Category, name: str, by: User, *, verb: str) -> None:
    before = audit.values(category, ("name",)) if category.pk else {}
    category.name = _name(name)
    category.folded = fold(category.name)[:NAME_LENGTH]
    if Category.objects.filter(folded=category.folded).exclude(pk=category.pk).exists():
        raise NameTaken
    changes = audit.diff(before, category, ("name",))
    if changes:
        category.save()
        audit.record(by=by, action=verb, target=category, changes=changes)


@transaction.atomic
def archive_category(*, category: Category, by: User) -> Category:
    """Nobody chooses it any more; tickets that have it keep it. Twice is once."""
    category = Category.objects.select_for_update().get(pk=category.pk)
    _archive(category, by, verb="category.archive", archived=True)
    return category


@transaction.atomic
def restore_category(*, category: Category, by: User) -> Category:
    category = Category.objects.select_for_update().get(pk=category.pk)
    _archive(category, by, verb="category.restore", archived=False)
    return category


# --- Canned replies -------------------------------------------------------------------------------

_BRACES = re.compile(r"\{([^{}\n]{0,40})\}")


def can_edit_canned(reply: CannedReply, user: User) -> bool:
    """One's own; everybody's are the managers'."""
    return can_set_up(user) if reply.owner_id is None else reply.owner_id == user.pk


@transaction.atomic
def save_canned(
    *,
    by: User,
    name: str,
    texts: Mapping[str, str],
    shortcut: str = "",
    is_shared: bool = False,
    reply: CannedReply | None = None,
) -> CannedReply:
    """A new one, or `reply` in other words; shared with everybody, or one's own.

    Raises NameMissing, TextMissing, UnknownField, ShortcutTaken or NotYours.
    """
    if reply is not None:
        reply = CannedReply.objects.select_for_update(of=("self",)).get(pk=reply.pk)
        before = audit.values(reply, CANNED_FIELDS)
    else:
        reply, before = CannedReply(owner=by), {}
    if not can_edit_canned(reply, by) or (is_shared and not can_set_up(by)):
        raise NotYours
    reply.name, reply.texts = _name(name), _clean_texts(texts)
    reply.shortcut = slugify(shortcut)[:30]
    reply.owner = None if is_shared else by
    others = CannedReply.objects.filter(shortcut=reply.shortcut, owner=reply.owner)
    if reply.shortcut and others.exclude(pk=reply.pk).exists():
        raise ShortcutTaken
    verb = "canned_reply.update" if before else "canned_reply.create"
    _saved(reply, before, CANNED_FIELDS, by=by, verb=verb)
    return reply


def _clean_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Only languages that there are, with something written; each field one that is known."""
    known = {code for code, _label in django_settings.LANGUAGES}
    cleaned = {code: text.strip() for code, text in texts.items() if code in known and text.strip()}
    if not cleaned:
        raise TextMissing
    for text in cleaned.values():
        for name in _BRACES.findall(text):
            if name not in MERGE_FIELDS:
                raise UnknownField(name)
    return cleaned


@transaction.atomic
def delete_canned(*, reply: CannedReply, by: User) -> None:
    """Raises NotYours."""
    if not can_edit_canned(reply, by):
        raise NotYours
    changes: Changes = {"name": [reply.name, None]}
    audit.record(by=by, action="canned_reply.delete", target=reply, changes=changes)
    reply.delete()


# --- Saved views ----------------------------------------------------------------------------------


def can_edit_view(view: SavedView, user: User) -> bool:
    """One's own; everybody's are the managers'."""
    return can_set_up(user) if view.owner_id is None else view.owner_id == user.pk


@transaction.atomic
def save_view(
    *,
    by: User,
    name: str,
    query: str,
    is_shared: bool = False,
    view: SavedView | None = None,
) -> SavedView:
    """A question about tickets under a name. Raises NameMissing or NotYours."""
    if view is not None:
        view = SavedView.objects.select_for_update(of=("self",)).get(pk=view.pk)
        before = audit.values(view, VIEW_FIELDS)
    else:
        view, before = SavedView(owner=by), {}
    if not can_edit_view(view, by) or (is_shared and not can_set_up(by)):
        raise NotYours
    view.name, view.query = _name(name), query[:1000]
    view.owner = None if is_shared else by
    verb = "saved_view.update" if before else "saved_view.create"
    _saved(view, before, VIEW_FIELDS, by=by, verb=verb)
    return view


@transaction.atomic
def delete_view(*, view: SavedView, by: User) -> None:
    """Raises NotYours."""
    if not can_edit_view(view, by):
        raise NotYours
    changes: Changes = {"name": [view.name, None]}
    audit.record(by=by, action="saved_view.delete", target=view, changes=changes)
    view.delete()


# --- Settings -------------------------------------------------------------------------------------


@transaction.atomic
def update_settings(*, by: User, **values: Any) -> SupportSettings:
    """Change what is given of SETTINGS; a form has made sure that it makes sense."""
    desk.settings()
    row = SupportSettings.objects.select_for_update().get(pk=1)
    before = audit.values(row, SETTINGS)
    _set(row, values, SETTINGS)
    _saved(row, before, SETTINGS, by=by, verb="support_settings.update")
    return row
