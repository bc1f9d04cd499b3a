"""Content-Transfer-Encoding, undone as far as it can be."""

from __future__ import annotations

import binascii
import re
import string
from collections.abc import Iterator

from mail.parsing.parsed import Notes

_BASE64 = string.ascii_letters.encode() + string.digits.encode() + b"+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_SPACE = b" \t\r\n\0"
_PADDING = re.compile(rb"=+")
_BROKEN_QP = re.compile(rb"=(?![0-9A-Fa-f]{2}|\n|\Z)")
_SOFT_BREAK = re.compile(rb"=[ \t]+\n")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)?[ \t]+[0-7]{3,4}[ \t]+([^\n]{1,300})$", re.MULTILINE)
_WORDS = re.compile(rb"[A-Za-z,.;:!?] [A-Za-z]")
_PIECES = 1000
_UU_FILES = 100


def decoded(content: bytes, encoding: str, notes: Notes, *, is_text: bool) -> bytes:
    """`content` without its transfer encoding; what is damaged stays as near as can be."""
    words = encoding.lower().replace(";", " ").replace("(", " ").replace('"', " ").split()
    name = words[0] if words else ""
    if name == "base64":
        return base64(content, notes, is_text=is_text)
    if name in {"quoted-printable", "quoted-printeable", "quotedprintable"}:
        return quoted_printable(content, notes)
    if name in {"x-uuencode", "x-uue", "uuencode", "uue"}:
        files, rest = uuencoded(content, notes)
        return files[0][1] if files else rest
    if name not in {"", "7bit", "7-bit", "8bit", "8-bit", "binary", "none"}:
        notes.add("unknown_encoding")
    return content


def base64(content: bytes, notes: Notes, *, is_text: bool = False) -> bytes:
    """Base64 with foreign characters, missing padding, or several blocks behind one another."""
    try:
        if content.find(b"=", 0, -6) == -1:
            whole = binascii.a2b_base64(content)
            # What is no base64 is skipped silently, so it must be looked for.
            if not content.translate(None, _BASE64 + _SPACE):
                return whole
    except binascii.Error:
        pass
    if is_text and len(_WORDS.findall(content[:2000])) > max(2, len(content[:2000]) // 60):
        # Plain words under a wrong label.
        notes.add("broken_base64")
        return content
    return b"".join(_blocks(content, notes))


def _blocks(content: bytes, notes: Notes) -> Iterator[bytes]:
    letters = content.translate(_URL_SAFE, _SPACE)
    only = letters.translate(None, _NOT_BASE64)
    if len(only) != len(letters):
        notes.add("broken_base64")
    blocks = [block for block in _PADDING.split(only, _PIECES) if block]
    for block in blocks:
        # A single letter over carries six bits, no byte.
        whole = block.replace(b"=", b"")
        spare = len(whole) % 4
        if spare == 1:
            notes.add("broken_base64")
            whole = whole[:-1]
        yield binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
    missing = -sum(map(len, blocks[-1:])) % 4
    if missing and not only.endswith(b"=" * missing):
        notes.add("broken_base64")


def quoted_printable(content: bytes, notes: Notes) -> bytes:
    """Quoted-printable; an = that introduces nothing stays."""
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    content = _SOFT_BREAK.sub(b"=\n", content)
    if _BROKEN_QP.search(content):
        notes.add("broken_quoted_printable")
    return binascii.a2b_qp(content)


def uuencoded(content: bytes, notes: Notes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Files (name, content) written into a text the old way, and the text without them."""
    files: list[tuple[bytes, bytes]] = []
    rest: list[bytes] = []
    position = 0
    content = content.replace(b"\r\n", b"\n")
    for match in _UU_BEGIN.finditer(content):
        if match.start() < position or len(files) == _UU_FILES:
            continue
        end, lines = _uu_lines(content, match.end() + 1)
        if not lines:
            continue
        files.append((match[1].strip(), b"".join(_uu_decoded(lines, notes))))
        rest.append(content[position : match.start()])
        position = end
    rest.append(content[position:])
    return files, b"".join(rest)


def _uu_lines(content: bytes, position: int) -> tuple[int, list[bytes]]:
    """The encoded lines from `position`, and where the text goes on."""
    lines: list[bytes] = []
    while 0 < position < len(content):
        after = content.find(b"\n", position) + 1 or len(content)
        line = content[position:after].rstrip(b"\r\n")
        if line.strip() == b"end":
            return after, lines
        if not line or not (32 <= line[0] <= 96) or len(line) > 100:
            break
        lines.append(line)
        position = after
    # Without its end, a few lines may be anything; many are a file that was cut off.
    return position, lines if len(lines) > 5 else []


def _uu_decoded(lines: list[bytes], notes: Notes) -> Iterator[bytes]:
    for line in lines:
        try:
            yield binascii.a2b_uu(line)
        except binascii.Error:
            # Some programs count a line's characters wrongly; its first one says how many are meant.
            meant = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                yield binascii.a2b_uu(line[:meant])
            except binascii.Error:
                notes.add("broken_uuencode")
