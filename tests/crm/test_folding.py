"""Texts are compared without regard to case, accents, spaces and punctuation."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.folding import fold, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  João   da SILVA ", "joao da silva"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("ﬁrma Œuvre Æon", "firma oeuvre aeon"),
        ("Łódź Søren Đorđe", "lodz soren dorde"),
        ("O'Neill", "oneill"),
        ("O’Neill", "oneill"),
        ("Saint-Étienne, S.L.", "saint etienne s l"),
        ("İstanbul ISPARTA ısırgan", "istanbul isparta isirgan"),
        ("\u00e9", "e"),
        ("e\u0301", "e"),
        ("Ñandú & Cía.", "nandu cia"),
        ("①②", "12"),
        ("田中 花子", "田中 花子"),
        ("★", "★"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_words_are_letters_and_digits_alone(text: str) -> None:
    assert all(word.isalnum() for word in words(text))


def test_signs_alone_are_no_words_but_differ() -> None:
    assert words("★ %") == []
    assert fold("★") != fold("☆")


NAMES = (
    "Íñigo Núñez Peña",  # ES
    "João Gonçalves de Araújo",  # BR
    "Xóchitl Güemes Ávila",  # MX
    "Agustín Ñáñez",  # AR
    "Conceição Falcão & Irmãos, Lda.",  # PT
    "Zoë O'Hara-Smith",  # US
)


@given(st.sampled_from(NAMES), st.data())
def test_a_name_in_any_spelling_is_the_same(name: str, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
    spelt = unicodedata.normalize(form, name)
    if data.draw(st.booleans()):
        spelt = "".join(c for c in spelt if not unicodedata.combining(c))
    spelt = "".join(data.draw(st.sampled_from([c, c.upper(), c.lower()])) for c in spelt)
    spaces = st.text(" \t\u00a0", min_size=1, max_size=3)
    spelt = data.draw(spaces) + data.draw(spaces).join(spelt.split(" ")) + data.draw(spaces)
    assert fold(spelt) == fold(name)
    assert fold(spelt) == fold(fold(spelt))
