"""Two people at one record: what somebody saw when they began to edit, and what changed meanwhile.

A form carries a digest of each value that it showed. What the person left as it was is not written,
so it takes nobody's change back; what two of them changed is refused, and said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext_lazy

from crm.models import Customer
from staff.columns import to_json
from staff.refusals import Refusal

# By name: a field of Customer, "tags", or "custom.<key>".
Values = Mapping[str, Any]
Seen = Mapping[str, str]


class ChangedMeanwhile(Refusal):
    """Somebody else changed the same; `names` says what."""

    message = gettext_lazy(
        "Somebody else changed this while you were writing. Saving again puts yours in its place."
    )

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__()
        self.names = list(names)


def value_of(customer: Customer, name: str) -> Any:
    """A value in JSON's own types."""
    if name == "tags":
        return sorted(tag.name for tag in customer.tags.all())
    if name.startswith("custom."):
        return customer.custom.get(name.removeprefix("custom."))
    return to_json(getattr(customer, Customer._meta.get_field(name).attname))  # type: ignore[union-attr]


def digest(value: Any) -> str:
    """Short, and the same for what a browser brings back unchanged."""
    if isinstance(value, str):
        value = "\n".join(value.strip().splitlines())
    if isinstance(value, list | tuple | set):
        value = sorted(value)
    empty = value is None or value in ("", [])
    text = json.dumps(None if empty else to_json(value), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:12]


def seen(customer: Customer, names: Iterable[str]) -> str:
    """What a form puts into a hidden field."""
    return json.dumps({name: digest(value_of(customer, name)) for name in names})


def read_seen(text: str) -> dict[str, str]:
    """What the hidden field said; nothing when that can't be read."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def mine(customer: Customer, values: Values, seen: Seen) -> dict[str, Any]:
    """Of `values` those that the person changed; `customer` is locked. Raises ChangedMeanwhile."""
    kept, clashing = {}, []
    for name, value in values.items():
        was, wanted = seen.get(name), digest(value)
        if was is None:
            kept[name] = value
        elif wanted != was:
            kept[name] = value
            if digest(value_of(customer, name)) not in (was, wanted):
                clashing.append(name)
    if clashing:
        raise ChangedMeanwhile(clashing)
    return kept
