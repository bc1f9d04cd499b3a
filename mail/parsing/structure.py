"""The tree of a mail's parts, found in one pass over its bytes.

Python's own parser recurses with every level and keeps each part as a text of its own; ours is
meant for what strangers send: any depth, any size, in time that grows with the size alone.
"""

from __future__ import annotations

import re

from mail.parsing import headers, transfer
from mail.parsing.headers import Headers
from mail.parsing.parsed import Notes

MAX_PARTS = 20_000
DEEP = 100
_MAX_BOUNDARY = 250
_MAX_LINE = 300
# Lines that begin with "--" and are looked at.
_MAX_CANDIDATES = 1_000_000
_MAX_GUESSES = 20
_GUESS = re.compile(
    rb"\n--([^\s\n][^\n]{0,200}?)[ \t\r]*\n(?:Content-|MIME-Version:)", re.IGNORECASE
)
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")


class Part:
    """A mail or a part of one. Its body lies between `start` and `end` of the raw mail."""

    def __init__(self, raw: bytes, fields: Headers, start: int, notes: Notes) -> None:
        self._raw, self._notes = raw, notes
        self.headers = fields
        self.start, self.end = start, len(raw)
        self.parent: Part | None = None
        self.children: list[Part] = []
        self.boundary = b""
        self.closed = False
        self.content_type, self.parameters = headers.parameters(fields.first("content-type"), notes)
        self.disposition, self.placing = headers.parameters(
            fields.first("content-disposition"), notes
        )
        if not _TYPE.fullmatch(self.content_type):
            self.content_type = "text/html" if self.content_type == "html" else "text/plain"

    @property
    def is_multipart(self) -> bool:
        return self.content_type.startswith("multipart/")

    @property
    def file_name(self) -> str:
        return self.placing.get("filename") or self.parameters.get("name") or ""

    def body(self) -> bytes:
        """The content as it is meant, without its transfer encoding."""
        encoding = self.headers.first("content-transfer-encoding")[:100]
        body = self._raw[self.start : self.end]
        if self.is_multipart:
            return body
        is_text = self.content_type.startswith("text/")
        return transfer.decoded(body, encoding, self._notes, is_text=is_text)


def split(raw: bytes, notes: Notes) -> list[Part]:
    """All parts of a mail in their order, the mail itself first."""
    return _Splitter(raw, notes).run()


class _Splitter:
    def __init__(self, raw: bytes, notes: Notes) -> None:
        self._raw, self._notes = raw, notes
        self._parts: list[Part] = []
        # From the mail down to the part being read; and where in it each delimiter belongs.
        self._path: list[Part] = []
        self._delimiters: dict[bytes, list[int]] = {}
        self._guesses = 0

    def run(self) -> list[Part]:
        raw = self._raw
        position = self._open(headers.start(raw))
        for _candidate in range(_MAX_CANDIDATES):
            found = raw.find(b"\n--", max(position - 1, 0)) if self._delimiters else -1
            if found == -1:
                break
            line = raw[found + 1 : found + _MAX_LINE].split(b"\n", 1)[0]
            owner, is_closing = self._owner(line)
            if owner == -1:
                position = found + 2
                continue
            position = found + 1 + len(line) + 1
            self._end_parts_below(owner, found)
            if is_closing:
                self._close(owner, line)
            elif len(self._parts) >= MAX_PARTS:
                self._notes.add("too_many_parts")
                break
            else:
                position = self._open(position)
        self._end_parts_below(-1, len(raw))
        return self._parts

    def _owner(self, line: bytes) -> tuple[int, bool]:
        """Which part of the path `line` divides (-1: none), and whether it ends it."""
        name = line[2:].rstrip()
        if places := self._delimiters.get(name):
            return places[-1], False
        if name[-2:] == b"--" and (places := self._delimiters.get(name[:-2].rstrip())):
            return places[-1], True
        return -1, False

    def _is_delimiter(self, line: bytes) -> bool:
        return self._owner(line)[0] != -1

    def _open(self, position: int) -> int:
        """A part begins at `position`; where its body does."""
        raw = self._raw
        fields, start = headers.read(raw, position, self._notes, self._is_delimiter)
        part = Part(raw, fields, start, self._notes)
        if self._path:
            part.parent = self._path[-1]
            part.parent.children.append(part)
            if part.parent.content_type == "multipart/digest" and "content-type" not in fields:
                part.content_type = "message/rfc822"
        self._parts.append(part)
        self._path.append(part)
        if part.is_multipart and (boundary := self._boundary(part)):
            self._delimiters.setdefault(boundary, []).append(len(self._path) - 1)
            part.boundary = boundary
        if len(self._path) > DEEP:
            self._notes.add("too_deep")
        return start

    def _boundary(self, part: Part) -> bytes:
        """The boundary of a part, guessed when it names none or one that never comes."""
        boundary = part.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
        boundary = boundary[:_MAX_BOUNDARY]
        if self._guesses >= _MAX_GUESSES:
            return boundary
        before = max(part.start - 1, 0)
        if boundary and self._raw.find(b"\n--" + boundary, before) != -1:
            return boundary
        self._guesses += 1
        self._notes.add("broken_multipart")
        guess = _GUESS.search(self._raw, before)
        return guess[1].rstrip() if guess and guess[1] not in self._delimiters else boundary

    def _close(self, owner: int, line: bytes) -> None:
        self._path[owner].closed = True
        places = self._delimiters[line[2:].rstrip()[:-2].rstrip()]
        # Alone, it stays: some programs go on with it after they closed it.
        if len(places) > 1:
            places.pop()

    def _end_parts_below(self, owner: int, at: int) -> None:
        """What is open below `owner` ends where the line break before its delimiter is."""
        if at and at < len(self._raw) and self._raw[at - 1 : at] == b"\r":
            at -= 1
        while len(self._path) > owner + 1:
            part = self._path.pop()
            part.end = max(at, part.start)
            if part.is_multipart:
                self._forget(part, len(self._path))

    def _forget(self, part: Part, place: int) -> None:
        if part.children and not part.closed:
            self._notes.add("unclosed_multipart")
        places = self._delimiters.get(part.boundary)
        if places and places[-1] == place:
            places.pop()
            if not places:
                del self._delimiters[part.boundary]
