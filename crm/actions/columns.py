"""Which columns of the customer list a person sees."""

from __future__ import annotations

from collections.abc import Iterable

from crm import columns
from crm.models import ListColumns
from staff.models import User


def choose_columns(*, by: User, names: Iterable[str]) -> list[str]:
    """These in this order; none is the usual ones. How one looks at a list leaves no trail."""
    chosen = [name for name in dict.fromkeys(names) if columns.named(name)][: columns.MOST]
    if chosen:
        ListColumns.objects.update_or_create(
            user=by, page=columns.PAGE, defaults={"columns": chosen}
        )
    else:
        ListColumns.objects.filter(user=by, page=columns.PAGE).delete()
    return chosen
