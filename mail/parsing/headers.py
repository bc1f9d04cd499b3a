"""The fields at the top of a mail or a part: found, unfolded, decoded (RFC 5322, 2047, 2231)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from mail.parsing import charsets, transfer
from mail.parsing.parsed import Notes

# Bytes of one header, and of a field that is looked at.
MAX_HEADER = 4 << 20
MAX_FIELDS = 20_000
# Values of one name that are read.
MAX_VALUES = 500
MAX_FIELD = 2 << 20
MAX_PARAMETERS = 20_000
_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
# Names that make a line a field even below something that is none.
_WELL_KNOWN = re.compile(
    rb"(?:from|to|cc|bcc|subject|date|sender|reply-to|message-id|in-reply-to|references|received"
    rb"|return-path|mime-version|delivered-to|list-[a-z]+|content-[a-z-]+|x-[!-9;-~]+)[ \t]*:",
    re.IGNORECASE,
)
_MBOX = re.compile(rb">?From [^\n:]{0,300}[^\n]{0,300}\n")
_BLANK = re.compile(rb"\n\r*\n")
_JUNK_LINES = 5


class Headers:
    """Fields in their order. Names are lower-case; values have bytes of any charset."""

    def __init__(self, fields: list[tuple[str, bytes]]) -> None:
        # The charset for raw 8-bit values that are no UTF-8: that of the mail's own text.
        self.hint = ""
        self._fields: dict[str, list[bytes]] = {}
        for name, value in fields:
            self._fields.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def __bool__(self) -> bool:
        return bool(self._fields)

    def all(self, name: str) -> list[str]:
        """Each value under `name`, on one line, its encoded words still encoded."""
        return [self._as_text(value) for value in self._fields.get(name, [])[:MAX_VALUES]]

    def first(self, name: str) -> str:
        values = self._fields.get(name)
        return self._as_text(values[0]) if values else ""

    def _as_text(self, value: bytes) -> str:
        text = charsets.decode(value[:MAX_FIELD], "", Notes(), hint=self.hint)
        return text.replace("\0", "").replace("\r", " ").replace("\n", " ").strip()


def read(
    raw: bytes, position: int, notes: Notes, is_delimiter: Callable[[bytes], bool]
) -> tuple[Headers, int]:
    """The header that begins at `position`, and where the body after it begins.

    A line that can be no field ends the header, unless a well-known field follows it closely.
    """
    fields: list[tuple[str, list[bytes]]] = []
    limit = position + MAX_HEADER
    while position < len(raw):
        end = raw.find(b"\n", position) + 1 or len(raw)
        line = raw[position:end]
        if end > limit or len(fields) > MAX_FIELDS:
            notes.add("truncated")
            blank = _BLANK.search(raw, position)
            position = blank.end() if blank else len(raw)
            break
        if not line.strip(b"\r\n"):
            position = end
            break
        if line[:2] == b"--" and is_delimiter(line):
            break
        if line[:1] in b" \t" and fields:
            fields[-1][1].append(line)
        elif match := _FIELD.match(line):
            fields.append((match[1].decode("ascii").lower(), [match[2]]))
        elif resumes := _resumes(raw, end) if fields else 0:
            notes.add("headers_broken")
            end = resumes
        else:
            if fields:
                notes.add("headers_broken")
            break
        position = end
    return Headers([(name, _unfolded(pieces)) for name, pieces in fields]), position


def _unfolded(pieces: list[bytes]) -> bytes:
    return b"".join(piece.rstrip(b"\r\n") for piece in pieces).replace(b"\0", b"").strip(b" \t\r")


def _resumes(raw: bytes, position: int) -> int:
    """Where a well-known field follows within a few lines; 0 when none does."""
    for _number in range(_JUNK_LINES):
        if _WELL_KNOWN.match(raw, position):
            return position
        end = raw.find(b"\n", position) + 1
        if not end or not raw[position:end].strip():
            return 0
        position = end
    return 0


def start(raw: bytes) -> int:
    """Where the first field is, after a byte order mark, blank lines and an mbox's first line."""
    position = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    while raw[position : position + 1] in {b"\r", b"\n"}:
        position += 1
    if match := _MBOX.match(raw, position):
        position = match.end()
    return position


# --- RFC 2047 ---

_WORD_START = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?")


