"""Change sets: many changes made in one stroke, recorded per row so that they can be taken back.

An import, a bulk edit or a merge opens a set, records what it does while it does it, in the same
transaction, and `revert` takes back exactly that. A row changed since is reported and left alone.
"""

from staff.changes.recording import (
    forget_changes,
    open_change_set,
    record_created,
    record_deleted,
    record_updated,
)
from staff.changes.registry import Reverted, derived_columns, derived_model, on_revert
from staff.changes.reverting import (
    AlreadyReverted,
    Reverting,
    RevertOutcome,
    can_revert,
    current_revert,
    revert,
    revert_for,
)

__all__ = [
    "AlreadyReverted",
    "RevertOutcome",
    "Reverted",
    "Reverting",
    "can_revert",
    "current_revert",
    "derived_columns",
    "derived_model",
    "forget_changes",
    "on_revert",
    "open_change_set",
    "record_created",
    "record_deleted",
    "record_updated",
    "revert",
    "revert_for",
]
