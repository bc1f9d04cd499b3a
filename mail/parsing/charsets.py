"""From bytes to text, whatever the mail claims its charset to be."""

from __future__ import annotations

import codecs
import encodings
import pkgutil
import re
from encodings.aliases import aliases

from mail.parsing.parsed import Notes

# What mail programs say, and the superset that those who say it really write.
_ALIASES = {
    "ansi-x3.4-1968": "us-ascii",
    "ascii": "us-ascii",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso-8859-15": "iso8859-15",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "ks-c-5601-1987": "cp949",
    "ks-c-5601": "cp949",
    "ksc-5601": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gb-2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "euc-cn": "gb18030",
    "chinesebig5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "big5": "big5hkscs",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-1": "iso2022_jp_ext",
    "x-euc-jp": "euc_jp",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8": "utf-8",
    "utf8mb4": "utf-8",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
}
# Real codecs that are no charset of any mail; some of them are slow on hostile input.
_NOT_CHARSETS = {
    "idna",
    "punycode",
    "unicode-escape",
    "raw-unicode-escape",
    "undefined",
    "mbcs",
    "oem",
}
# Python looks for a module for each name it doesn't know, so names are checked before.
_NAMES = frozenset(
    (*aliases, *(module.name for module in pkgutil.iter_modules(encodings.__path__)))
)
_LABEL = re.compile(r"[a-z0-9][a-z0-9_.:+-]{0,39}")
# Said by programs that know nothing of charsets, so they say nothing.
_LOOSE = {"us-ascii", "cp1252"}
# Charsets of one byte per letter: bytes that make valid UTF-8 make no words in any of them.
_SINGLE = ("us-ascii", "cp125", "iso8859")
_WIDE = {"utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le"}
# Charsets that write other letters with those of ASCII.
_SHIFTING = ("iso-2022", "iso2022", "utf-7", "utf7", "hz")
_ESCAPES = (
    (b"\x1b$B", "iso2022_jp_ext"),
    (b"\x1b$@", "iso2022_jp_ext"),
    (b"\x1b$)C", "iso2022_kr"),
)
_FALLBACK = "cp1252"

_UNWANTED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff]")
# Characters that change the direction of what stands beside them, or are not seen at all.
_DIRECTIONS = re.compile("[\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2069\ufff9-\ufffb]")
_BREAKS = re.compile("\r\n?|[\x0c\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")


def known(label: str) -> str:
    """The codec for a charset as a mail names it; empty when there is none."""
    label = label.strip("'\" \t").lower()
    if not _LABEL.fullmatch(label):
        return ""
    dashed = label.replace("_", "-")
    for spelling in (dashed, re.sub(r"^cp-", "cp", dashed), re.sub(r"^x-", "", dashed)):
        name = _ALIASES.get(spelling, spelling)
        if encodings.normalize_encoding(name) not in _NAMES:
            continue
        try:
            codec = codecs.lookup(name)
        except LookupError:
            continue
        if codec._is_text_encoding and codec.name.replace("_", "-") not in _NOT_CHARSETS:
            return "us-ascii" if codec.name == "ascii" else codec.name
    return ""


def decode(content: bytes, label: str, notes: Notes, *, hint: str = "") -> str:
    """The text of `content`, which claims to be `label` (empty: claims nothing).

    A claim that can't be true is corrected: UTF-8 if it can be that, else `hint`, a charset found
    elsewhere in the same mail, else Windows-1252. Never raises; says `wrong_charset` when it guessed.
    """
    charset = known(label)
    if content.isascii():
        if charset in {"", "us-ascii", "utf-8"}:
            charset = _escaped(content) or charset
        # Most mail. Also text that claims to be UTF-16 and isn't.
        if not charset.startswith(_SHIFTING) and (charset not in _WIDE or b"\0" not in content):
            return content.decode("ascii")
    if charset == "utf-8" and content.startswith(codecs.BOM_UTF8):
        content = content[3:]
    text = _strictly(content, charset)
    if text is None:
        notes.add("wrong_charset")
        text = _repaired(content, charset, known(hint))
    return text


def _escaped(content: bytes) -> str:
    if b"\x1b" not in content:
        return ""
    return next((charset for mark, charset in _ESCAPES if mark in content), "")


def _strictly(content: bytes, charset: str) -> str | None:
    """The text if `content` is in `charset` without a doubt."""
    if not charset:
        return None
    if charset.startswith(_SINGLE) and _or_none(content, "utf-8") is not None:
        return None
    return _or_none(content, charset)


def _or_none(content: bytes, charset: str) -> str | None:
    try:
        return content.decode(charset)
    except (UnicodeError, LookupError, ValueError):
        return None


def _repaired(content: bytes, charset: str, hint: str) -> str:
    text = _or_none(content, "utf-8")
    if text is not None:
        return text
    if content[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return content.decode("utf-16", "replace")
    for name in (charset, hint):
        if name and name not in _LOOSE:
            text = content.decode(name, "replace")
            if name != "utf-8" or _mostly(content, text):
                return text
    # UTF-8 that was cut or damaged in places is still UTF-8.
    text = content.decode("utf-8", "replace")
    return text if _mostly(content, text) else content.decode(_FALLBACK, "replace")


def _mostly(content: bytes, text: str) -> bool:
    """Whether more of the characters outside ASCII were valid UTF-8 than were not."""
    damaged = text.count("\ufffd")
    ascii_ones = len(content) - len(content.translate(None, _ASCII))
    return len(text) - ascii_ones > 2 * damaged


_ASCII = bytes(range(128))


def clean(text: str) -> str:
    """Lines that end in \\n, without control characters or what no database keeps."""
    return _UNWANTED.sub("", _BREAKS.sub("\n", text))


def one_line(text: str, limit: int) -> str:
    """A single line, fit to stand beside other words: no directions, spaces run together."""
    text = _DIRECTIONS.sub("", _UNWANTED.sub("", _SPACES.sub(" ", text)))
    return text.strip()[:limit].rstrip()
