"""Keys in batches of a size that both databases take in one IN (…)."""

from collections.abc import Iterable, Iterator
from itertools import islice

SIZE = 1000


def batches(ids: Iterable[int], size: int = SIZE) -> Iterator[list[int]]:
    """Distinct, in order, so that two who lock the same rows never wait for each other."""
    remaining = iter(sorted(set(ids)))
    while batch := list(islice(remaining, size)):
        yield batch
