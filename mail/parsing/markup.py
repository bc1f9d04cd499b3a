"""HTML made into text that reads well: blocks become lines, links keep their address.

`html.parser` takes time that grows with the square of hostile input (an unclosed `<` a million
times); this reads each character a bounded number of times. Nothing here makes HTML safe to show.
"""

from __future__ import annotations

import html as entities
import re

# What of a page becomes text; its beginning.
MAX_HTML = 1_000_000
_MAX_TAG = 20_000
_MAX_LINK = 2000
_MAX_QUOTES = 20
_OPENING = re.compile(r"<[a-zA-Z/!?]")
_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9:_-]{0,40})")
_HREF = re.compile(r"\bhref\s{0,20}=\s{0,20}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_ALT = re.compile(r"\balt\s{0,20}=\s{0,20}(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BIG_NUMBER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
_HIDDEN = frozenset(("style", "script", "title", "template", "noscript", "xml", "object", "svg"))
_BLOCKS = frozenset(
    "address article aside body center dd div dl dt fieldset figure footer form header li main nav"
    " ol section table tbody tfoot thead tr ul".split()
)
_PARAGRAPHS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"))
_ITEM = "- "
_GAPS = re.compile(r"\n{3,}")


def as_text(html: str) -> str:
    """The words of `html`, in lines; quotes begin with `> `, list items with `- `."""
    writer = _Writer()
    reader = _Reader(html[:MAX_HTML], writer)
    reader.run()
    return writer.text()


def unescape(text: str) -> str:
    # int() refuses numbers of thousands of digits.
    return entities.unescape(_BIG_NUMBER.sub("\ufffd", text)) if "&" in text else text


class _Reader:
    """Splits into tags and text. What is never closed is text."""

    def __init__(self, html: str, writer: _Writer) -> None:
        self._html, self._writer = html, writer
        self._position = 0
        # No ">" or "-->" or "</style" stands behind the place where one was looked for in vain.
        self._missing: set[str] = set()

    def run(self) -> None:
        html, writer = self._html, self._writer
        while self._position < len(html):
            match = _OPENING.search(html, self._position)
            opening = match.start() if match and ">" not in self._missing else len(html)
            writer.words(html[self._position : opening])
            self._position = opening
            if opening < len(html):
                self._markup(opening)

    def _find(self, what: str, position: int) -> int:
        if what in self._missing:
            return -1
        found = self._html.find(what, position)
        if found == -1:
            self._missing.add(what)
        return found

    def _markup(self, opening: int) -> None:
        html = self._html
        if html.startswith("<!--", opening):
            end = self._find("-->", opening + 2)
            # A comment that never ends hides everything else, unless it is "<!-->".
            self._position = end + 3 if end != -1 else self._past(opening)
        elif html[opening + 1 : opening + 2] in {"!", "?"}:
            self._position = self._past(opening)
        elif match := _TAG.match(html, opening + 1):
            end = self._tag_end(match.end())
            if end == -1:
                # None closes any more: the rest is text.
                return
            self._position = end + 1
            name = match[2].lower()
            self._tag(name, html[match.end() : end], is_end=bool(match[1]))
        else:
            self._writer.words("<")
            self._position = opening + 1

    def _past(self, opening: int) -> int:
        end = self._find(">", opening)
        return end + 1 if end != -1 else len(self._html)

    def _tag_end(self, position: int) -> int:
        """Where a tag's ">" is; one inside a quoted value is none. -1 when it never comes."""
        html = self._html
        end = self._find(">", position)
        checked = position
        for _quote in range(_MAX_QUOTES):
            if end == -1 or end - position > _MAX_TAG:
                return end
            inside = html[checked:end]
            mark = _open_quote(inside)
            if not mark:
                return end
            closing = html.find(mark, end, position + _MAX_TAG)
            if closing == -1:
                return end
            checked = closing + 1
            further = html.find(">", checked, position + _MAX_TAG)
            if further == -1:
                return end
            end = further
        return end

    def _tag(self, name: str, attributes: str, *, is_end: bool) -> None:
        if name in _HIDDEN and not is_end:
            if not attributes.endswith("/"):
                end = self._find_end_tag(name)
                self._position = end if end != -1 else self._position
        elif is_end:
            self._writer.end(name)
        else:
            self._writer.start(name, attributes)

    def _find_end_tag(self, name: str) -> int:
        for spelling in (f"</{name}", f"</{name.upper()}"):
            end = self._find(spelling, self._position)
            if end != -1:
                return self._past(end)
        return -1


def _open_quote(inside: str) -> str:
    """The quote that is still open at the end of `inside`, where values look like a="…"."""
    mark = ""
    for match in re.finditer("[\"']", inside):
        if not mark:
            before = inside[: match.start()].rstrip()[-1:]
            mark = match[0] if before == "=" else ""
        elif match[0] == mark:
            mark = ""
    return mark


class _Writer:
    """Collects words; knows where lines begin, and what stands before them."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._preformatted = 0
        self._links: list[tuple[str, int]] = []

    def words(self, text: str) -> None:
        if not text:
            return
        text = unescape(text)
        if self._preformatted:
            first, *others = text.replace("\r\n", "\n").split("\n")
            self._line.append(first)
            for other in others:
                self._break(always=True)
                self._line.append(other)
            return
        text = _SPACES.sub(" ", text)
        at_start = not self._line or self._line[-1].endswith(" ")
        text = text.lstrip(" ") if at_start else text
        if text:
            self._line.append(text)

    def start(self, name: str, attributes: str) -> None:
        if name == "br":
            self._break(always=True)
        elif name == "hr":
            self._break()
            self._line.append("-" * 10)
            self._break()
        elif name in _BLOCKS or name in _PARAGRAPHS:
            self._block(name)
            if name == "li":
                self._line.append(_ITEM)
            self._nest(name, 1)
        elif name in {"td", "th"}:
            self.words(" ")
        elif name == "a":
            self._links.append((_attribute(_HREF, attributes), len(self._line)))
        elif name == "img" and (alt := _attribute(_ALT, attributes)):
            self.words(f" {alt} ")

    def end(self, name: str) -> None:
        if name == "a" and self._links:
            self._end_link(*self._links.pop())
        elif name in _BLOCKS or name in _PARAGRAPHS:
            self._break()
            self._nest(name, -1)
            if name in _PARAGRAPHS:
                self._gap()

    def text(self) -> str:
        self._break()
        return _GAPS.sub("\n\n", "\n".join(self._lines)).strip("\n")

    def _nest(self, name: str, by: int) -> None:
        if name == "blockquote":
            self._quotes = max(0, self._quotes + by)
        elif name == "pre":
            self._preformatted = max(0, self._preformatted + by)

    def _block(self, name: str) -> None:
        if self._line == [_ITEM]:
            # A paragraph within a list's item goes beside its mark.
            return
        self._break()
        if name in _PARAGRAPHS:
            self._gap()

    def _break(self, *, always: bool = False) -> None:
        line = "".join(self._line).replace("\xa0", " ").rstrip()
        self._line = []
        if line or always:
            self._lines.append((self._prefix() + line).rstrip())

    def _gap(self) -> None:
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append("")
        if self._lines:
            self._lines[-1] = self._prefix().rstrip()

    def _prefix(self) -> str:
        return "> " * min(self._quotes, _MAX_QUOTES)

    def _end_link(self, address: str, since: int) -> None:
        """The address goes behind the words of a link, unless they are that address."""
        words = "".join(self._line[since:]).strip()
        bare = address.removeprefix("mailto:").removeprefix("https://").removeprefix("http://")
        if not address.lower().startswith(("http:", "https:", "mailto:", "tel:")):
            return
        if bare.rstrip("/") not in words and len(address) <= _MAX_LINK:
            space = "" if self._line and self._line[-1].endswith(" ") else " "
            self._line.append(f"{space}({address})" if words else address)


def _attribute(pattern: re.Pattern[str], attributes: str) -> str:
    match = pattern.search(attributes[:_MAX_TAG])
    return unescape(next((group for group in match.groups() if group), "")).strip() if match else ""
