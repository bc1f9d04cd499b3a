"""Two customers side by side: what differs between them, and which of it one would keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from crm.folding import words
from crm.models import Customer

CUSTOM = "custom."


class Side(StrEnum):
    """Whose value of a field is kept; of notes both may be."""

    WINNER = "winner"
    LOSER = "loser"
    BOTH = "both"


# Fields of Customer that a merge chooses between, as a page shows them; `custom.…` come after them.
FIELDS = (
    "name",
    "kind",
    "owner",
    "source",
    "referred_by",
    "language",
    "birthday",
    "city",
    "country",
    "notes",
    "created_at",
)
Choices = Mapping[str, Side]


@dataclass(frozen=True)
class Difference:
    """A field of which the two say something else; `winner` and `loser` are its raw values."""

    name: str
    winner: Any
    loser: Any
    suggested: Side


def value(customer: Customer, name: str) -> Any:
    """A field's value by its name, of a custom field too; keys for what points to others."""
    if name.startswith(CUSTOM):
        return customer.custom.get(name.removeprefix(CUSTOM))
    return getattr(customer, _column(name))


def _column(name: str) -> str:
    return str(Customer._meta.get_field(name).attname)  # type: ignore[union-attr]


def differences(winner: Customer, loser: Customer) -> list[Difference]:
    """What has to be chosen, in the order of the page; what one of them is alone is no choice."""
    custom = dict.fromkeys([*winner.custom, *loser.custom])
    found = []
    for name in [*FIELDS, *(CUSTOM + key for key in custom)]:
        ours, theirs = value(winner, name), value(loser, name)
        if name == "referred_by":
            # Nobody refers themselves, and these two are one.
            ours = None if ours == loser.pk else ours
            theirs = None if theirs == winner.pk else theirs
        if ours != theirs:
            found.append(Difference(name, ours, theirs, _suggested(name, ours, theirs)))
    return found


def _suggested(name: str, ours: Any, theirs: Any) -> Side:
    """What is filled over what is empty; else what the field's own rule prefers; else the winner's."""
    if ours in (None, "") or theirs in (None, ""):
        return Side.LOSER if ours in (None, "") else Side.WINNER
    prefers = _PREFERS.get(name)
    return prefers(ours, theirs) if prefers else Side.WINNER


def better_name(ours: str, theirs: str) -> Side:
    """The fuller of two spellings of one name, and the better written of two equally full ones."""
    have, has = words(ours), words(theirs)
    if set(have) < set(has):
        return Side.LOSER
    same = sorted(have) == sorted(has)
    return Side.LOSER if same and _care(theirs) > _care(ours) else Side.WINNER


def _care(name: str) -> tuple[bool, int]:
    """How carefully a name was written: not all in one case, with its accents."""
    return name not in (name.lower(), name.upper()), sum(not letter.isascii() for letter in name)


def _elder(ours: datetime, theirs: datetime) -> Side:
    return Side.LOSER if theirs < ours else Side.WINNER


_PREFERS: dict[str, Callable[[Any, Any], Side]] = {
    "name": better_name,
    "created_at": _elder,
    "notes": lambda _ours, _theirs: Side.BOTH,
}


def chosen(winner: Customer, loser: Customer, choices: Choices) -> dict[str, Any]:
    """Columns of the winner that change, by attname, with what they become.

    A difference that nobody chose about is settled as suggested.
    """
    changed: dict[str, Any] = {}
    custom = dict(winner.custom)
    for one in differences(winner, loser):
        side = choices.get(one.name, one.suggested)
        if side == Side.BOTH and one.name == "notes":
            changed["notes"] = "\n\n".join(text for text in (one.winner, one.loser) if text)
        elif side != Side.LOSER:
            continue
        elif one.name.startswith(CUSTOM):
            _put(custom, one.name.removeprefix(CUSTOM), one.loser)
        else:
            changed[_column(one.name)] = one.loser
    if custom != winner.custom:
        changed["custom"] = custom
    return changed


def _put(custom: dict[str, Any], key: str, value: Any) -> None:
    """An empty value has no key."""
    if value is None:
        custom.pop(key, None)
    else:
        custom[key] = value
