"""Fields of one's own: added, renamed, arranged, archived and brought back."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.folding import fold
from crm.models import Customer, CustomField
from staff import audit
from staff.bulk import save_columns
from staff.models import User
from staff.refusals import Refusal

FIELDS = ("label", "kind", "choices")
LABEL_LENGTH, KEY_LENGTH = 80, 60
CHOICE_LENGTH, MOST_CHOICES = 100, 200


class LabelMissing(Refusal):
    message = _("A field needs a name.")


class LabelTaken(Refusal):
    message = _("There is a field of this name already.")


class ChoicesMissing(Refusal):
    message = _("Write what there is to choose from, one on each line.")


class TooManyChoices(Refusal):
    message = _("A field offers at most 200 choices, of 100 letters at most.")


class KindInUse(Refusal):
    message = _("Customers have this field filled in already, so its kind stays as it is.")


class FieldArchived(Refusal):
    message = _("This field is archived already.")


class FieldNotArchived(Refusal):
    message = _("This field is not archived.")


def is_used(field: CustomField) -> bool:
    """Whether any customer has it filled in."""
    return Customer.objects.filter(custom__has_key=field.key).exists()


@transaction.atomic
def add_field(
    *, label: str, kind: str, by: User | None, choices: Iterable[str] = ()
) -> CustomField:
    """A field at the end of the others, with a key made of its name for files and addresses.

    Raises LabelMissing, LabelTaken, ChoicesMissing or TooManyChoices.
    """
    label = _label(label)
    wanted = {
        "label": label,
        "kind": CustomField.Kind(kind),
        "choices": _choices(kind, choices),
        "position": CustomField.objects.count() + 1,
    }
    for key in _keys(label):
        field, made = CustomField.objects.get_or_create(key=key, defaults=wanted)
        if made:
            break
    changes = audit.diff({}, field, ["label", "key", "kind"])
    if field.choices:
        changes["choices"] = [None, field.choices]
    audit.record(by=by, action="custom_field.create", target=field, changes=changes)
    return field


@transaction.atomic
def update_field(
    *, field: CustomField, label: str, kind: str, by: User | None, choices: Iterable[str] = ()
) -> CustomField:
    """Another name, other choices (what customers have stays), another kind while nobody has it.

    Raises LabelMissing, LabelTaken, ChoicesMissing, TooManyChoices or KindInUse.
    """
    field = CustomField.objects.select_for_update().get(pk=field.pk)
    before = audit.values(field, FIELDS)
    if kind != field.kind and is_used(field):
        raise KindInUse
    field.label, field.kind = _label(label, besides=field), CustomField.Kind(kind)
    field.choices = _choices(kind, choices)
    changes = audit.diff(before, field, FIELDS)
    if changes:
        field.save(update_fields=list(changes))
        audit.record(by=by, action="custom_field.update", target=field, changes=changes)
    return field


def _label(text: str, besides: CustomField | None = None) -> str:
    label = " ".join(text.split())[:LABEL_LENGTH]
    if not label:
        raise LabelMissing
    others = CustomField.objects.filter(archived_at=None)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if fold(label) in {fold(other) for other in others.values_list("label", flat=True)}:
        raise LabelTaken
    return label


def _choices(kind: str, words: Iterable[str]) -> list[str]:
    """What is offered, each once; nothing for the kinds that don't choose."""
    if kind != CustomField.Kind.CHOICE:
        return []
    wanted: dict[str, str] = {}
    for raw in words:
        if word := " ".join(raw.split()):
            wanted.setdefault(fold(word), word)
    if not wanted:
        raise ChoicesMissing
    if len(wanted) > MOST_CHOICES or any(len(word) > CHOICE_LENGTH for word in wanted.values()):
        raise TooManyChoices
    return list(wanted.values())


def _keys(label: str) -> Iterable[str]:
    """ "Fecha de alta" → "fecha_de_alta", then "fecha_de_alta_2" …"""
    words = "".join(letter if letter.isascii() else " " for letter in fold(label)).split()
    plain = "_".join(word for word in words if word.isalnum())[: KEY_LENGTH - 4] or "field"
    yield plain
    for number in count(2):
        yield f"{plain}_{number}"


@transaction.atomic
def move_field(*, field: CustomField, up: bool, by: User | None) -> None:
    """One place up or down among those in use; at the end nothing happens."""
    living = CustomField.objects.filter(archived_at=None).select_for_update()
    rows = list(living.order_by("position", "pk"))
    place = next((n for n, row in enumerate(rows) if row.pk == field.pk), None)
    other = None if place is None else place + (-1 if up else 1)
    if place is None or other is None or not 0 <= other < len(rows):
        return
    rows[place], rows[other] = rows[other], rows[place]
    changed = [row for number, row in enumerate(rows, 1) if row.position != number]
    for number, row in enumerate(rows, 1):
        row.position = number
    save_columns(changed, ["position"])
    changes: audit.Changes = {"position": [place + 1, other + 1]}
    audit.record(by=by, action="custom_field.arrange", target=field, changes=changes)


def can_archive(field: CustomField) -> bool:
    return field.archived_at is None


@transaction.atomic
def archive_field(*, field: CustomField, by: User | None) -> CustomField:
    """Out of forms, filters and files; what was filled in stays. Raises FieldArchived."""
    now = timezone.now()
    if not CustomField.objects.filter(pk=field.pk, archived_at=None).update(archived_at=now):
        raise FieldArchived
    field.archived_at = now
    audit.record(by=by, action="custom_field.archive", target=field)
    return field


@transaction.atomic
def restore_field(*, field: CustomField, by: User | None) -> CustomField:
    """In use again, with all that was filled in. Raises FieldNotArchived or LabelTaken."""
    _label(field.label, besides=field)
    archived = CustomField.objects.filter(pk=field.pk, archived_at__isnull=False)
    if not archived.update(archived_at=None):
        raise FieldNotArchived
    field.archived_at = None
    audit.record(by=by, action="custom_field.restore", target=field)
    return field
