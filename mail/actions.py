"""Everything that changes the post room, except the sending itself (mail.delivery)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mail import tasks, tokens
from mail.drafts import MOST_BYTES, SCOPES, UNSUBSCRIBE, Draft, one_line
from mail.messages import ANSWERED_BY_NOBODY
from mail.models import DeliveryEvent, OutgoingAttachment, OutgoingEmail, Scope, Suppression
from staff import audit
from staff.bulk import insert_together
from staff.models import User
from staff.refusals import Refusal
from staff.tokens import hashed, new_token

State = OutgoingEmail.State
BATCH = 500
# Sent again with one press.
MOST_RETRIED = 500


class CannotCancel(Refusal):
    message = _("Only a message that still waits can be cancelled.")


class CannotRetry(Refusal):
    message = _(
        "Only a message that failed, or of which nobody knows whether it arrived, can be sent again."
    )


class NotConfirmed(Refusal):
    message = _("It may have arrived already. Confirm that a second copy is acceptable.")


class NotAnAddress(Refusal):
    message = _("This is not an e-mail address.")


class FilesTooLarge(Refusal):
    message = _("These files are too large for one mail. Together they may have at most 18 MB.")


# --- Into the outbox ----------------------------------------------------------------------


def queue_email(draft: Draft, *, nudges: bool = True) -> OutgoingEmail:
    """Promise to send `draft`; it leaves after the caller's transaction commits.

    Who queues one after the other `nudges` not for each, but with mail.tasks.sweep at the end.
    With a `once_key` that is there already, returns that row and changes nothing.
    An unusable address makes a row that says so, `failed`, rather than losing the message.
    Raises FilesTooLarge.
    """
    _refuse_too_large([draft])
    with transaction.atomic(savepoint=False):  # nothing is refused from here on
        [outgoing] = _store([draft])
    if nudges and outgoing.state == State.QUEUED and outgoing.due_at <= timezone.now():
        # Broker down? The page survives, and the sweep finds the row. A lambda, because Django
        # can't survive what has no name, such as a partial.
        transaction.on_commit(lambda: tasks.send.delay(outgoing.pk), robust=True)
    return outgoing


def queue_emails(drafts: Sequence[Draft]) -> list[OutgoingEmail]:
    """`queue_email` for many, in the same order: constant queries and one nudge per call."""
    _refuse_too_large(drafts)
    rows: list[OutgoingEmail] = []
    with transaction.atomic(savepoint=False):
        for start in range(0, len(drafts), BATCH):
            rows += _store(drafts[start : start + BATCH])
    if rows:
        transaction.on_commit(tasks.sweep.delay, robust=True)
    return rows


def queue_with(draft: Draft, rows: Sequence[models.Model], *, nudges: bool = True) -> None:
    """`queue_email` of one without files or a once_key, written together with these unsaved `rows`.

    Inside the caller's transaction; see staff.bulk.insert_together.
    """
    insert_together([*rows, _row(draft)])
    if nudges:
        transaction.on_commit(tasks.sweep.delay, robust=True)


def _refuse_too_large(drafts: Sequence[Draft]) -> None:
    if any(draft.size_of_files > MOST_BYTES for draft in drafts if draft.attachments):
        raise FilesTooLarge


def _store(drafts: Sequence[Draft]) -> list[OutgoingEmail]:
    """The rows of these drafts, new or found by their once_key."""
    keys = [draft.once_key for draft in drafts if draft.once_key]
    known = _by_once_key(keys)
    new: dict[str, OutgoingEmail] = {}
    rows: list[OutgoingEmail] = []
    for draft in drafts:
        row = known.get(draft.once_key) or new.get(draft.once_key) or _row(draft)
        if draft.once_key and draft.once_key not in known:
            new[draft.once_key] = row
        rows.append(row)
    OutgoingEmail.objects.bulk_create([row for row in rows if not row.once_key])
    if new:
        # Somebody else may be queueing the same: the constraint decides, and we read who won.
        OutgoingEmail.objects.bulk_create(new.values(), ignore_conflicts=True)
        known |= _by_once_key(list(new))
    stored = [known.get(row.once_key, row) for row in rows]
    _attach(
        {
            row.pk: draft
            for row, draft in zip(stored, drafts, strict=True)
            if draft.attachments and (not draft.once_key or draft.once_key in new)
        }
    )
    return stored


def _attach(drafts: dict[int, Draft]) -> None:
    """Give these new rows their files; a rival who won a once_key has given them already."""
    if not drafts:
        return
    given = OutgoingAttachment.objects.filter(outgoing__in=drafts)
    done = set(given.values_list("outgoing_id", flat=True))
    OutgoingAttachment.objects.bulk_create(
        OutgoingAttachment(
            outgoing_id=pk,
            file=file.stored_file,
            name=one_line(file.name)[:150] or "file",
            content_type=one_line(file.content_type)[:120],
        )
        for pk, draft in drafts.items()
        if pk not in done
        for file in draft.attachments
    )


def _by_once_key(keys: list[str]) -> dict[str, OutgoingEmail]:
    found = OutgoingEmail.objects.filter(once_key__in=keys) if keys else []
    return {row.once_key: row for row in found}


def _row(draft: Draft) -> OutgoingEmail:
    address = one_line(draft.to_address).lower()
    row = OutgoingEmail(
        stream=draft.stream,
        to_address=address[:254],
        to_name=one_line(draft.to_name)[:200],
        reply_to=one_line(draft.reply_to)[:254],
        subject=one_line(draft.subject)[:250],
        text=draft.text,
        html=draft.html,
        language=draft.language,
        headers={name: one_line(value) for name, value in draft.headers.items()},
        about_model=draft.about[0] if draft.about else "",
        about_id=draft.about[1] if draft.about else None,
        once_key=draft.once_key,
        thread_key=draft.thread_key,
        due_at=draft.due_at or timezone.now(),
        expires_at=draft.expires_at,
    )
    if draft.is_automatic:
        row.headers |= ANSWERED_BY_NOBODY
    if draft.unsubscribe_scope:
        _give_unsubscribe_link(row)
    try:
        validate_email(address)
    except ValidationError:
        row.state, row.detail = State.FAILED, f"Not an e-mail address: {address[:300]}"
    return row


def _give_unsubscribe_link(row: OutgoingEmail) -> None:
    token = new_token()
    url = tokens.unsubscribe_url(token)
    row.unsubscribe_hash = hashed(token)
    row.headers["List-Unsubscribe"] = f"<{url}>"
    row.text = row.text.replace(UNSUBSCRIBE, url)
    row.html = row.html.replace(UNSUBSCRIBE, url)


# --- By hand --------------------------------------------------------------------------------


def can_cancel(outgoing: OutgoingEmail) -> bool:
    return outgoing.state == State.QUEUED


@transaction.atomic
def cancel(*, outgoing: OutgoingEmail, by: User) -> OutgoingEmail:
    """Withdraw a message that waits. Raises CannotCancel once a worker has it."""
    waiting = OutgoingEmail.objects.filter(pk=outgoing.pk, state=State.QUEUED)
    if not waiting.update(state=State.CANCELLED, detail=""):
        raise CannotCancel
    return _changed(outgoing, by=by, action="outgoing_email.cancel")


@transaction.atomic
def cancel_about(*, model: str, ids: models.QuerySet[Any, Any]) -> int:
    """Withdraw what still waits of the messages about these records; how many were withdrawn.

    The room that they belong to says in its own trail who did it.
    """
    waiting = OutgoingEmail.objects.filter(about_model=model, about_id__in=ids, state=State.QUEUED)
    return waiting.update(state=State.CANCELLED, detail="")


def can_retry(outgoing: OutgoingEmail) -> bool:
    return outgoing.state in {State.FAILED, State.UNKNOWN}


@transaction.atomic
def retry(*, outgoing: OutgoingEmail, by: User, may_arrive_twice: bool = False) -> OutgoingEmail:
    """Queue a failed or unknown message again; nobody has ever seen a failed one.

    It keeps its Message-ID, by which many receivers drop a second copy. Raises CannotRetry, and
    NotConfirmed for an unknown one unless the person accepts that it `may_arrive_twice`.
    """
    if outgoing.state == State.UNKNOWN and not may_arrive_twice:
        raise NotConfirmed
    stuck = OutgoingEmail.objects.filter(pk=outgoing.pk, state=outgoing.state)
    if not can_retry(outgoing):
        raise CannotRetry
    if not stuck.update(
        state=State.QUEUED,
        due_at=timezone.now(),
        expires_at=None,
        attempts=0,
        lease_holder="",
        lease_until=None,
        detail="",
    ):
        raise CannotRetry
    transaction.on_commit(lambda: tasks.send.delay(outgoing.pk), robust=True)
    return _changed(outgoing, by=by, action="outgoing_email.retry")


@transaction.atomic
def retry_failed(*, stream: str = "", address: str = "", by: User) -> int:
    """Queue again the failed messages of this stream to addresses that begin so; how many.

    At most MOST_RETRIED, the newest first. Those whose address does not exist stay, and so do those
    that are not worth sending any more.
    """
    failed = OutgoingEmail.objects.worth_retrying().narrowed(stream=stream, address=address)
    newest = list(failed.order_by("-created_at", "-pk")[:MOST_RETRIED])
    chosen = OutgoingEmail.objects.filter(pk__in=[one.pk for one in newest], state=State.FAILED)
    count = chosen.update(
        state=State.QUEUED,
        due_at=timezone.now(),
        attempts=0,
        lease_holder="",
        lease_until=None,
        detail="",
    )
    if newest and count:
        changes: audit.Changes = {"messages": [None, count]}
        audit.record(by=by, action="outgoing_email.retry_many", target=newest[0], changes=changes)
        transaction.on_commit(tasks.sweep.delay, robust=True)
    return count


def _changed(outgoing: OutgoingEmail, *, by: User, action: str) -> OutgoingEmail:
    before = {"state": outgoing.state}
    outgoing.refresh_from_db()
    audit.record(
        by=by, action=action, target=outgoing, changes=audit.diff(before, outgoing, ["state"])
    )
    return outgoing


# --- Who is not written to --------------------------------------------------------------------


@transaction.atomic
def suppress(
    *, address: str, scope: Scope, reason: Suppression.Reason, by: User | None
) -> Suppression:
    """Write to `address` no more, in `scope`; if it is so already, returns what stands.

    Raises NotAnAddress.
    """
    address = address.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise NotAnAddress from error
    suppression, created = Suppression.objects.get_or_create(
        address=address, scope=scope, released_at=None, defaults={"reason": reason}
    )
    if created:
        changes = audit.diff({}, suppression, ["address", "scope", "reason"])
        audit.record(by=by, action="suppression.create", target=suppression, changes=changes)
    return suppression


@transaction.atomic
def release(*, suppression: Suppression, by: User | None, why: str = "") -> Suppression:
    """Allow writing to this address again, in this scope; twice is once. `why` is for the trail."""
    now = timezone.now()
    standing = Suppression.objects.filter(pk=suppression.pk, released_at=None)
    if standing.update(released_at=now):
        suppression.released_at = now
        changes = audit.diff({}, suppression, ["released_at"])
        if why:
            changes["why"] = ["", why]
        audit.record(by=by, action="suppression.release", target=suppression, changes=changes)
    return suppression


@transaction.atomic
def suppress_again(*, suppression: Suppression, by: User) -> Suppression:
    """Take a release back: what stood stands again, with its reason and its day; twice is once."""
    others = Suppression.objects.active().filter(
        address=suppression.address, scope=suppression.scope
    )
    if others.exists():
        return suppression
    released = Suppression.objects.filter(pk=suppression.pk, released_at__isnull=False)
    if released.update(released_at=None):
        before = audit.values(suppression, ["released_at"])
        suppression.refresh_from_db()
        changes = audit.diff(before, suppression, ["released_at"])
        audit.record(by=by, action="suppression.restore", target=suppression, changes=changes)
    return suppression


@transaction.atomic
def unsubscribe(*, outgoing: OutgoingEmail, scope: Scope | None = None) -> Suppression:
    """The recipient of `outgoing` leaves its stream, or the wider `scope`; idempotent."""
    scope = scope or SCOPES[OutgoingEmail.Stream(outgoing.stream)]
    standing = Suppression.objects.active().filter(address=outgoing.to_address, scope=scope)
    if found := standing.first():
        return found
    DeliveryEvent.objects.create(
        outgoing=outgoing,
        address=outgoing.to_address,
        type=DeliveryEvent.Type.UNSUBSCRIBE,
        detail=scope,
    )
    return suppress(
        address=outgoing.to_address,
        scope=scope,
        reason=Suppression.Reason.UNSUBSCRIBE,
        by=None,
    )


@transaction.atomic
def resubscribe(*, outgoing: OutgoingEmail) -> None:
    """The recipient takes their own unsubscribing back; bounces and complaints stand."""
    own = Suppression.objects.active().filter(
        address=outgoing.to_address, reason=Suppression.Reason.UNSUBSCRIBE
    )
    for suppression in own:
        release(suppression=suppression, by=None)
