"""Which parts of a mail are its text, which are its files."""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from mail.parsing import charsets, headers, markup, names, tnef, transfer
from mail.parsing.parsed import Attachment, Notes
from mail.parsing.structure import Part

MAX_TEXT = 1_000_000
MAX_HTML = 2_000_000
MAX_ATTACHMENTS = 1000
# Bytes of a part that are read as text: any charset's MAX_TEXT characters.
_MAX_BYTES = 4 * MAX_HTML
_META = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE
)
_PAGE = re.compile(rb"\s{0,200}<(?:!doctype html|html)\b", re.IGNORECASE)
_CID = re.compile(r"cid:([^\"'\s<>)]{1,500})", re.IGNORECASE)
_TEXTS = frozenset(("text/plain", "text/html", "text/enriched", "text/richtext"))
_TNEF = frozenset(("application/ms-tnef", "application/vnd.ms-tnef"))
_ENCRYPTED = frozenset(("enveloped-data", "authenveloped-data"))


@dataclass
class Contents:
    text: str = ""
    html: str = ""
    attachments: list[Attachment] = field(default_factory=list)


@dataclass
class _Block:
    """One stretch of the mail: the same words as plain text, as HTML, or as both."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)


def read(parts: list[Part], notes: Notes, *, hint: str) -> Contents:
    """The text and files of a mail split into `parts`, everything within its limits.

    `hint` is the charset of texts that name none and are no UTF-8.
    """
    reader = _Reader(notes, hint=hint)
    own = [part for part in parts if _is_text(part) and _is_body(part)]
    for part in parts:
        if part.is_multipart and part.children:
            if part.content_type == "multipart/encrypted":
                notes.add("encrypted")
        elif _is_text(part) and (_is_body(part) or not own):
            reader.take_text(part)
        elif part.content_type != "application/applefile":
            reader.take_file(part)
    return reader.contents()


def _is_text(part: Part) -> bool:
    if part.is_multipart:
        # One without parts: what it holds are words.
        return not part.children
    if part.parent is None and not part.file_name and part.content_type != "text/calendar":
        # A whole mail is its text, whatever kind of text it says that it is.
        return part.content_type.startswith("text/")
    return part.content_type in _TEXTS and part.disposition != "attachment"


def _is_body(part: Part) -> bool:
    """Whether a text is the mail's own: one with a name is a file, except where only a text can be."""
    if not part.file_name or part.parent is None:
        return not part.file_name
    kind = part.parent.content_type
    return kind == "multipart/alternative" or (
        kind == "multipart/related" and part is part.parent.children[0]
    )


def _alternative(part: Part) -> tuple[Part, Part] | None:
    """The outermost multipart/alternative around `part`, and the one of its versions `part` is in."""
    found = None
    child, parent = part, part.parent
    for _level in range(200):
        if parent is None:
            break
        if parent.content_type == "multipart/alternative":
            found = parent, child
        child, parent = parent, parent.parent
    return found


