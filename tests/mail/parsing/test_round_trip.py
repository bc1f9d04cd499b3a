"""Well-formed mail, written by Python's own library: everything comes out as it went in."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mail.parsing import parse

# No database: once is enough.
pytestmark = pytest.mark.once

LETTERS = "abcXYZ019 .,;:!?-_()'&%+=<>@/\"çãéñüßøЖдα한國ひ😀"
line = st.text(LETTERS, min_size=1, max_size=60).map(lambda text: " ".join(text.split()))
name = st.text("abc ÇãéñЖ한ひ'.-,()\"", max_size=30).map(lambda text: " ".join(text.split()))
words = st.lists(line, min_size=1, max_size=8).map("\n".join).filter(str.strip)
file_name = st.text("abc XYZ.ÇãЖ한-_()'", min_size=1, max_size=60).map(
    lambda text: f"x{' '.join(text.split())}x.pdf"
)
files = st.lists(st.tuples(file_name, st.binary(max_size=300)), max_size=3)


@settings(
    max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(
    subject=line,
    sender=name,
    text=words,
    rich=st.booleans(),
    attached=files,
    charset=st.sampled_from(("utf-8", "gb18030", "utf-7")),
    encoding=st.sampled_from(("base64", "quoted-printable")),
    policy=st.sampled_from((SMTP, SMTPUTF8)),
)
def test_what_went_in_comes_out(
    subject: str,
    sender: str,
    text: str,
    rich: bool,
    attached: list[tuple[str, bytes]],
    charset: str,
    encoding: str,
    policy: EmailPolicy,
) -> None:
    message = EmailMessage(policy=policy)
    message["Subject"] = subject
    message["From"] = Address(sender, "ana", "x.example")
    # One only: Python may encode the comma between two, so that nobody can see it.
    message["To"] = Address(sender, "bea", "x.example")
    message["Message-ID"] = "<1@x.example>"
    message.set_content(text, charset=charset, cte=encoding)
    if rich:
        message.add_alternative(f"<p>{len(text)}</p>", subtype="html")
    for called, content in attached:
        message.add_attachment(content, "application", "pdf", filename=called)

    parsed = parse(message.as_bytes())

    assert parsed.notes == ()
    assert parsed.subject == subject
    assert (parsed.sender.address, parsed.sender.name) == ("ana@x.example", sender)
    assert [to.address for to in parsed.to] == ["bea@x.example"]
    assert parsed.message_id == "<1@x.example>"
    assert parsed.text == text.strip("\n")
    assert bool(parsed.html) == rich
    assert [(one.name, one.content) for one in parsed.attachments] == attached
