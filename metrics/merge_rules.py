"""What becomes of figures about a customer who is merged into another one."""

from __future__ import annotations

from crm.merging import Merge, MergeRule, drop, register
from metrics.models import ExpectedValue
from staff import changes


def expected(merge: Merge) -> None:
    """The loser's goes; the night after, the winner's is worked out from the purchases of both."""
    drop(merge, list(ExpectedValue.objects.filter(customer=merge.loser)))


def register_rules() -> None:
    """Called from MetricsConfig.ready."""
    register([MergeRule("metrics.expectedvalue.customer", expected)])
    # Made anew every night, so no reason to keep a customer whose import is reverted.
    changes.derived_model("metrics.expectedvalue")