class _Reader:
    def __init__(self, notes: Notes, *, hint: str) -> None:
        self._notes, self._hint = notes, hint
        self._blocks: list[_Block] = []
        self._alternatives: dict[int, _Block] = {}
        self._size = 0
        self._files: list[tuple[Attachment, Part | None]] = []

    def take_text(self, part: Part) -> None:
        if self._size > MAX_HTML:
            self._notes.add("truncated")
            return
        content = part.body()
        if len(content) > _MAX_BYTES:
            self._notes.add("truncated")
            content = content[:_MAX_BYTES]
        is_html = part.content_type == "text/html" or (
            "content-type" not in part.headers and _PAGE.match(content) is not None
        )
        if not is_html and b"\nend" in content:
            files, content = transfer.uuencoded(content, self._notes)
            for name, inside in files:
                self._add("application/octet-stream", charsets.decode(name, "", Notes()), inside)
        label = part.parameters.get("charset", "")
        if is_html and not charsets.known(label) and (meta := _META.search(content[:4096])):
            label = meta[1].decode("ascii")
        text = charsets.clean(charsets.decode(content, label, self._notes, hint=self._hint))
        if part.content_type in {"text/enriched", "text/richtext"}:
            text = markup.as_text(text.replace("\n", "<br>").replace("<<", "&lt;"))
        elif part.parameters.get("format", "").lower() == "flowed":
            text = _unflowed(text, delsp=part.parameters.get("delsp", "").lower() == "yes")
        self._size += len(text)
        block = self._block(part)
        (block.html if is_html else block.plain).append(text)

    def _block(self, part: Part) -> _Block:
        alternative = _alternative(part)
        if alternative is not None and id(alternative[0]) in self._alternatives:
            return self._alternatives[id(alternative[0])]
        block = _Block()
        self._blocks.append(block)
        if alternative is not None:
            self._alternatives[id(alternative[0])] = block
        return block

    def take_file(self, part: Part) -> None:
        if len(self._files) >= MAX_ATTACHMENTS:
            self._notes.add("too_many_parts")
            return
        content = part.body()
        if part.parameters.get("smime-type", "").lower() in _ENCRYPTED:
            self._notes.add("encrypted")
        elif part.parameters.get("smime-type", "").lower() == "signed-data":
            self._notes.add("signed_text")
        name = part.file_name
        if not name and part.content_type == "message/rfc822":
            name = _subject(content)
        is_tnef = part.content_type in _TNEF or name.lower() == "winmail.dat"
        if is_tnef and (opened := tnef.read(content, self._notes)) is not None:
            self._take_opened(opened)
            name = name or "winmail.dat"
        self._add(part.content_type, name, content, part)

    def _take_opened(self, opened: tnef.Opened) -> None:
        if opened.text or opened.html:
            block = _Block()
            # Outlook sends the text as a part of its own as well; then it isn't wanted twice.
            if not any("".join(other.plain + other.html).strip() for other in self._blocks):
                block.plain = [charsets.clean(opened.text)] if opened.text else []
                block.html = [charsets.clean(opened.html)] if opened.html else []
                self._blocks.append(block)
        for file in opened.files:
            self._add(file.content_type or "application/octet-stream", file.name, file.content)

    def _add(self, content_type: str, name: str, content: bytes, part: Part | None = None) -> None:
        if len(self._files) >= MAX_ATTACHMENTS:
            self._notes.add("too_many_parts")
            return
        content_id = ""
        if part is not None:
            raw_id = part.headers.first("content-id")
            content_id = charsets.one_line(raw_id, 200).strip("<> ")
        stem = "message" if content_type.startswith("message/") else "attachment"
        attachment = Attachment(
            name=names.cleaned(name, content_type, stem=stem),
            content_type=content_type,
            content=content,
            content_id=content_id,
        )
        self._files.append((attachment, part))

    def contents(self) -> Contents:
        text = "\n\n".join(filter(None, (_plain(block) for block in self._blocks)))
        html = ""
        if any(block.html for block in self._blocks):
            html = "\n".join(_marked_up(block) for block in self._blocks)
        if len(text) > MAX_TEXT or len(html) > min(MAX_HTML, markup.MAX_HTML):
            self._notes.add("truncated")
        shown = {unquote(match).lower() for match in _CID.findall(html)}
        return Contents(
            text=text[:MAX_TEXT],
            html=html[:MAX_HTML],
            attachments=[_placed(attachment, part, shown) for attachment, part in self._files],
        )


def _subject(content: bytes) -> str:
    """A file name for an attached mail: what it is about."""
    fields, _start = headers.read(content, headers.start(content), Notes(), lambda _line: False)
    subject = charsets.one_line(headers.words(fields.first("subject")[:2000], Notes()), 100)
    return f"{subject.replace('/', '-')}.eml" if subject else ""


def _placed(attachment: Attachment, part: Part | None, shown: set[str]) -> Attachment:
    """Inline is what the HTML shows, or what came along with it to be shown."""
    is_shown = attachment.content_id.lower() in shown
    comes_along = (
        part is not None
        and part.parent is not None
        and part.parent.content_type == "multipart/related"
        and part.disposition != "attachment"
        and attachment.content_type.startswith("image/")
    )
    if not attachment.content_id or not (is_shown or comes_along):
        return attachment
    return Attachment(
        attachment.name,
        attachment.content_type,
        attachment.content,
        attachment.content_id,
        is_inline=True,
    )


def _plain(block: _Block) -> str:
    plain = "\n\n".join(text.strip("\n") for text in block.plain if text.strip())
    return plain or "\n\n".join(markup.as_text(html) for html in block.html).strip("\n")


def _marked_up(block: _Block) -> str:
    if block.html:
        return "\n".join(block.html)
    return "\n".join(f"<pre>{entities.escape(text)}</pre>" for text in block.plain if text.strip())


def _unflowed(text: str, *, delsp: bool) -> str:
    """Lines that were broken for transport, joined again (RFC 3676)."""
    lines: list[str] = []
    pending: list[str] = []
    depth = 0
    for line in text.split("\n"):
        words = line.lstrip(">")
        quoted = len(line) - len(words)
        words = words.removeprefix(" ")
        if pending and (quoted != depth or words == "-- "):
            lines.append(_quoted(pending, depth))
            pending = []
        depth = quoted
        is_flowed = words.endswith(" ") and words != "-- "
        pending.append(words[:-1] if is_flowed and delsp else words)
        if not is_flowed:
            lines.append(_quoted(pending, depth))
            pending = []
    if pending:
        lines.append(_quoted(pending, depth))
    return "\n".join(lines)


def _quoted(pieces: list[str], depth: int) -> str:
    words = "".join(pieces)
    return f"{'>' * depth} {words}" if depth else words
