"""Telephone numbers in any spelling."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import phones
from staff.models import Business


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("(11) 98765-4321", "BR", "+5511987654321"),
        ("011 98765 4321", "BR", "+5511987654321"),
        ("+55 (0)11 98765-4321", "ES", "+5511987654321"),
        ("0034 612 34 56 78", "BR", "+34612345678"),
        ("612.345.678", "ES", "+34612345678"),
        ("912 345 678", "PT", "+351912345678"),
        ("011 15 2345-6789", "AR", "+5491123456789"),
        ("９１２ 345 678", "PT", "+351912345678"),
    ],
)
def test_normalise(text: str, region: str, e164: str) -> None:
    assert phones.normalise(text, region=region) == e164
    assert phones.normalise(e164, region="US") == e164


@pytest.mark.parametrize(
    "text", ["", "no", "12", "123 456 789 012 345 678", "+999 1", "98765-4321 ext 4"]
)
def test_what_no_telephone_could_dial_is_refused(text: str) -> None:
    with pytest.raises(phones.NotAPhone):
        phones.normalise(text, region="BR")


def test_readable_is_national_at_home_and_international_abroad() -> None:
    assert phones.readable("+5511987654321", "BR") == "(11) 98765-4321"
    assert phones.readable("+5511987654321", "ES") == "+55 11 98765-4321"
    assert phones.readable("unreadable", "ES") == "unreadable"


@pytest.mark.parametrize(
    ("zone", "language", "region"),
    [
        ("America/Sao_Paulo", "es", "BR"),
        ("Europe/Madrid", "en", "ES"),
        ("America/Buenos_Aires", "es", "AR"),
        ("Europe/Lisbon", "pt-br", "PT"),
        ("UTC", "pt-br", "BR"),
        ("UTC", "en", "US"),
    ],
)
def test_the_time_zone_says_which_country(zone: str, language: str, region: str) -> None:
    assert phones.default_region(Business(time_zone=zone, language=language)) == region
    assert phones.default_region(None) == "US"


REGIONS = ("ES", "BR", "MX", "AR", "PT", "US")
BETWEEN = st.sampled_from(["", " ", ".", "-", "/", "  ", "\u00a0"])


@given(st.sampled_from(REGIONS), st.sampled_from(REGIONS), st.booleans(), st.data())
def test_a_number_in_any_spelling_is_the_same(
    region: str, elsewhere: str, is_mobile: bool, data: st.DataObject
) -> None:
    """With the country code read anywhere, without it at home; whatever stands between the digits."""
    kind = (
        phonenumbers.PhoneNumberType.MOBILE
        if is_mobile
        else phonenumbers.PhoneNumberType.FIXED_LINE
    )
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = str(number.national_number)
    begin, whole, home = data.draw(
        st.sampled_from(
            [("", national, region), ("+", e164[1:], elsewhere), ("00", e164[1:], elsewhere)]
        )
    )
    spelt = begin + "".join(digit + data.draw(BETWEEN) for digit in whole)
    assert phones.normalise(spelt, region=home) == e164
    assert phones.normalise(e164, region=elsewhere) == e164
    for way in (
        phonenumbers.PhoneNumberFormat.NATIONAL,
        phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    ):
        assert phones.normalise(phonenumbers.format_number(number, way), region=region) == e164
