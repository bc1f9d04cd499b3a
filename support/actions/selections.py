"""Many tickets in one stroke, which can be taken back as one (staff.changes)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.actions.customers import tags_named
from crm.actions.interactions import log_interactions_bulk
from crm.batches import batches
from crm.models import Customer, Interaction, Tag
from staff import audit, changes
from staff.models import ChangeSet, User
from support.actions.changes import can_change, may_work_in, names
from support.actions.changes import put_assignee as assign_within
from support.actions.states import BY_HAND, NotLater, can_move, can_snooze, desk_leads, only_spam
from support.actions.turns import Rota
from support.events import Actor, Change, Kind, write_all
from support.models import Category, Queue, Ticket, TicketEvent
from support.states import ENDED, OPEN, STEPS
from support.telling import retell, summary

if TYPE_CHECKING:
    from support.querysets import TicketQuerySet

State = Ticket.State
KIND = "support.change"
# Left as it is, where None means nobody.
UNCHANGED: Any = object()
COLUMNS = (
    "state",
    "assignee_id",
    "queue_id",
    "priority",
    "category_id",
    "snoozed_until",
)

# What a stroke tells of in events, all of them at its one instant.
TOLD = STEPS | {
    Kind.ASSIGNED,
    Kind.QUEUE,
    Kind.PRIORITY,
    Kind.CATEGORY,
    Kind.TAGS,
    Kind.SNOOZED,
    Kind.AWOKEN,
    Kind.DUE_CHANGED,
}

# Why a ticket was left as it was, as `facts["refused"]` counts it.
REFUSED = {
    "merged": _("merged into another one"),
    "state": _("can’t become that from what it is"),
    "assignee": _("in a queue in which they can’t answer"),
    "snooze": _("not open"),
}


@dataclass
class Wanted:
    """What is to become of each; what is not given stays."""

    state: str | None = None
    spam: bool | None = None
    assignee: User | None = UNCHANGED
    queue: Queue | None = None
    priority: int | None = None
    category: Category | None = UNCHANGED
    add_tags: Sequence[Tag] = ()
    remove_tags: Sequence[Tag] = ()
    snoozed_until: datetime | None = UNCHANGED


@transaction.atomic
def change_many(
    *,
    tickets: TicketQuerySet,
    by: User,
    add_tags: Iterable[str] = (),
    remove_tags: Iterable[str] = (),
    **wanted: Any,
) -> ChangeSet | None:
    """Change the same about all of these that `by` may see; None when nothing changes in any.

    `wanted` are among state, spam (True or False: no spam after all), assignee, queue, priority,
    category and snoozed_until, of which None is nobody, none and awake. Each ticket tells of it in
    its events; nobody is written to. What can't be done to a ticket is left undone there and
    counted: `facts` has "tickets", how many changed, and "refused", how often why (REFUSED). The
    queries per thousand do not grow with the tickets. Raises NotLater or crm's TagTooLong.
    """
    stroke = _Stroke(
        by,
        Wanted(
            add_tags=tags_named(add_tags),
            remove_tags=tags_named(remove_tags),
            **wanted,
        ),
    )
    stroke.refuse_senseless()
    mine = tickets.visible_to(by).order_by()
    for batch in batches(list(mine.values_list("pk", flat=True))):
        stroke.change(batch)
    return stroke.finish()


@dataclass
class _Stroke:
    by: User
    wanted: Wanted
    at: datetime = field(default_factory=timezone.now)
    changed: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def refuse_senseless(self) -> None:
        until = self.wanted.snoozed_until
        if until is not UNCHANGED and until is not None and until <= self.at:
            raise NotLater
        if self.wanted.state is not None and self.wanted.state not in BY_HAND:
            raise ValueError(f"Nobody moves a ticket to {self.wanted.state} by hand")

    @cached_property
    def change_set(self) -> ChangeSet:
        return changes.open_change_set(kind=KIND, label="", by=self.by)

    @cached_property
    def rota(self) -> Rota | None:
        queue = self.wanted.queue
        return Rota(queue) if queue is not None and queue.is_round_robin else None

    def finish(self) -> ChangeSet | None:
        if not self.changed:
            return None
        words = ngettext("%(count)s ticket changed", "%(count)s tickets changed", self.changed)
        self.change_set.label = words % {"count": self.changed}
        self.change_set.facts = {
            "tickets": self.changed,
            "refused": dict(self.refused),
            "at": self.at.isoformat(),
        }
        self.change_set.save(update_fields=["label", "facts"])
        audit.record(
            by=self.by,
            action="ticket.change_many",
            target=self.change_set,
            changes={"tickets": [None, self.changed]},
            change_set=self.change_set,
        )
        return self.change_set

    # --- A thousand of them -------------------------------------------------------------------

    def change(self, ids: Sequence[int]) -> None:
        rows = list(
            Ticket.objects.select_for_update(of=("self",))
            .filter(pk__in=ids)
            .select_related("queue", "assignee", "category", "customer")
            .order_by("pk")
        )
        before = {row.pk: audit.values(row, COLUMNS) for row in rows}
        tags = self._tags(ids)
        spammed_from = self._before_spam(ids)
        done: list[Change] = []
        for row in rows:
            one = Change(ticket=row, at=self.at, by=self.by, actor=Actor.STAFF)
            if can_change(row):
                self._one(one, spammed_from)
                self._retag(one, tags.get(row.pk, {}))
            else:
                self.refused["merged"] += 1
            if one.events:
                done.append(one)
        if done:
            self._write(done, before, tags)

    def _one(self, change: Change, spammed_from: Mapping[int, str]) -> None:
        """What is wanted of one ticket, as far as it can be."""
        self._move(change, spammed_from)
        self._requeue(change)
        self._reassign(change)
        ticket, wanted = change.ticket, self.wanted
        if wanted.priority is not None and ticket.priority != wanted.priority:
            change.note(Kind.PRIORITY, before=ticket.priority, after=int(wanted.priority))
            change.set(priority=int(wanted.priority))
        if wanted.category is not UNCHANGED and ticket.category != wanted.category:
            change.note(Kind.CATEGORY, before=ticket.category or "", after=wanted.category or "")
            change.set(category=wanted.category)
        self._snooze(change)

    def _move(self, change: Change, spammed_from: Mapping[int, str]) -> None:
        ticket, to = change.ticket, self.wanted.state
        if self.wanted.spam is not None:
            is_spam = ticket.state == State.SPAM
            if is_spam == self.wanted.spam:
                return
            if is_spam:
                change.move(spammed_from.get(ticket.pk, State.OPEN))
                return
            to = State.SPAM
        if to is None or ticket.state == to:
            return
        if can_move(ticket, to):
            change.move(to)
        else:
            self.refused["state"] += 1

    def _requeue(self, change: Change) -> None:
        ticket, queue = change.ticket, self.wanted.queue
        if queue is None or ticket.queue_id == queue.pk:
            return
        change.note(Kind.QUEUE, before=ticket.queue, after=queue)
        change.set(queue=queue)
        if self.wanted.assignee is not UNCHANGED:
            return
        if ticket.assignee is not None and not self._may_work(ticket.assignee, queue):
            assign_within(change, None, actor=Actor.SYSTEM)
        if self.rota is not None and ticket.assignee is None and ticket.is_open:
            assign_within(change, self.rota.next(), actor=Actor.SYSTEM)

    def _reassign(self, change: Change) -> None:
        wanted = self.wanted.assignee
        if wanted is UNCHANGED:
            return
        if wanted is None or self._may_work(wanted, change.ticket.queue):
            assign_within(change, wanted)
        else:
            self.refused["assignee"] += 1

    def _may_work(self, user: User, queue: Queue) -> bool:
        key = (user.pk, queue.pk)
        if key not in self._known:
            self._known[key] = may_work_in(user, queue)
        return self._known[key]

    @cached_property
    def _known(self) -> dict[tuple[int, int], bool]:
        return {}

    def _snooze(self, change: Change) -> None:
        ticket, until = change.ticket, self.wanted.snoozed_until
        if until is UNCHANGED or ticket.snoozed_until == until:
            return
        was = ticket.snoozed_until.isoformat() if ticket.snoozed_until else ""
        if until is None:
            change.note(Kind.AWOKEN, before=was)
        elif can_snooze(ticket):
            change.note(Kind.SNOOZED, before=was, after=until.isoformat())
        else:
            self.refused["snooze"] += 1
            return
        change.set(snoozed_until=until)

    # --- Tags -------------------------------------------------------------------------------

    def _tags(self, ids: Sequence[int]) -> dict[int, dict[int, Any]]:
        """The rows that tie tags to these tickets, when tags are to change."""
        found: dict[int, dict[int, Any]] = {}
        if self.wanted.add_tags or self.wanted.remove_tags:
            ties = Ticket.tags.through._default_manager.filter(ticket__in=ids)
            for tie in ties.select_related("tag"):
                found.setdefault(tie.ticket_id, {})[tie.tag_id] = tie
        return found

    def _retag(self, change: Change, ties: Mapping[int, Any]) -> None:
        had = {pk: tie.tag for pk, tie in ties.items()}
        removed = {tag.pk for tag in self.wanted.remove_tags}
        has = {pk: tag for pk, tag in had.items() if pk not in removed}
        has |= {tag.pk: tag for tag in self.wanted.add_tags if tag.pk not in removed}
        if has.keys() != had.keys():
            change.note(Kind.TAGS, before=names(had.values()), after=names(has.values()))

    def _write_tags(self, done: Sequence[Change], ties: Mapping[int, Mapping[int, Any]]) -> None:
        through: Any = Ticket.tags.through
        removed = {tag.pk for tag in self.wanted.remove_tags}
        gone, new = [], []
        for change in done:
            had = ties.get(change.ticket.pk, {})
            gone += [tie for pk, tie in had.items() if pk in removed]
            new += [
                through(ticket_id=change.ticket.pk, tag_id=tag.pk)
                for tag in self.wanted.add_tags
                if tag.pk not in had and tag.pk not in removed
            ]
        if gone:
            changes.record_deleted(self.change_set, gone)
            through._default_manager.filter(pk__in=[tie.pk for tie in gone]).delete()
        if new:
            changes.record_created(self.change_set, through._default_manager.bulk_create(new))

    # --- Written ----------------------------------------------------------------------------

    def _before_spam(self, ids: Sequence[int]) -> dict[int, str]:
        if self.wanted.spam is not False:
            return {}
        marked = TicketEvent.objects.filter(ticket__in=ids, kind=Kind.SPAM)
        states = marked.order_by("at", "pk").values_list("ticket_id", "before")
        return {pk: before for pk, before in states if before in OPEN | ENDED}

    def _write(
        self,
        done: Sequence[Change],
        before: Mapping[int, Mapping[str, Any]],
        tags: Mapping[int, Mapping[int, Any]],
    ) -> None:
        rows = [change.ticket for change in done]
        write_all(done)
        changes.record_updated(
            self.change_set,
            Ticket,
            (
                (row.pk, {name: before[row.pk][name] for name in differ}, audit.values(row, differ))
                for row in rows
                if (differ := [n for n in COLUMNS if before[row.pk][n] != getattr(row, n)])
            ),
        )
        self._write_tags(done, tags)
        self._tell(done)
        self._move_leads(done)
        self.changed += len(done)

    def _tell(self, done: Sequence[Change]) -> None:
        """On the customers' timelines: what was solved; and what may be said of a queue's tickets."""
        solved = [
            change.ticket
            for change in done
            if any(event.kind == Kind.RESOLVED for event in change.events)
        ]
        log_interactions_bulk(
            Interaction(
                customer=ticket.customer,
                kind=Interaction.Kind.TICKET,
                by=self.by,
                summary=summary(ticket, is_private=ticket.queue.is_private),
                channel=ticket.channel,
                occurred_at=self.at,
                contact_id=ticket.contact_id,
                about_model=Ticket._meta.label_lower,
                about_id=ticket.pk,
            )
            for ticket in solved
        )
        if self.wanted.queue is not None:
            retell(change.ticket for change in done)

    def _move_leads(self, done: Sequence[Change]) -> None:
        """Leads who only ever sent spam go to the archive, and come back when it was none."""
        kinds = {event.kind for change in done for event in change.events}
        if not kinds & {Kind.SPAM, Kind.NOT_SPAM}:
            return
        leads = desk_leads({change.ticket.customer_id for change in done})
        wanted = self.at if Kind.SPAM in kinds else None
        leads = only_spam(leads).active() if wanted else leads.archived()
        was = list(leads.select_for_update().order_by("pk").values_list("pk", "archived_at"))
        Customer.objects.filter(pk__in=[pk for pk, _at in was]).update(archived_at=wanted)
        changes.record_updated(
            self.change_set,
            Customer,
            ((pk, {"archived_at": at}, {"archived_at": wanted}) for pk, at in was),
        )
