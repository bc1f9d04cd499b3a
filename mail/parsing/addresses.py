"""Lists of addresses as mail programs really write them, in one pass and without recursion."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mail.parsing import charsets, headers
from mail.parsing.parsed import Address, Notes

MAX_NAME = 200
MAX_ADDRESS = 254
# Characters of one list that are read; 10,000 recipients fit several times.
_MAX_LIST = 2 << 20
_MAX_ENTRY = 2000
# Stands for a quote in a phrase, and for nothing in a name: whatever reads a name drops it.
_QUOTE = "\x01"
_MEANINGS = frozenset("<>,;:")
_TOKEN = re.compile(r"\\.|[\"(),:;<>]|[^\"(),:;<>\\]+|\\", re.DOTALL)
# Something that can be written to: one @, no spaces, nothing that has a meaning in a header.
_USABLE = re.compile(
    r"(?:\"[^\"\\\r\n<>]{1,62}\"|[^\s@\"<>(),:;\\\[\]]{1,64})@[^\s@\"<>(),:;\\]{1,253}"
)
_FOUND = re.compile(r"[^\s\x01@\"<>(),:;\\\[\]]{1,64}@[^\s\x01@\"<>(),:;\\\[\]]{1,253}")


@dataclass
class _Entry:
    """One address while it is being read: `Phrase <angle> (comment)`."""

    phrase: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)
    angle: list[str] | None = None

    @property
    def is_empty(self) -> bool:
        return not self.phrase and self.angle is None and not self.comment

    def address(self, notes: Notes) -> Address | None:
        phrase = "".join(self.phrase)[:_MAX_ENTRY].strip()
        if self.angle is not None:
            address = usable("".join(self.angle)[:_MAX_ENTRY])
        else:
            address = usable(phrase.replace(_QUOTE, '"'))
            phrase = "" if address else phrase
        name = _name(phrase, notes)
        if not address and (inside := _FOUND.search(phrase) or _FOUND.search(name)):
            # An address among words, or both in one encoded word.
            address = usable(inside[0])
            name = _name(phrase, notes).replace(inside[0], " ").strip(" <>")
        name = name or _name("".join(self.comment)[:_MAX_ENTRY], notes)
        return Address(address, name) if address or name else None


class _Reader:
    """Takes one piece after the other."""

    def __init__(self, notes: Notes, *, has_quotes: bool) -> None:
        self.found: list[Address] = []
        self._notes = notes
        # A quote that nobody closes is a letter like any other.
        self._has_quotes = has_quotes
        self._entry = _Entry()
        self._quoted = self._in_angle = False
        self._depth = 0

    def take(self, piece: str) -> None:
        if self._quoted:
            self._quoted = piece != '"'
            is_escape = piece[0] == "\\" and len(piece) > 1
            self._keep(piece[1:] if is_escape else piece if self._quoted else _QUOTE)
        elif self._depth or piece == "(":
            self._depth += (piece == "(") - (piece == ")")
            if piece not in "()":
                self._entry.comment.append(piece)
        elif piece == '"' and self._has_quotes and not self._in_angle:
            self._quoted = True
            self._keep(_QUOTE)
        elif piece in _MEANINGS:
            self._turn(piece)
        else:
            self._keep(piece)

    def finish(self) -> None:
        if self._entry.is_empty:
            return
        if (address := self._entry.address(self._notes)) is not None:
            self.found.append(address)
        self._entry, self._in_angle = _Entry(), False

    def _keep(self, piece: str) -> None:
        entry = self._entry
        if self._in_angle and entry.angle is not None:
            entry.angle.append(piece)
        elif entry.angle is None:
            entry.phrase.append(piece)
        # What follows an address in angle brackets, up to the comma, belongs to nothing.

    def _turn(self, piece: str) -> None:
        angle = self._entry.angle
        if piece == "<":
            if angle:
                self.finish()
            self._entry.angle, self._in_angle = [], True
        elif piece == ">":
            self._in_angle = False
        elif self._in_angle and (piece == ":" or (angle and angle[0].strip()[:1] == "@")):
            self._keep(piece)
        elif piece == ":":
            # The name of a group, or "mailto:".
            self._entry = _Entry()
        else:
            self.finish()


def parse(value: str, notes: Notes) -> list[Address]:
    """Everyone in a list such as `"Ana" <ana@x.example>, b@x.example (Bea), Team: c@x.example;`."""
    pieces: list[str] = _TOKEN.findall(value[:_MAX_LIST])
    reader = _Reader(notes, has_quotes=pieces.count('"') % 2 == 0)
    for piece in pieces:
        reader.take(piece)
    reader.finish()
    return reader.found


def _name(text: str, notes: Notes) -> str:
    if not text or text.isspace():
        return ""
    name = charsets.one_line(headers.words(text, notes), MAX_NAME)
    if len(name) > 1 and name[0] in "'\"" and name[0] == name[-1]:
        name = name[1:-1].strip()
    return name


def usable(text: str) -> str:
    """`text` as an address that one can write to, lower-cased; empty when it is none."""
    text = text.strip().strip("'").removeprefix("mailto:")
    if text.startswith("@"):
        # An old route: <@relay.example,@other.example:ana@x.example>.
        text = text.rpartition(":")[2]
    text = text.strip().rstrip(".").lower()
    if len(text) > MAX_ADDRESS or not text.isprintable() or not _USABLE.fullmatch(text):
        return ""
    # Letters of any script, but nothing that hides or turns its neighbours.
    return text if charsets.one_line(text, MAX_ADDRESS) == text else ""
