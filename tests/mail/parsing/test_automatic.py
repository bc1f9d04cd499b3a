"""Who wrote it: a person, or a machine."""

from __future__ import annotations

import pytest

from mail.parsing import AUTOMATIC, parse
from tests.mail.parsing.cases import mail

# No database: once is enough.
pytestmark = pytest.mark.once

AWAY = b"Subject: Out of office: back on Monday"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], ""),
        ([b"Auto-Submitted: no"], ""),
        ([b"Auto-Submitted: auto-generated"], "auto-submitted"),
        ([b"Auto-Submitted: Auto-Replied (vacation)"], "auto-submitted"),
        ([b"Auto-Submitted: auto-replied; owner-email=a@x.example"], "auto-submitted"),
        ([b"Precedence: bulk"], "precedence"),
        ([b"Precedence: Auto_Reply"], "precedence"),
        ([b"Precedence: first-class"], ""),
        ([b"X-Auto-Response-Suppress: All"], "x-auto"),
        ([b"X-Auto-Response-Suppress: DR, OOF, AutoReply"], "x-auto"),
        # No receipts wanted: persons ask for that too.
        ([b"X-Auto-Response-Suppress: DR, RN, NRN"], ""),
        ([b"X-Autoreply: yes"], "x-auto"),
        ([b"X-Autoreply: no"], ""),
        ([b"X-Autorespond: vacation"], "x-auto"),
        ([b"List-Id: <people.x.example>", b"Precedence: list"], "list"),
        ([b"List-Unsubscribe: <https://x.example/u>"], "list"),
        ([b"Return-Path: <>"], "null-sender"),
        ([b"Return-Path: < >"], "null-sender"),
        ([b"Return-Path: <ana@x.example>"], ""),
        ([b"From: MAILER-DAEMON@x.example"], "mailer-daemon"),
        ([b"From: Postmaster <postmaster@x.example>"], "mailer-daemon"),
        # People say it as well.
        ([AWAY], ""),
        ([b"Subject: Estou de f=?utf-8?q?=C3=A9?=rias"], ""),
        ([AWAY, b"X-Auto-Response-Suppress: DR"], "out-of-office"),
        ([AWAY, b"Auto-Submitted: auto-replied"], "out-of-office"),
        (
            [b"Subject: Respuesta =?utf-8?q?autom=C3=A1tica=3A?= Pedido", b"Precedence: bulk"],
            "out-of-office",
        ),
        ([b"Subject: Resposta =?utf-8?q?autom=C3=A1tica?=", b"Return-Path: <>"], "out-of-office"),
        ([b"Subject: Fuera de la oficina", b"Auto-Submitted: auto-replied"], "out-of-office"),
        ([AWAY, b"List-Id: <people.x.example>"], "list"),
    ],
)
def test_automatic(fields: list[bytes], expected: str) -> None:
    assert parse(mail(*fields, body=b"x")).automatic == expected
    assert expected in {"", *AUTOMATIC}


def test_whatever_could_not_be_read_is_answered_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("mail.parsing.structure.split", broken)
    parsed = parse(b"From: ana@x.example\r\n\r\nHel\0lo \xff")
    assert (parsed.notes, parsed.automatic) == (("unreadable",), "auto-submitted")
    assert parsed.text == "From: ana@x.example\n\nHello \ufffd"
