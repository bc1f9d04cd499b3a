"""Hand-made difficult mails: what must come out of each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mail import parsing
from mail.parsing import NOTES, parse
from tests.mail.parsing.cases import Case, plainly
from tests.mail.parsing.nasties import CASES

# No database: once is enough.
pytestmark = pytest.mark.once


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_comes_out(case: Case) -> None:
    parsed = parse(case.raw)
    assert {field: plainly(parsed, field) for field in case.expected} == case.expected


def test_each_note_has_words_and_a_mail_that_has_it() -> None:
    sources = Path(parsing.__file__).parent.glob("*.py")
    noted = {
        code
        for source in sources
        for code in re.findall(r"notes\.add\(\"(\w+)\"\)", source.read_text())
    }
    assert noted == {note for case in CASES for note in case.expected["notes"]}
    assert {*noted, "unreadable"} <= NOTES.keys()
    assert all(str(words).endswith(".") for words in NOTES.values())
