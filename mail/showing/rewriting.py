"""HTML of any kind, written anew: properly nested, small in depth and number, in linear time.

The judge of what is safe is nh3 (cleaning.py), a real HTML parser. But like a browser's its
parser takes time that grows with the square of the depth, of the attributes and of the ampersands,
and memory that grows with the product of open font marks and paragraphs: 250 kB of `<div>` took
it ten seconds, 16 kB of fonts became 17 MB. So it is handed nothing but what this module wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mail.parsing.markup import unescape
from mail.showing.characters import without_tricks

# Beyond these, marks are left out and their text stays.
DEEPEST, MOST_MARKS = 60, 30_000

VOID = frozenset("br col hr img".split())
# Their content is no text for readers.
WITH_CONTENT = frozenset("iframe math noembed noframes script style svg template title xmp".split())
# What has no meaning of its own here, but begins on a new line.
_DIVISIONS = frozenset(
    "address article aside details dialog fieldset figcaption figure footer form header hgroup main nav "
    "section summary".split()
)
_CLOSES_P = frozenset(
    "blockquote center div dl h1 h2 h3 h4 h5 h6 hr ol p pre table ul dd dt li".split()
)
# What an item of a list is not closed across: the parser's own rule, or it would open marks again.
_HOLDS_ITEMS = frozenset(
    "blockquote caption center dl h1 h2 h3 h4 h5 h6 ol pre table td th tr ul".split()
)
# A start of the first ends one of the second that is open, but not beyond the third.
_ENDS_ANOTHER = {
    "li": (frozenset({"li"}), _HOLDS_ITEMS | {"dd", "dt"}),
    "dd": (frozenset({"dd", "dt"}), _HOLDS_ITEMS | {"li"}),
    "dt": (frozenset({"dd", "dt"}), _HOLDS_ITEMS | {"li"}),
    "a": (frozenset({"a"}), frozenset({"caption", "table"})),
}
_ROWS = frozenset({"tbody", "tfoot", "thead"})
_CELLS = frozenset({"td", "th"})
_TABLE_PARTS = _ROWS | _CELLS | {"caption", "col", "colgroup", "tr"}
# Inside of these, anything else needs a cell.
_FRAMEWORK = _ROWS | {"colgroup", "table", "tr"}

# Stand in a text for the characters that would be written as references.
AMPERSAND, LESS, GREATER = "\ue000", "\ue001", "\ue002"
_TO_MARKS = str.maketrans(
    {"&": AMPERSAND, "<": LESS, ">": GREATER, **dict.fromkeys("\ue000\ue001\ue002")}
)
_FROM_MARKS = str.maketrans({AMPERSAND: "&amp;", LESS: "&lt;", GREATER: "&gt;"})

_NAME = re.compile(r"[a-zA-Z][^\s/>]*+")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+)))?"""
)
_TAG_END = re.compile(r"[\s/]*+>?")


class Start(NamedTuple):
    name: str
    attributes: dict[str, str]


class End(NamedTuple):
    name: str


Token = str | Start | End
# Gives the attributes that a tag keeps; None: the whole tag goes, and a text may stand for it.
Judge = Callable[[str, dict[str, str]], "dict[str, str] | str | None"]


def rewrite(html: str, tags: frozenset[str], judge: Judge) -> tuple[str, bool]:
    """(the same HTML with only `tags`, and with what `judge` leaves of attributes, whether it was cut)."""
    writer = _Writer(tags, judge)
    for token in tokens(html):
        writer.take(token)
    return writer.finish(), writer.was_cut


def as_entities(html: str) -> str:
    """The marks that stood for `&`, `<` and `>` in texts, as references."""
    return html.translate(_FROM_MARKS)


# --- Reading ----------------------------------------------------------------------------


def tokens(html: str) -> Iterator[Token]:
    """Texts (decoded), starts and ends, as a browser would see them outside of scripts."""
    reader = _Reader(html)
    while reader.place < len(html):
        token = reader.next()
        if token is not None and token != "":
            yield token


