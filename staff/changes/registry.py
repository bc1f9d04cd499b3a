"""What a revert must know of other rooms' models; each room registers in AppConfig.ready."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import models


@dataclass(frozen=True)
class Reverted:
    """One row that a revert touched: `was` just before it, `now` after it; None: not there."""

    id: int
    was: models.Model | None
    now: models.Model | None


Hook = Callable[[Sequence[Reverted]], None]

HOOKS: dict[str, list[Hook]] = defaultdict(list)
DERIVED_COLUMNS: dict[str, set[str]] = defaultdict(set)
DERIVED_MODELS: set[str] = set()


def on_revert(model_label: str, hook: Hook) -> None:
    """Have `hook` called with each batch of rows of "app.model" taken back, in its transaction.

    Here projections are rebuilt: tenures, the search index. Batches of up to a thousand.
    """
    HOOKS[model_label.lower()].append(hook)


def derived_columns(model_label: str, *names: str) -> None:
    """Columns that are maintained from other rows: a change in them is not somebody's change."""
    DERIVED_COLUMNS[model_label.lower()].update(names)


def derived_model(model_label: str) -> None:
    """Rows that are rebuilt from facts and go with what they point to: no reason to keep it."""
    DERIVED_MODELS.add(model_label.lower())
