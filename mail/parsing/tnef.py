"""winmail.dat: the wrapping that Outlook puts around attachments (MS-OXTNEF), opened."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from mail.parsing import charsets
from mail.parsing.parsed import Notes

_SIGNATURE = b"\x78\x9f\x3e\x22"
# Attributes of the file: id → what it holds. The high word is the type, the low word the name.
_MESSAGE_BODY = 0x800C
_MESSAGE_PROPERTIES = 0x9003
_CODE_PAGE = 0x9007
_NEW_ATTACHMENT = 0x9002
_ATTACHMENT_NAME = 0x8010
_ATTACHMENT_DATA = 0x800F
_ATTACHMENT_PROPERTIES = 0x9005
# Properties (MAPI).
_BODY, _BODY_HTML = 0x1000, 0x1013
_DATA, _SHORT_NAME, _LONG_NAME, _DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x3001
_MIME_TYPE, _CONTENT_ID = 0x370E, 0x3712
# Sizes of the types that have one; 0x1e, 0x1f, 0x0d, 0x102 bring their length with them.
_SIZES = {
    0x2: 4,
    0x3: 4,
    0x4: 4,
    0x5: 8,
    0x6: 8,
    0x7: 8,
    0xA: 4,
    0xB: 4,
    0x14: 8,
    0x40: 8,
    0x48: 16,
}
_ATTRIBUTES, _PROPERTIES, _VALUES = 20_000, 2000, 1000
_MAX_FILES = 500


@dataclass
class File:
    name: str = ""
    content_type: str = ""
    content_id: str = ""
    content: bytes = b""


@dataclass
class Opened:
    text: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)


class _Reader:
    """Little-endian values one after the other; ValueError past the end."""

    def __init__(self, content: bytes) -> None:
        self._content, self._position = content, 0

    def take(self, size: int) -> bytes:
        end = self._position + size
        if size < 0 or end > len(self._content):
            raise ValueError("cut off")
        taken = self._content[self._position : end]
        self._position = end
        return taken

    def number(self, form: str = "<I") -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    @property
    def at_end(self) -> bool:
        return self._position >= len(self._content)


def read(content: bytes, notes: Notes) -> Opened | None:
    """What is inside, as far as it can be read; None when this is no such file at all."""
    if not content.startswith(_SIGNATURE):
        return None
    reader = _Reader(content[4:])
    opened = Opened()
    code_page = ""
    try:
        reader.number("<H")
        for _attribute in range(_ATTRIBUTES):
            if reader.at_end:
                break
            reader.number("<B")
            name = reader.number() & 0xFFFF
            value = reader.take(reader.number())
            reader.number("<H")
            if name == _CODE_PAGE and len(value) >= 4:
                code_page = f"cp{struct.unpack('<I', value[:4])[0]}"
            else:
                _take(opened, name, value, code_page, notes)
    except ValueError:
        notes.add("broken_tnef")
    opened.files = [file for file in opened.files if file.content or file.name]
    return opened


def _take(opened: Opened, name: int, value: bytes, code_page: str, notes: Notes) -> None:
    if name == _NEW_ATTACHMENT:
        if len(opened.files) < _MAX_FILES:
            opened.files.append(File())
    elif name == _MESSAGE_BODY:
        opened.text = opened.text or _text(value, code_page)
    elif name == _MESSAGE_PROPERTIES:
        properties = _properties(value, notes)
        opened.text = _property_text(properties, _BODY, code_page) or opened.text
        opened.html = _property_text(properties, _BODY_HTML, code_page)
    elif opened.files:
        file = opened.files[-1]
        if name == _ATTACHMENT_NAME:
            file.name = file.name or _text(value, code_page)
        elif name == _ATTACHMENT_DATA:
            file.content = value
        elif name == _ATTACHMENT_PROPERTIES:
            _describe(file, _properties(value, notes), code_page)


def _describe(file: File, properties: dict[int, tuple[int, bytes]], code_page: str) -> None:
    for name in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME):
        if text := _property_text(properties, name, code_page):
            file.name = text if name == _LONG_NAME or not file.name else file.name
            break
    file.content_type = _property_text(properties, _MIME_TYPE, code_page).lower()
    file.content_id = _property_text(properties, _CONTENT_ID, code_page)
    kind, data = properties.get(_DATA, (0, b""))
    if data and not file.content:
        # An object begins with the id of its interface.
        file.content = data[16:] if kind == 0xD else data


def _properties(content: bytes, notes: Notes) -> dict[int, tuple[int, bytes]]:
    """Name → (type, first value)."""
    reader = _Reader(content)
    properties: dict[int, tuple[int, bytes]] = {}
    try:
        for _number in range(min(reader.number(), _PROPERTIES)):
            kind, name = reader.number("<H"), reader.number("<H")
            if name >= 0x8000:
                _skip_long_name(reader)
            if (value := _value(reader, kind)) is not None:
                properties.setdefault(name, (kind & 0xFFF, value))
    except ValueError:
        notes.add("broken_tnef")
    return properties


def _skip_long_name(reader: _Reader) -> None:
    reader.take(16)
    if reader.number():
        reader.take(_padded(reader.number()))
    else:
        reader.number()


def _value(reader: _Reader, kind: int) -> bytes | None:
    """The first value of one property."""
    several, kind = kind & 0x1000, kind & 0xFFF
    values: list[bytes] = []
    if kind in _SIZES:
        count = reader.number() if several else 1
        values = [reader.take(_SIZES[kind]) for _value in range(min(count, _VALUES))]
    elif kind in {0xD, 0x1E, 0x1F, 0x102}:
        for _number in range(min(reader.number(), _VALUES)):
            size = reader.number()
            values.append(reader.take(_padded(size))[:size])
    else:
        raise ValueError(f"unknown type {kind}")
    return values[0] if values else None


def _padded(size: int) -> int:
    return size + -size % 4


def _property_text(properties: dict[int, tuple[int, bytes]], name: int, code_page: str) -> str:
    kind, value = properties.get(name, (0, b""))
    return _text(value, "utf-16-le" if kind == 0x1F else code_page)


def _text(value: bytes, charset: str) -> str:
    return charsets.decode(value[: 4 << 20], charset, Notes()).rstrip("\0")