def words(value: str, notes: Notes) -> str:
    """`value` with its encoded words decoded, wherever they stand and however they were cut.

    Neighbours in one charset are joined before they are decoded: a character may be split.
    """
    if "=?" not in value:
        return value
    pieces: list[str] = []
    pending: list[bytes] = []
    charset = ""
    position = 0

    def flush() -> None:
        if pending:
            pieces.append(charsets.decode(b"".join(pending), charset, notes))
            pending.clear()

    while match := _WORD_START.search(value, position):
        between = value[position : match.start()]
        end = _word_end(value, match.end())
        if between.strip() or (between and not pending):
            flush()
            pieces.append(between)
        if match[1].lower() != charset:
            flush()
            charset = match[1].lower()
        pending.append(_word(value[match.end() : end], match[2], notes))
        position = min(end + 2, len(value))
    flush()
    pieces.append(value[position:])
    return "".join(pieces)


def _word_end(value: str, position: int) -> int:
    """Where the encoded word whose text begins at `position` ends; one cut off ends with its text."""
    end = value.find("?=", position)
    if end == -1:
        space = value.find(" ", position)
        return space if space != -1 else len(value)
    return end


def _word(text: str, encoding: str, notes: Notes) -> bytes:
    content = text.encode("utf-8", "replace")
    if encoding in "bB":
        return transfer.base64(content, notes)
    return binascii.a2b_qp(content.replace(b"\r", b" ").replace(b"\n", b" "), header=True)


# --- parameters, RFC 2231 ---

_PARAMETER = re.compile(
    r"[;\s]\s*+([^\s=;]{1,100}+)\s*+=\s*+(\"(?:[^\"\\]|\\.)*+\"|[^;]*+)", re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SEGMENT = re.compile(r"(.+?)\*([0-9]{1,4})(\*?)$")
_SEGMENTS = 200


def parameters(value: str, notes: Notes) -> tuple[str, dict[str, str]]:
    """`text/plain; charset=x; name*0*=…` → ("text/plain", {"charset": "x", "name": …})."""
    value = value[:MAX_PARAMETERS]
    # Some leave the semicolon out.
    main = (re.split(r"[;,\s(]", value, maxsplit=1)[0]).lower()
    simple: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(value):
        name, text = match[1].lower(), _unquoted(match[2])
        if segment := _SEGMENT.match(name):
            extended.setdefault(segment[1], {})[int(segment[2])] = (text, bool(segment[3]))
        elif name.endswith("*"):
            extended.setdefault(name[:-1], {})[0] = (text, True)
        else:
            # The first one counts, as it does for most readers.
            simple.setdefault(name, text)
    result = {name: words(text, notes) for name, text in simple.items()}
    for name, segments in extended.items():
        result[name] = _joined(segments, notes)
    return main, result


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == '"' == text[-1]:
        return _ESCAPE.sub(r"\1", text[1:-1])
    return text.lstrip('"')


def _joined(segments: dict[int, tuple[str, bool]], notes: Notes) -> str:
    """The value of a continued parameter; segments that never came are left out."""
    charset = ""
    content: list[bytes] = []
    for count, number in enumerate(sorted(segments)[:_SEGMENTS]):
        text, is_encoded = segments[number]
        if count == 0 and is_encoded and text.count("'") >= 2:
            charset, _language, text = text.split("'", 2)
        raw = text.encode("utf-8", "replace")
        content.append(unquote_to_bytes(raw) if is_encoded else raw)
    joined = b"".join(content)
    text = charsets.decode(joined, charset or "utf-8", notes)
    return words(text, notes)


# --- message ids ---

_ID = re.compile(r"<([^<>]{1,990})>")
_BARE_ID = re.compile(r"[^\s<>,;]{1,490}@[^\s<>,;]{1,490}")
MAX_ID = 990


def message_ids(value: str, limit: int) -> tuple[str, ...]:
    """The last `limit` different ids in `value`, each like `<left@right>`, in their order."""
    value = value[-200 * MAX_ID :]
    found = [re.sub(r"\s+", "", match) for match in _ID.findall(value)]
    if not found:
        found = _BARE_ID.findall(value)
    ids: dict[str, None] = {}
    for one in reversed(found):
        if one and one.isprintable():
            ids.setdefault(f"<{one}>")
        if len(ids) == limit:
            break
    return tuple(reversed(ids))