class _Reader:
    """Goes forward only. What was once sought in vain to the end is not sought again."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.place = 0
        self._nowhere: set[str] = set()

    def next(self) -> Token | None:
        html, place = self.html, self.place
        if html[place] != "<":
            end = html.find("<", place)
            self.place = end if end >= 0 else len(html)
            return unescape(html[place : self.place])
        if html.startswith("<!--", place):
            self._skip(">" if html.startswith((">", "->"), place + 4) else "-->", place + 4)
            return None
        following = html[place + 1 : place + 2]
        if following in {"!", "?"}:
            self._skip(">", place + 2)
            return None
        if following == "/":
            return self._end(place + 2)
        return self._start(place + 1)

    def _start(self, place: int) -> Token | None:
        name = _NAME.match(self.html, place)
        if name is None:
            self.place = place
            return "<"
        attributes: dict[str, str] = {}
        place = name.end()
        while match := _ATTRIBUTE.match(self.html, place):
            place = match.end()
            key = match[1].lower()
            if key not in attributes and len(attributes) < 40:
                attributes[key] = unescape(match[2] or match[3] or match[4] or "")
        end = _TAG_END.match(self.html, place)
        self.place = max(end.end() if end else place, place)
        tag = name[0].lower()
        if tag in WITH_CONTENT:
            self._skip_content(tag)
            return None
        return Start(tag, attributes)

    def _end(self, place: int) -> Token | None:
        name = _NAME.match(self.html, place)
        if name is None:
            self._skip(">", place)
            return None
        self._skip(">", name.end())
        return End(name[0].lower())

    def _skip(self, needle: str, place: int) -> None:
        """Go behind the next `needle`; where there is none, only to `place`."""
        found = -1 if needle in self._nowhere else self.html.find(needle, place)
        if found < 0:
            self._nowhere.add(needle)
        self.place = place if found < 0 else found + len(needle)

    def _skip_content(self, tag: str) -> None:
        """Go before the end tag; one that never ends holds nothing back."""
        if tag in self._nowhere:
            return
        found = re.compile(f"</{tag}(?=[\\s/>])", re.IGNORECASE | re.ASCII).search(
            self.html, self.place
        )
        if found is None:
            self._nowhere.add(tag)
        else:
            self.place = found.start()


# --- Writing ----------------------------------------------------------------------------


class _Writer:
    def __init__(self, tags: frozenset[str], judge: Judge) -> None:
        self.tags, self.judge = tags, judge
        self.parts: list[str] = []
        self.open: list[str] = []
        self.marks = 0
        self.was_cut = False

    def take(self, token: Token) -> None:
        if isinstance(token, str):
            self._text(token)
        elif isinstance(token, Start):
            self._start(*token)
        else:
            self._end("div" if token.name in _DIVISIONS else token.name)

    def finish(self) -> str:
        self._close_down_to(0)
        return "".join(self.parts)

    def _text(self, text: str) -> None:
        text = without_tricks(text).translate(_TO_MARKS)
        if self.open and self.open[-1] in _FRAMEWORK:
            if not text.strip():
                return
            self._make_cell()
        self.parts.append(text)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = "div" if name in _DIVISIONS else name
        if name not in self.tags:
            return
        kept = self.judge(name, attributes)
        if isinstance(kept, str):
            self._text(kept)
        elif kept is not None and self._make_room(name):
            self._write(name, kept)

    def _write(self, name: str, attributes: dict[str, str]) -> None:
        if self.marks >= MOST_MARKS or len(self.open) >= DEEPEST:
            self.was_cut = True
            return
        self.marks += 1
        written = "".join(f' {key}="{_quoted(value)}"' for key, value in attributes.items())
        self.parts.append(f"<{name}{written}>")
        if name not in VOID:
            self.open.append(name)

    def _end(self, name: str) -> None:
        """Close the innermost of that name, and what is open in it; but nothing leaves its cell."""
        for index in range(len(self.open) - 1, -1, -1):
            if self.open[index] == name:
                self._close_down_to(index)
                return
            if self.open[index] in _CELLS and name not in _TABLE_PARTS | {"table"}:
                return

    def _close_down_to(self, index: int) -> None:
        while len(self.open) > index:
            self.parts.append(f"</{self.open.pop()}>")

    def _close_another(self, names: frozenset[str], beyond: frozenset[str]) -> None:
        for index in range(len(self.open) - 1, -1, -1):
            if self.open[index] in names:
                self._close_down_to(index)
                return
            if self.open[index] in beyond:
                return

    def _make_room(self, name: str) -> bool:
        """Close what a start of `name` ends, open what it needs; False where it makes no sense."""
        if name in _TABLE_PARTS:
            return self._make_room_in_table(name)
        if name in _CLOSES_P:
            self._close_another(frozenset({"p"}), _CELLS | {"caption", "table"})
        if name in _ENDS_ANOTHER:
            self._close_another(*_ENDS_ANOTHER[name])
        if self.open and self.open[-1] in _FRAMEWORK:
            self._make_cell()
        return True

    def _make_room_in_table(self, name: str) -> bool:
        table = next(
            (i for i in range(len(self.open) - 1, -1, -1) if self.open[i] == "table"), None
        )
        if table is None:
            return False
        inside = self.open[table + 1 :]
        in_group = bool(inside) and inside[0] in _ROWS
        if name in _CELLS:
            rows = [i for i, one in enumerate(inside) if one == "tr"]
            self._close_down_to(table + 2 + rows[0] if rows else table + 1 + in_group)
            if not rows:
                self._write("tr", {})
        elif name == "tr":
            self._close_down_to(table + 1 + in_group)
        elif name == "col":
            self._close_down_to(table + 1 + (inside[:1] == ["colgroup"]))
        else:
            self._close_down_to(table + 1)
        return True

    def _make_cell(self) -> None:
        """Stray content of a table gets a cell of its own, as nh3 would put it before the table."""
        if self.open[-1] == "colgroup":
            self._close_down_to(len(self.open) - 1)
        if self.open[-1] != "tr":
            self._write("tr", {})
        if self.open[-1] == "tr":
            self._write("td", {})


def _quoted(value: str) -> str:
    value = without_tricks(value).translate(dict.fromkeys((0xE000, 0xE001, 0xE002)))
    return (
        value.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    )
