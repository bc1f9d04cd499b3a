"""Time and memory: what is sent to stop the desk doesn't."""

from __future__ import annotations

import base64
import random
import time
import tracemalloc

import pytest

from mail.parsing import parse, reply_text
from tests.mail.parsing.cases import html, mail, multipart, part

# No database: once is enough.
pytestmark = pytest.mark.once

MB = 1 << 20
# Each takes well under a second alone; a machine that runs other tests beside this one gets more.
SECONDS = 6


def text(kind: bytes, body: bytes) -> bytes:
    return mail(b"Content-Type: text/" + kind, body=body)


HOSTILE = {
    "folded lines": mail(b"Subject: x" + b"\n " * (MB // 2)),
    "encoded words that never end": mail(b"Subject: " + b"=?utf-8?q?" * (MB // 10)),
    "encoded words in a From": mail(b"From: " + b"=?utf-8?q?a?= " * (MB // 14)),
    "brackets in a From": mail(b"From: " + b"<" * MB),
    "comments in a From": mail(b"From: " + b"(" * MB),
    "escapes in a From": mail(b"From: " + b'"\\' * (MB // 2)),
    "commas in a From": mail(b"From: " + b"," * MB),
    "a From of one word": mail(b"From: " + b"a" * MB),
    "at signs in a From": mail(b"From: " + b"a@" * (MB // 2)),
    "170,000 recipients": mail(b"To: " + b"a@b.c," * (MB // 6)),
    "80,000 From": mail(*[b"From: a@b.c"] * 80_000),
    "500,000 fields": mail(*[b"A: b"] * 500_000),
    "junk between fields": mail(*[b"junk\r\nX-A: b"] * 60_000),
    "references": mail(b"References: " + b"<a@b> <" * (MB // 7)),
    "parameters": mail(b"Content-Type: text/plain" + b'; a="' * (MB // 5)),
    "pieces of a parameter": mail(
        b"Content-Type: text/plain" + b"".join(b"; a*%d*=%%41" % n for n in range(50_000))
    ),
    "lesser-thans in HTML": html(b"<" * 200_000),
    "tags that never close": html(b"<a " * (MB // 3)),
    "comments that never close": html(b"<!--" * (MB // 4)),
    "styles that never close": html(b"<style>" * (MB // 7)),
    "quotes across tags": html(b"<a b=\"><a b='>" * (MB // 14)),
    "nested quotations": html(b"<blockquote>x" * (MB // 13)),
    "nested links": html(b"<a href=http://x>" * (MB // 17) + b"</a>" * (MB // 17)),
    "numbers as entities": html(b"&#" + b"1" * MB),
    "spaces": html(b"<pre>" + b" " * MB + b"x"),
    "flowed quotations": text(b"plain; format=flowed", b"> \n" * (MB // 3)),
    "500,000 lines of dashes": mail(
        b"Content-Type: multipart/mixed; boundary=b", body=b"--b\n\nhi\n" + b"--\n" * (MB // 2)
    ),
    "10,000 multiparts opened": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(10_000)
    ),
    "5,000 multiparts that have no parts": mail(
        b"Content-Type: multipart/mixed; boundary=b",
        body=b"".join(
            b"--b\nContent-Type: multipart/mixed; boundary=x%d\n\n" % n for n in range(5000)
        ),
    ),
    "10,000 charsets": multipart(
        b"mixed", *[part(b"text/plain; charset=x-%d" % n, b"\xff") for n in range(10_000)]
    ),
    "a boundary to be guessed": mail(b"Content-Type: multipart/mixed", body=b"\n--a" * (MB // 4)),
    "old files": mail(body=b"begin 644 x\n#0V%T\n" * (MB // 18) + b"\nend"),
    "a bounce of 150,000 addresses": mail(
        b"From: mailer-daemon@x.example", b"Subject: failure notice", body=b"a@b.cc\n" * (MB // 7)
    ),
    "introductions of quotations": mail(body=b"On 3 May a@b wrote\n" * (MB // 19)),
    "NUL bytes": b"\0" * (5 * MB),
    "any bytes": random.Random(1).randbytes(2 * MB),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_takes_long(name: str) -> None:
    begun = time.process_time()
    parsed = parse(HOSTILE[name])
    new, quoted = reply_text(parsed.text)
    assert time.process_time() - begun < SECONDS
    assert "unreadable" not in parsed.notes
    assert new + quoted == parsed.text


def test_a_mail_of_25_megabytes() -> None:
    content = random.Random(1).randbytes(18 * MB)
    raw = multipart(
        b"mixed",
        part(b"text/plain", b"Hello"),
        part(
            b"application/pdf; name=a.pdf",
            base64.encodebytes(content),
            b"Content-Transfer-Encoding: base64",
        ),
    )
    tracemalloc.start()
    begun = time.process_time()
    parsed = parse(raw)
    elapsed, peak = time.process_time() - begun, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert parsed.text == "Hello"
    assert [one.content for one in parsed.attachments] == [content]
    assert elapsed < 2
    # The file, and a few copies of it on the way.
    assert peak < 4 * len(raw)


def test_more_files_than_anyone_keeps() -> None:
    raw = multipart(b"mixed", *[part(b"application/pdf; name=a.pdf", b"x")] * 10_000)
    parsed = parse(raw)
    assert len(parsed.attachments) == 1000
    assert parsed.notes == ("too_many_parts",)
