"""Strangers' HTML, reduced to what can only be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import nh3
from django.utils.safestring import SafeString, mark_safe

from mail.showing import styles
from mail.showing.characters import one_line
from mail.showing.rewriting import as_entities, rewrite

# Beyond this the rest is not shown; the mail itself stays to be downloaded.
LONGEST = 1_000_000
LONGEST_URL = 2_000

TAGS = frozenset(
    "a abbr b bdi big blockquote br caption center cite code col colgroup dd del dfn div dl dt em font "
    "h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strike strong sub sup "
    "table tbody td tfoot th thead tr tt u ul var".split()
)
LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_LINK = re.compile(
    r"(?:https?://[^/\\?#@\s]+(?:[/?#]|$)|mailto:[^\s?]+@|tel:[+(\d])", re.IGNORECASE
)
# What a browser takes out of an address before it reads it.
_UNREAD = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")


@dataclass(frozen=True)
class CleanHtml:
    """What may be put on a page, preferably in a frame of its own (`framed`).

    `blocked_images` counts pictures that would have been fetched from elsewhere. Pixels that only
    tell the sender of the reading stay blocked, and counted, when `images` are shown.
    """

    html: SafeString
    blocked_images: int
    images: bool = False  # whether others' pictures may load
    was_cut: bool = False  # too long or too deep: not all of it, or not all of its form, is here


def clean_html(
    html: str, *, images: bool = False, inline: Mapping[str, str] | None = None
) -> CleanHtml:
    """Reduce HTML from anywhere to a small set of tags, attributes, addresses and styles.

    `inline` gives our own address of each picture that came with the mail, by its Content-ID
    (without the angle brackets). `images` lets pictures load from elsewhere, by https only. Takes linear
    time and never fails, whatever the input.
    """
    judge = _Judge(images=images, inline=inline or {})
    written, was_cut = rewrite(html[:LONGEST], TAGS, judge)
    cleaned = _CLEANER.clean(written)
    return CleanHtml(
        mark_safe(as_entities(cleaned)),  # noqa: S308 (made safe by nh3)
        judge.blocked,
        images,
        was_cut or len(html) > LONGEST,
    )


# --- What each attribute may say --------------------------------------------------------


def _number(least: int, most: int) -> Callable[[str], str | None]:
    """A plain number, cut to its bounds; "px" and "%" are understood."""

    def check(value: str) -> str | None:
        match = re.fullmatch(r"\s*([0-9]{1,5})(?:\.[0-9]+)?(px|%)?\s*", value)
        if match is None:
            return None
        percent = match[2] == "%"
        number = max(least, min(int(match[1]), 100 if percent else most))
        return f"{number}%" if percent else str(number)

    return check


def _one_of(*words: str) -> Callable[[str], str | None]:
    return lambda value: value.strip().lower() if value.strip().lower() in words else None


def _like(pattern: str) -> Callable[[str], str | None]:
    return lambda value: value.strip() if re.fullmatch(pattern, value.strip()) else None


def _text(value: str) -> str | None:
    return one_line(value)[:500]


def _colour(value: str) -> str | None:
    return value.strip() if styles.is_colour(value.strip()) else None


def _style(value: str) -> str | None:
    return styles.kept_style(value) or None


def safe_link(value: str) -> str | None:
    """The address of a link, if it leads to a page, a mailbox or a telephone and nowhere else."""
    address = _UNREAD.sub("", value)
    if len(address) > LONGEST_URL or not _LINK.match(address):
        return None
    return address


_Check = Callable[[str], "str | None"]
_EVERYWHERE: dict[str, _Check] = {
    "align": _one_of("left", "right", "center", "justify"),
    "dir": _one_of("ltr", "rtl", "auto"),
    "lang": _like(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"),
    "style": _style,
    "title": _text,
}
_CELL: dict[str, _Check] = {
    "bgcolor": _colour,
    "valign": _one_of("top", "middle", "bottom", "baseline"),
    "width": _number(0, 1000),
}
_SPANS: dict[str, _Check] = {"colspan": _number(1, 50), "rowspan": _number(1, 50)}
_OF_TAG: dict[str, dict[str, _Check]] = {
    "a": {"href": safe_link},
    "col": {"span": _number(1, 50), "width": _number(0, 1000)},
    "font": {"color": _colour, "size": _like(r"[+-]?[1-7]")},
    "img": {"alt": _text, "height": _number(0, 2000), "width": _number(0, 1000)},
    "ol": {"start": _number(0, 99_999), "type": _like("[1aAiI]")},
    "table": {
        "bgcolor": _colour,
        "border": _number(0, 12),
        "cellpadding": _number(0, 80),
        "cellspacing": _number(0, 80),
        "width": _number(0, 1000),
    },
    "td": _CELL | _SPANS,
    "th": _CELL | _SPANS,
    "tr": {"bgcolor": _colour, "valign": _CELL["valign"]},
}

# The same lists again for the parser that has the last word.
_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={"script", "style"},
    attributes={"*": set(_EVERYWHERE)}
    | {tag: set(checks) for tag, checks in _OF_TAG.items()}
    | {"img": {*_OF_TAG["img"], "src"}},
    url_schemes=set(LINK_SCHEMES),
    url_relative="pass_through",  # only pictures of our own are relative by then
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    filter_style_properties=set(styles.PROPERTIES),
    strip_comments=True,
)


# --- Judging ----------------------------------------------------------------------------


class _Judge:
    """Which attributes a tag keeps; counts the pictures that it keeps out."""

    def __init__(self, *, images: bool, inline: Mapping[str, str]) -> None:
        self.images, self.inline = images, inline
        self.blocked = 0

    def __call__(self, tag: str, given: dict[str, str]) -> dict[str, str] | str | None:
        checks = _EVERYWHERE | _OF_TAG.get(tag, {})
        kept = {}
        for name, value in given.items():
            if name in checks and (fit := checks[name](value)) is not None:
                kept[name] = fit
        if tag != "img":
            return kept
        source = self._source(given)
        # A picture that isn't shown leaves the words that stand for it.
        return {"src": source, "alt": "", **kept} if source else kept.get("alt") or None

    def _source(self, given: dict[str, str]) -> str | None:
        address = _UNREAD.sub("", given.get("src", ""))
        scheme, _colon, rest = address.partition(":")
        if scheme.lower() == "cid":
            return self.inline.get(unquote(rest).strip("<>"))
        if address.startswith("//"):
            address = f"https:{address}"
        if not re.match(r"https?:/*[^/]", address, re.IGNORECASE):
            return None  # an address within the site, a data: address, nothing at all
        is_fine = address.lower().startswith("https://") and safe_link(address) is not None
        if self.images and is_fine and not _is_pixel(given):
            return address
        self.blocked += 1
        return None


def _is_pixel(given: dict[str, str]) -> bool:
    """A picture too small to be looked at, or hidden, is there to be fetched."""
    sizes = (re.match(r"\s*0*(\d+)", given.get(side, "")) for side in ("width", "height"))
    if any(size is not None and int(size[1][:4]) < 3 for size in sizes):
        return True
    style = re.sub(r"\s", "", given.get("style", "").lower())
    return bool(
        re.search(
            r"display:none|visibility:hidden|(?<![-\w])(?:width|height):0*[0-2](?:\.\d+)?(?:px)?(?:;|!|$)",
            style,
        )
    )
