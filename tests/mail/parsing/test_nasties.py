"""Hand-made difficult mails: what must come out of each."""

from __future__ import annotations

import pytest

from mail.parsing import NOTES, parse
from tests.mail.parsing.cases import Case, plainly
from tests.mail.parsing.nasties import CASES


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_comes_out(case: Case) -> None:
    parsed = parse(case.raw)
    assert {field: plainly(parsed, field) for field in case.expected} == case.expected


def test_each_note_has_words_and_a_mail_that_has_it() -> None:
    found = {note for case in CASES for note in case.expected["notes"]}
    assert found == NOTES.keys() - {"unreadable"}
    assert all(str(words).endswith(".") for words in NOTES.values())
