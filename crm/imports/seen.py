"""Which keys a file has had already, for millions of them in a few megabytes."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import IO

SMALLEST = 1 << 12


class Seen:
    """Key → the line where it stood first, by eight bytes of a hash instead of the key itself.

    A table with open addressing in two arrays: 24 bytes a key, where a dict needs 120. Two of a
    million keys share a hash once in tens of millions of files. Numbers are their own hashes; what
    has seen numbers sees no texts.
    """

    def __init__(self) -> None:
        self._empty(SMALLEST)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: str) -> bool:
        return bool(self._count and self._digests[self._place(_digest(key))])

    def first(self, key: str, line: int) -> int:
        """The line where the key stood first: `line` itself when it is new, which is noted."""
        return self.first_number(_digest(key), line)

    def first_number(self, digest: int, line: int) -> int:
        """The same for keys that are numbers above zero."""
        digests, mask = self._digests, self._mask
        place = digest & mask
        while there := digests[place]:
            if there == digest:
                return self._lines[place]
            place = (place + 1) & mask
        if 3 * self._count >= 2 * len(self._digests):
            self._grow()
            place = self._place(digest)
        self._digests[place], self._lines[place] = digest, line
        self._count += 1
        return line

    def _place(self, digest: int) -> int:
        digests, mask = self._digests, self._mask
        place = digest & mask
        while digests[place] and digests[place] != digest:
            place = (place + 1) & mask
        return place

    def _empty(self, size: int) -> None:
        self._digests = array("Q", bytes(8 * size))
        self._lines = array("I", bytes(4 * size))
        self._mask = size - 1
        self._count = 0

    def _grow(self) -> None:
        digests, lines, count = self._digests, self._lines, self._count
        self._empty(2 * len(digests))
        for digest, line in zip(digests, lines, strict=True):
            if digest:
                place = self._place(digest)
                self._digests[place], self._lines[place] = digest, line
        self._count = count

    def write(self, file: IO[bytes]) -> None:
        file.write(self._count.to_bytes(8, "little") + len(self._digests).to_bytes(8, "little"))
        file.write(self._digests)
        file.write(self._lines)

    @classmethod
    def read(cls, file: IO[bytes]) -> Seen:
        """What `write` wrote; raises EOFError when it was cut off."""
        seen = cls()
        count, size = (int.from_bytes(file.read(8), "little") for _ in range(2))
        if size < SMALLEST or size & (size - 1):
            raise EOFError
        digests, lines = file.read(8 * size), file.read(4 * size)
        if len(lines) != 4 * size:
            raise EOFError
        seen._digests, seen._lines = array("Q"), array("I")
        seen._digests.frombytes(digests)
        seen._lines.frombytes(lines)
        seen._mask, seen._count = size - 1, count
        return seen


def _digest(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little") or 1
