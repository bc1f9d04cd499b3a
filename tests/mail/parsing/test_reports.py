"""What servers say about our mails: at least five servers' bounces, warnings, complaints."""

from __future__ import annotations

from pathlib import Path

import pytest

from mail.parsing import Report, ReportedRecipient, parse
from tests.mail.parsing.cases import mail, multipart, part

# No database: once is enough.
pytestmark = pytest.mark.once

OURS = "<vinculo.1234@padaria.example>"
REPORTS = Path(__file__).parent / "reports"
MARIA = "maria@correo.example"


def reported(name: str) -> Report:
    parsed = parse((REPORTS / f"{name}.eml").read_bytes())
    assert parsed.automatic == "report"
    assert parsed.report is not None
    return parsed.report


@pytest.mark.parametrize(
    ("name", "address", "action", "status"),
    [
        ("postfix", MARIA, "failed", "5.1.1"),
        ("postfix-delayed", MARIA, "delayed", "4.4.1"),
        ("exim", MARIA, "failed", "5.0.0"),
        ("office365", MARIA, "failed", "5.1.10"),
        ("gmail", "maria@gmail.example", "failed", "5.1.1"),
        ("ses", MARIA, "failed", "5.2.2"),
        ("words-only", MARIA, "failed", "5.1.1"),
    ],
)
def test_bounces_of_servers(name: str, address: str, action: str, status: str) -> None:
    report = reported(name)
    assert (report.kind, report.message_id) == ("bounce", OURS)
    assert [(one.address, one.action, one.status) for one in report.recipients] == [
        (address, action, status)
    ]


def test_each_recipient_of_a_bounce_has_its_own_reason() -> None:
    assert reported("qmail") == Report(
        "bounce",
        OURS,
        (
            ReportedRecipient(
                MARIA, "failed", "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)"
            ),
            ReportedRecipient(
                "joao@correo.example",
                "failed",
                "5.0.0",
                "192.0.2.25 does not like recipient. Remote host said: 552 Mailbox full"
                " Giving up on 192.0.2.25.",
            ),
        ),
    )


def test_a_warning_in_words_is_a_delay() -> None:
    report = reported("exim-delayed")
    assert report.message_id == ""
    assert [(one.address, one.action, one.status) for one in report.recipients] == [
        (MARIA, "delayed", "4.7.1")
    ]


def test_the_address_that_we_wrote_to_is_meant_not_the_one_behind_it() -> None:
    assert [(one.address, one.action, one.status) for one in reported("sendmail").recipients] == [
        (MARIA, "failed", "5.0.0"),
        ("joao@correo.example", "expanded", "2.0.0"),
    ]


def test_a_complaint() -> None:
    assert reported("arf") == Report(
        "complaint",
        OURS,
        (ReportedRecipient("maria@provider.example", "delivered", "", ""),),
        "abuse",
    )


@pytest.mark.parametrize("kind", [b"not-spam", b"auth-failure", b"", b"dmarc"])
def test_feedback_that_is_no_complaint_is_automatic_and_no_more(kind: bytes) -> None:
    raw = (REPORTS / "arf.eml").read_bytes()
    parsed = parse(raw.replace(b"Feedback-Type: abuse", b"Feedback-Type: " + kind))
    assert (parsed.report, parsed.automatic) == (None, "report")


def test_the_words_of_a_report_are_its_text_and_the_rest_its_files() -> None:
    parsed = parse((REPORTS / "gmail.eml").read_bytes())
    assert parsed.text.startswith("** Address not found **")
    assert [one.name for one in parsed.attachments] == [
        "icon.png",
        "message.txt",
        "How did we do_.eml",
    ]
    assert [one.is_inline for one in parsed.attachments] == [True, False, False]


def test_a_person_who_forwards_a_bounce_reports_nothing() -> None:
    words = b"I got this back:\r\n\r\n" + (REPORTS / "exim.eml").read_bytes()
    parsed = parse(mail(b"Subject: Fwd: Mail delivery failed", body=words))
    assert (parsed.report, parsed.automatic) == (None, "")


def test_a_person_called_postmaster_who_asks_reports_nothing() -> None:
    raw = mail(b"From: postmaster@x.example", b"Subject: Invoice", body=b"ana@x.example\r\nPlease")
    assert parse(raw).report is None


def test_a_receipt_is_automatic_and_reports_nothing() -> None:
    raw = multipart(
        b"report; report-type=disposition-notification",
        part(b"text/plain", b"Your message was read."),
        part(b"message/disposition-notification", b"Disposition: manual-action; displayed"),
    )
    parsed = parse(raw)
    assert (parsed.report, parsed.automatic) == (None, "report")


@pytest.mark.parametrize("name", [path.stem for path in sorted(REPORTS.glob("*.eml"))])
def test_a_report_cut_off_anywhere_is_still_read(name: str) -> None:
    raw = (REPORTS / f"{name}.eml").read_bytes()
    for length in range(0, len(raw), 97):
        assert "unreadable" not in parse(raw[:length]).notes
