"""What the tables say about any list of windows, each kind of fact in one statement for all of them.

The same statements serve one custom period, the few cells that a change touches, and all periods
of a grain in a full recompute.
"""

from metrics.facts.gathered import Facts

__all__ = ["Facts"]
