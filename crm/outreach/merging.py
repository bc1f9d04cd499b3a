"""Words with gaps, and what stands in the gaps for each reader: `{first_name|friend}`.

What follows the bar is said where nothing is known. Anything else in braces is refused when a text
is written, so that nobody ever receives a gap. `merge` puts values into a text as they are;
`Letter` makes paragraphs of HTML, in which values are escaped and addresses are links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from urllib.parse import quote

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

GAP = re.compile(r"\{([^{}\n|]*)(?:\|([^{}\n]*))?\}")
# Stand for the gaps while a text becomes HTML: no person writes these characters.
OPEN, CLOSE = "\ue001", "\ue002"
MARK = re.compile(f"{OPEN}([0-9]+){CLOSE}")
# An address in the running text; what ends a sentence is not a part of it.
LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")

FIELDS: dict[str, str | Promise] = {
    "first_name": _("first name"),
    "name": _("name"),
    "customer": _("customer's name"),
    "city": _("city"),
    "tier": _("loyalty tier"),
    "owner": _("who looks after them"),
    "last_purchase": _("day of the last purchase"),
    "contract_end": _("day on which their contract ends"),
    "referral_link": _("their link to recommend you"),
    "business": _("your business's name"),
    "date": _("the day from which it holds"),
}
CUSTOM = "custom."

Values = Mapping[str, str]


@dataclass(frozen=True)
class Gap:
    field: str
    fallback: str


def gaps(text: str) -> list[Gap]:
    return [Gap(match[1].strip(), (match[2] or "").strip()) for match in GAP.finditer(text)]


def used(texts: Iterable[str]) -> set[str]:
    """The fields that these texts ask for."""
    return {gap.field for text in texts for gap in gaps(text)}


def unknown(text: str, custom: Iterable[str]) -> list[str]:
    """What stands in braces and is no field, in its order; `custom` are the keys of one's own."""
    known = FIELDS.keys() | {f"{CUSTOM}{key}" for key in custom}
    return list(dict.fromkeys(gap.field for gap in gaps(text) if gap.field not in known))


def merge(text: str, values: Values) -> str:
    """The text for one reader; without a value, the fall-back."""
    return GAP.sub(lambda match: values.get(match[1].strip()) or (match[2] or "").strip(), text)


# Within the address of a link the marks are doubled: values are written there as addresses are.
IN_LINK = re.compile(f"{OPEN}{OPEN}([0-9]+){CLOSE}{CLOSE}")
REFERRAL = "referral_link"


@dataclass(frozen=True)
class Letter:
    """A text that many receive, with links in `colour`: what is the same for all is made once."""

    text: str
    colour: str

    def plain(self, values: Values) -> str:
        return merge(self.text, values)

    def html(self, values: Values) -> str:
        """Paragraphs, safe whatever the values are."""
        said = [values.get(gap.field) or gap.fallback for gap in self._gaps]
        shown = [
            self._link(one) if gap.field == REFERRAL and values.get(REFERRAL) else escape(one)
            for gap, one in zip(self._gaps, said, strict=True)
        ]
        linked = IN_LINK.sub(lambda mark: quote(said[int(mark[1])], safe=""), self._frame)
        return MARK.sub(lambda mark: shown[int(mark[1])], linked)

    @cached_property
    def _gaps(self) -> list[Gap]:
        return gaps(self.text)

    @cached_property
    def _frame(self) -> str:
        """HTML with a mark for each gap."""
        places = iter(range(len(self._gaps)))
        marked = GAP.sub(lambda _gap: f"{OPEN}{next(places)}{CLOSE}", self.text.translate(NO_MARKS))
        blocks = [block.strip() for block in re.split(r"\n\s*\n", marked)]
        return "\n".join(
            f'<p style="margin:0 0 16px;">{self._lines(block)}</p>' for block in blocks if block
        )

    def _lines(self, block: str) -> str:
        parts, end = [], 0
        for match in LINK.finditer(block):
            parts += [escape(block[end : match.start()]), self._link(match[0])]
            end = match.end()
        parts.append(escape(block[end:]))
        return "".join(parts).replace("\n", "<br>")

    def _link(self, address: str) -> str:
        href = escape(MARK.sub(f"{OPEN}{OPEN}\\1{CLOSE}{CLOSE}", address))
        style = f"color:{self.colour};overflow-wrap:anywhere;"
        return f'<a class="accent" href="{href}" style="{style}">{escape(address)}</a>'


NO_MARKS = str.maketrans("", "", OPEN + CLOSE)
