"""The 48 messages of CPython's own e-mail tests: what people would see of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from mail.parsing import parse
from tests.mail.parsing.cases import spelled

# No database: once is enough.
pytestmark = pytest.mark.once

MESSAGES = Path(__file__).parent / "cpython"
JOHN = "John X. Doe <bbb@ddd.com>"
BARRY = "Barry Warsaw <barry@python.org>"
ANNE = "aperson@dom.ain"
TEST, LYRICS = "This is a test message", "Lyrics"
PERL = "Re: Limiting Perl CPU Utilization..."
FISH = "Here is your dingus fish"
EML = ("message/rfc822",)
# The beginning of the text is enough here: its whole is compared in the nasties.
EXPECTED: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "01": (JOHN, TEST, "Hi,\n\nDo you like this message?\n\n-Me", ()),
    "02": (
        "ppp-request@zzz.org",
        "Ppp digest, Vol 1 #2 - 5 msgs",
        "Send Ppp mailing list",
        EML * 5,
    ),
    "03": (JOHN, TEST, "Hi,\n\nDo you like this message?\n\n-Me", ()),
    "04": (
        "Barry A. Warsaw <barry@python.org>",
        "a simple multipart",
        "a simple kind of mirror\nto reflect upon our own\n\na simple kind of mirror",
        (),
    ),
    "05": ("foo <>", "bar", "Yadda yadda yadda\n\nYadda yadda yadda", EML),
    "06": (
        "Barry A. Warsaw <barry@python.org>",
        "forwarded message from Barry A. Warsaw",
        "",
        EML,
    ),
    "07": (
        "Barry <barry@digicool.com>",
        FISH,
        "Hi there,\n\nThis is the dingus fish.",
        ("image/gif",),
    ),
    "08": (BARRY, LYRICS, "", ()),
    "09": (BARRY, LYRICS, "", ()),
    "10": (
        BARRY,
        LYRICS,
        (
            "This is a 7bit encoded message.\n\n¡This is a Quoted Printable encoded message!\n\n"
            "This is a Base64 encoded message.\n\nThis is a Base64 encoded message.\n\n"
            "This has no Content-Transfer-Encoding: header."
        ),
        (),
    ),
    "11": ("", "The enclosing message", "", EML),
    "12": (BARRY, LYRICS, "", ()),
    "12a": (BARRY, LYRICS, "", ()),
    "13": (
        "Barry <barry@digicool.com>",
        FISH,
        "A text/plain part\n\nHi there,\n\nThis is the dingus fish.",
        ("image/gif",),
    ),
    "14": (JOHN, TEST, "Hi,\n\nI'm sorry but I'm using a drainbread ISP", ()),
    "15": ("xx@xx.dk", "XX", "Some removed test.", ("image/gif",)),
    "16": (
        "Internet Mail Delivery <postmaster@ucla.edu>",
        "Delivery Notification: Delivery has failed",
        "This report relates to a message you sent",
        ("message/delivery-status", *EML),
    ),
    "17": ("Barry <barry@digicool.com>", FISH, "Hi there,\n\nThis is the dingus fish.", ()),
    "18": ("", "", "", ()),
    "19": ("", "", "Send Ppp mailing list submissions to", ()),
    "20": (JOHN, TEST, "Hi,\n\nDo you like this message?", ()),
    "21": (ANNE, "Test", "One\n\nTwo", ()),
    "22": ("b@example.com", "", "Text text text.\n\nText text text.", ("image/jpeg",) * 2),
    "23": (ANNE, "", "A message part", ()),
    "24": ("bperson@dom.ain", "A subject", "", ()),
    "25": (
        "Mail Delivery Subsystem <mailer-daemon@zinfandel.lacita.com>",
        (
            "Returned mail: Too many hops 19 (17 max): from <linuxuser-admin@www.linux.org.uk> via"
            " [199.164.235.226], to <scoffman@wellpartner.com>"
        ),
        "The original message was received at Fri, 6 Apr 2001",
        ("message/delivery-status", "text/rfc822-headers"),
    ),
    "26": (
        "Father Time <father.time@xcar.wooster.local>",
        "IMAP file test",
        "Simple email with attachment.",
        ("application/riscos",),
    ),
    "27": (
        "Anne P. Erson <aperson@dom.ain>",
        "bug demonstration 12345678911234567892123456789312345678941234567895123456789612345678971234567898112345678911234567892123456789112345678911234567892123456789 more text",
        "test",
        (),
    ),
    "28": (ANNE, "", "", EML * 2),
    "29": (JOHN, TEST, "Hi,\n\nDo you like this message?", ()),
    "30": (ANNE, "", "", EML * 2),
    "31": (ANNE, "", "message 1\n\nmessage 2", ()),
    "32": ("Anne Person <aperson@example.com>", PERL, "Some message.", ()),
    "33": ("Anne Person <aperson@example.com>", PERL, "part 1\n\npart 2", ()),
    "34": (ANNE, "", "This is a text plain part that is counter to recommended practice", EML),
    "35": (
        ANNE,
        "here's something interesting",
        "counter to RFC 2822, there's no separating newline here",
        (),
    ),
    "36": (
        "internet-drafts@ietf.org",
        "I-D ACTION:draft-ietf-mboned-mix-00.txt",
        "Blah blah blah",
        ("message/external-body",) * 2,
    ),
    "37": ("", "", "", ("text/x-one", "text/x-two", "text/x-two")),
    "38": ("", "", "Unlike the test test_nested-multiples-with-internal-boundary, this", ()),
    "39": ("", "", "--\nIt's never too late", ("application/octet-stream",) * 6),
    "40": ("", "", "----961284236552522269 Content-Type: text/html;", ()),
    "41": ("Allison Dunlap <xxx@example.com>", "64423", "Blah blah blah", ()),
    "42": ("Mail Delivery Subsystem <xxx@example.com>", "", "Stuff", EML),
    "43": (
        "MAILER DAEMON <>",
        "Banned file: auto__mail.python.bat in mail from you",
        "BANNED FILENAME ALERT\n\nYour message to: xxxxxxx@dot.ca.gov",
        ("message/delivery-status", "text/rfc822-headers"),
    ),
    "44": (
        "Barry A. Warsaw <barry@python.org>",
        "a simple multipart",
        "a simple kind of mirror\nto reflect upon our own\n\na simple kind of mirror",
        (),
    ),
    "45": ("foo@bar.baz", "test", "This is the signed contents.", ("application/pgp-signature",)),
    "46": ("Sender <sender@example.net>", "GroupwiseForwardingTest", "", EML),
    "47": ("arthur@example.example", "", "bar\n\nbaz", ()),
}


def test_all_of_them_are_here() -> None:
    assert {path.stem.removeprefix("msg_") for path in MESSAGES.glob("*.txt")} == EXPECTED.keys()
    assert len(EXPECTED) == 48


@pytest.mark.parametrize("name", EXPECTED)
def test_message(name: str) -> None:
    sender, subject, text, files = EXPECTED[name]
    parsed = parse((MESSAGES / f"msg_{name}.txt").read_bytes())
    assert "unreadable" not in parsed.notes
    assert (spelled(parsed.sender), parsed.subject) == (sender, subject)
    assert parsed.text.startswith(text) if text else parsed.text == ""
    assert tuple(one.content_type for one in parsed.attachments) == files
