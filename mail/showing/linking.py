"""Strangers' plain text as HTML: links that say where they lead, quotes that are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from urllib.parse import urlsplit

from django.utils.encoding import punycode
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from mail.showing.characters import without_tricks

LONGEST_URL = 2_000
DEEPEST_QUOTE = 6

_URL = re.compile(r"(?<![A-Za-z0-9])(?:https?://|mailto:)[^\s<>\"`]++", re.IGNORECASE)
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,24}")
_QUOTE = re.compile(r"(?:>[ \t]?)+")
_LINE_END = re.compile(r"\r\n?|[\n\x0b\x0c\u2028\u2029]")
# Ends of sentences, and closing marks whose opening one stands outside of the address.
_AFTER = ".,;:!?'*_~…’”»›"
_PAIRS = {")": "(", "]": "[", "}": "{", "）": "（"}


def text_to_html(text: str) -> SafeString:
    """Plain text from anywhere as HTML: escaped, line by line, `> ` as quotes, addresses as links.

    Only http, https and mailto addresses that stand in full become links, named by what they lead to: a host
    outside of ASCII is shown in its coded form, since letters of two alphabets may look alike.
    Takes linear time.
    """
    lines = (_quoted(line) for line in _LINE_END.split(without_tricks(text)))
    parts, depth = [], 0
    for level, group in groupby(lines, key=lambda line: line[0]):
        parts.append(_step(depth, level))
        parts.append("<br>".join(_linked(line) for _level, line in group))
        depth = level
    parts.append(_step(depth, 0))
    return mark_safe("".join(parts))  # noqa: S308 (each part was escaped)


def _quoted(line: str) -> tuple[int, str]:
    """(how deep in quotes, the line without their marks)."""
    marks = _QUOTE.match(line)
    if marks is None:
        return 0, line
    return min(marks[0].count(">"), DEEPEST_QUOTE), line[marks.end() :]


def _step(depth: int, to: int) -> str:
    if to > depth:
        return "<blockquote>" * (to - depth)
    return "</blockquote>" * (depth - to)


def _linked(line: str) -> str:
    return "".join(_pieces(line))


def _pieces(line: str) -> Iterator[str]:
    place = 0
    for match in _URL.finditer(line):
        address = _without_what_follows(match[0]) if len(match[0]) <= LONGEST_URL else ""
        if target := _target(address):
            yield escape(line[place : match.start()])
            yield format_html(
                '<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>', target
            )
            place = match.start() + len(address)
    yield escape(line[place:])


def _without_what_follows(address: str) -> str:
    """The address without the punctuation of the sentence around it."""
    while address:
        last = address[-1]
        unopened = last in _PAIRS and address.count(_PAIRS[last]) < address.count(last)
        if last not in _AFTER and not unopened:
            break
        address = address[:-1]
    return address


def _target(address: str) -> str:
    """Where an address leads, in ASCII as far as its host goes; "" where that can't be said."""
    scheme, _colon, rest = address.partition(":")
    if scheme.lower() == "mailto":
        mailbox = rest.split("?", 1)[0]
        return f"mailto:{mailbox}" if _MAILBOX.fullmatch(mailbox) else ""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        coded = punycode(host)
    except (ValueError, UnicodeError):
        return ""
    # A name before the host ("https://bank.example@thief.example") is there to mislead.
    if (
        not host
        or "@" in parts.netloc
        or "\\" in address
        or not re.fullmatch(r"[a-z0-9._:-]+", coded)
    ):
        return ""
    shown = f"[{coded}]" if ":" in coded else coded
    netloc = shown if port is None else f"{shown}:{port}"
    return parts._replace(scheme=parts.scheme.lower(), netloc=netloc).geturl()
