"""What taking a change set back means for this room's projections."""

from collections.abc import Sequence

from crm import merging
from crm.actions.deals.moves import find_stages
from crm.models import Customer
from crm.projections import rebuild_contact_dates
from crm.search import index
from crm.tenures import rebuild
from staff.changes import Reverted, current_revert, derived_columns, derived_model, on_revert

# What of a customer's own row they are found by.
SEARCHED = ("name", "city", "external_id")


def customers_of(rows: Sequence[Reverted]) -> list[int]:
    """The customers whom these rows were about, or are now, that still exist."""
    sides = [side for row in rows for side in (row.was, row.now) if side is not None]
    ids = {pk for side in sides if (pk := getattr(side, "customer_id", None)) is not None}
    return sorted(Customer.objects.filter(pk__in=ids).values_list("pk", flat=True))


def rebuild_tenures(rows: Sequence[Reverted]) -> None:
    if not is_taken_apart():
        rebuild(customers_of(rows))


def rebuild_dates(rows: Sequence[Reverted]) -> None:
    if not is_taken_apart():
        rebuild_contact_dates(customers_of(rows))


def is_taken_apart() -> bool:
    """Whether it is a merge that is taken back: that rebuilds both once, when all is in its place."""
    current = current_revert()
    return current is not None and current.change_set.kind == merging.KIND


def reindex_customers(rows: Sequence[Reverted]) -> None:
    """Those who are called otherwise again; what else changes, nobody is found by."""
    called_otherwise = [
        row.id
        for row in rows
        if row.now is not None and (row.was is None or any(differs(row, name) for name in SEARCHED))
    ]
    if not is_taken_apart():
        index(called_otherwise)


def differs(row: Reverted, name: str) -> bool:
    return bool(getattr(row.was, name) != getattr(row.now, name))


def reindex_affiliated(rows: Sequence[Reverted]) -> None:
    if not is_taken_apart():
        index(customers_of(rows))


def put_on_board(rows: Sequence[Reverted]) -> None:
    """Deals that are there again, and whose stage somebody has archived meanwhile."""
    current = current_revert()
    again = [row.id for row in rows if row.was is None]
    find_stages(again, current.by if current else None)


def register() -> None:
    """Called from CrmConfig.ready."""
    for label in ("crm.order", "crm.contract", "crm.tenurespan", "crm.loss"):
        on_revert(label, rebuild_tenures)
    on_revert("crm.interaction", rebuild_dates)
    on_revert("crm.deal", put_on_board)
    on_revert("crm.customer", reindex_customers)
    on_revert("crm.affiliation", reindex_affiliated)
    on_revert("crm.customer_tags", reindex_affiliated)
    derived_model("crm.tenure")
    derived_model("crm.customersearch")
    for label in ("duplicate", "duplicatekey", "tocompare"):
        derived_model(f"crm.{label}")
    derived_columns(
        "crm.customer",
        "stage",
        "first_order_at",
        "last_order_at",
        "last_inbound_at",
        "last_outbound_at",
    )
