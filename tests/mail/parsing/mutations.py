"""Damage to mails, as hypothesis can shrink it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from mail.parsing import ParsedMail, is_only_thanks, parse, reply_text
from mail.parsing.parsed import AUTOMATIC, NOTES
from tests.mail.parsing.nasties import CASES

HERE = Path(__file__).parent
CORPUS = [
    *(path.read_bytes() for path in sorted(HERE.glob("cpython/*.txt"))),
    *(path.read_bytes() for path in sorted(HERE.glob("reports/*.eml"))),
    # The huge ones would only make it slow.
    *(case.raw for case in CASES if len(case.raw) < 20_000),
]
# What parsers stumble over, put anywhere.
PIECES = [
    b"\r\n", b"\n\n", b"\r", b"\0", b"--", b"--xx", b"--xx--", b";", b'"', b"\\", b"<", b">", b"(", b"=?", b"?=",
    b"=?utf-8?b?", b"=?utf-8?q?=C3", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b$B", b"&#", b"<!--", b'<a href="', b"=",
    b"Content-Type: multipart/mixed; boundary=xx\r\n", b"Content-Type: message/rfc822\r\n",
    b"Content-Type: message/delivery-status\r\n", b"Content-Type: application/ms-tnef\r\n",
    b"Content-Type: text/plain; charset=utf-7; format=flowed\r\n", b"; charset=utf-16", b"; filename*0*=utf-8''%",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: x-uuencode\r\n", b"begin 644 x\n",
    b"From: ", b"To: ", b"Date: 99 Feb 99999 99:99:99 +99999\r\n", b"X-Failed-Recipients: a@b\r\n", b"\x78\x9f\x3e\x22",
]  # fmt: skip
TYPES = {
    "message_id": str,
    "subject": str,
    "text": str,
    "html": str,
    "automatic": str,
    "recipients_total": int,
}


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A mail of the corpus with a few things done to it."""
    raw = draw(st.sampled_from(CORPUS))
    for _time in range(draw(st.integers(1, 6))):
        raw = _once(draw, raw)
    return raw


def _once(draw: st.DrawFn, raw: bytes) -> bytes:
    kind = draw(st.sampled_from(("flip", "insert", "cut", "drop", "double", "lines", "splice")))
    here = draw(st.integers(0, len(raw)))
    there = min(len(raw), here + draw(st.integers(1, 200)))
    if kind == "flip":
        return raw[:here] + draw(st.binary(min_size=1, max_size=2)) + raw[here + 1 :]
    if kind == "insert":
        return raw[:here] + draw(st.sampled_from(PIECES)) + raw[here:]
    if kind == "cut":
        return raw[:here]
    if kind == "drop":
        return raw[:here] + raw[there:]
    if kind == "double":
        return raw[:there] + raw[here:there] * draw(st.integers(1, 5)) + raw[there:]
    if kind == "lines":
        end = draw(st.sampled_from((b"\n", b"\r", b"\r\r\n", b"\n\n")))
        return raw.replace(b"\r\n", b"\n").replace(b"\n", end)
    other = draw(st.sampled_from(CORPUS))
    return raw[:here] + other[draw(st.integers(0, len(other))) :]


# Anything, with and without something that looks like a header on top.
anything = st.one_of(
    st.binary(max_size=2000),
    st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20)), max_size=60).map(b"".join),
)


def check(raw: bytes) -> ParsedMail:
    """Whatever holds for every mail."""
    parsed = parse(raw)
    assert "unreadable" not in parsed.notes
    assert parsed == parse(raw)
    for field, kind in TYPES.items():
        assert isinstance(getattr(parsed, field), kind)
    assert NOTES.keys() >= set(parsed.notes)
    assert parsed.automatic in {"", *AUTOMATIC}
    for text in _texts(parsed):
        assert "\0" not in text
        text.encode("utf-8")
    assert "\n" not in parsed.subject
    assert all(0 < len(one.name) <= 150 and "/" not in one.name for one in parsed.attachments)
    assert parsed.sent_at is None or parsed.sent_at.utcoffset() is not None
    new, quoted = reply_text(parsed.text)
    assert new + quoted == parsed.text
    is_only_thanks(parsed.text)
    return parsed


def _texts(value: Any) -> list[str]:
    """Every text within a value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for one in value for text in _texts(one)]
    if hasattr(value, "__dataclass_fields__"):
        return [
            text for name in value.__dataclass_fields__ for text in _texts(getattr(value, name))
        ]
    return []
