"""Writing the log of what passed. An interaction is its own record: it needs no audit entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from crm.models import Contact, Customer, Interaction, InteractionBody
from crm.projections import rebuild_contact_dates
from staff.bulk import save_columns
from staff.models import User
from staff.prepared import PreparedInsert

SUMMARY_LENGTH = 300
BATCH = 1000
INSERT = PreparedInsert(Interaction)
_DATES: dict[str, str] = {
    Interaction.Direction.IN: "last_inbound_at",
    Interaction.Direction.OUT: "last_outbound_at",
}
_FORWARD = (
    "UPDATE crm_customer SET {column} = %s WHERE id = %s AND ({column} IS NULL OR {column} < %s)"
)


@transaction.atomic(savepoint=False)  # it is always a small part of something else
def log_interaction(
    *,
    customer: Customer,
    kind: str,
    by: User | None,
    summary: str = "",
    body: str = "",
    direction: str = "",
    channel: str = "",
    occurred_at: datetime | None = None,
    contact: Contact | None = None,
    about: models.Model | None = None,
    external_source: str = "",
    external_id: str = "",
) -> Interaction:
    """Append one interaction and keep the customer's last dates in step.

    Only the start of a long summary is the summary; the whole text goes to the body. A known
    external key returns the interaction that has it already.
    """
    short, text = summarised(summary, body)
    interaction = interaction_of(
        customer=customer,
        kind=kind,
        by=by,
        summary=short,
        direction=direction,
        channel=channel,
        occurred_at=occurred_at,
        contact=contact,
        about=about,
    )
    interaction.external_source, interaction.external_id = external_source, external_id
    if not external_id:
        INSERT(interaction)
    elif known := _insert_once(interaction):
        return known
    if text:
        InteractionBody.objects.create(interaction=interaction, text=text)
    bring_customer_forward(customer, interaction)
    return interaction


def interaction_of(
    *,
    customer: Customer,
    kind: str,
    by: User | None,
    summary: str,
    direction: str = "",
    channel: str = "",
    occurred_at: datetime | None = None,
    contact: Contact | None = None,
    about: models.Model | None = None,
) -> Interaction:
    """Not written yet, with a summary that fits: for who writes it together with what it is about,
    and calls bring_customer_forward then."""
    return Interaction(
        customer=customer,
        kind=kind,
        by=by,
        summary=summary,
        direction=direction,
        channel=channel,
        occurred_at=occurred_at or timezone.now(),
        contact=contact,
        about_model=about._meta.label_lower if about else "",
        about_id=about.pk if about else None,
    )


def interactions_about(
    model: type[models.Model], keys: Iterable[int]
) -> models.QuerySet[Interaction]:
    """What tells of these records."""
    return Interaction.objects.filter(about_model=model._meta.label_lower, about_id__in=list(keys))


@transaction.atomic(savepoint=False)
def unlog_interactions(*, about: models.Model) -> None:
    """What `about` tells of was taken back before it reached anybody: it never passed."""
    told = interactions_about(type(about), [about.pk])
    customers = set(told.values_list("customer_id", flat=True))
    told.delete()
    rebuild_contact_dates(customers)


@transaction.atomic(savepoint=False)
def move_interactions(*, about: models.QuerySet[Any], customer: Customer) -> None:
    """What tells of these records passed with `customer`, as it turned out."""
    told = interactions_about(about.model, about.values_list("pk", flat=True))
    customers = {customer.pk, *told.values_list("customer_id", flat=True)}
    told.update(customer=customer)
    rebuild_contact_dates(customers)


def _insert_once(interaction: Interaction) -> Interaction | None:
    """Insert it; or the one that has its external key already."""
    try:
        with transaction.atomic():
            interaction.save(force_insert=True)
    except IntegrityError:
        key = {name: getattr(interaction, name) for name in Interaction.EXTERNAL_KEY}
        return Interaction.objects.get(**key)
    return None


def summarised(summary: str, body: str = "") -> tuple[str, str]:
    """(one line of at most 300 letters, the text behind it or ""); nothing of either is lost.

    Without a summary the body's first line is one.
    """
    body = body.strip()
    whole = " ".join((summary.strip() or body).split())
    if len(whole) <= SUMMARY_LENGTH:
        return whole, "" if body == whole else body
    cut = whole[: SUMMARY_LENGTH - 1]
    start = cut.rsplit(" ", 1)[0] if " " in cut[SUMMARY_LENGTH // 2 :] else cut
    behind = body if not summary.strip() else "\n\n".join(filter(None, [summary.strip(), body]))
    return f"{start}…", behind


def bring_customer_forward(customer: Customer, interaction: Interaction) -> None:
    """Move the customer's last date forward, never back; the instance follows."""
    column = _DATES.get(interaction.direction)
    if column is None:
        return
    at = connection.ops.adapt_datetimefield_value(interaction.occurred_at)
    # Every answer of a survey comes by here: composing this takes Django longer than asking it.
    with connection.cursor() as cursor:
        cursor.execute(_FORWARD.format(column=column), [at, customer.pk, at])
        if cursor.rowcount:
            setattr(customer, column, interaction.occurred_at)


def log_interactions_bulk(
    interactions: Iterable[Interaction], bodies: Mapping[int, str] | None = None
) -> list[Interaction]:
    """Append many unsaved interactions; returns those that were new, with their keys.

    `bodies` are texts by position. Two queries and two writes per thousand; those whose external
    key is known are left out. The summary must fit already: see `summarised`.
    """
    rows = list(interactions)
    made: list[Interaction] = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        texts = {id(row): bodies[start + i] for i, row in enumerate(batch) if start + i in bodies} \
            if bodies else {}  # fmt: skip
        made += _log_batch(batch, texts)
    return made


@transaction.atomic
def _log_batch(batch: Sequence[Interaction], texts: Mapping[int, str]) -> list[Interaction]:
    new = _unknown(batch)
    Interaction.objects.bulk_create(new)
    InteractionBody.objects.bulk_create(
        InteractionBody(interaction=row, text=texts[id(row)]) for row in new if id(row) in texts
    )
    bring_forward(new)
    return new


def _unknown(batch: Sequence[Interaction]) -> list[Interaction]:
    keyed = [row.external_id for row in batch if row.external_id]
    found = (
        Interaction.objects.filter(external_id__in=keyed) if keyed else Interaction.objects.none()
    )
    seen = set(found.values_list("external_source", "external_id")) if keyed else set()
    new = []
    for row in batch:
        key = (row.external_source, row.external_id)
        if row.external_id and key in seen:
            continue
        seen.add(key)
        new.append(row)
    return new


def bring_forward(interactions: Sequence[Interaction]) -> None:
    """The customers' last dates after a bulk write of these interactions."""
    latest: dict[int, dict[str, datetime]] = {}
    for row in interactions:
        if column := _DATES.get(row.direction):
            dates = latest.setdefault(row.customer_id, {})
            dates[column] = max(row.occurred_at, dates.get(column, row.occurred_at))
    columns = list(_DATES.values())
    # Locked, so that a single log at the same moment is not undone.
    locked = Customer.objects.select_for_update().filter(pk__in=latest).order_by("pk")
    changed = []
    for customer in locked.only("pk", *columns):
        ahead = {
            column: at
            for column, at in latest[customer.pk].items()
            if (known := getattr(customer, column)) is None or known < at
        }
        for column, at in ahead.items():
            setattr(customer, column, at)
        if ahead:
            changed.append(customer)
    save_columns(changed, columns)
