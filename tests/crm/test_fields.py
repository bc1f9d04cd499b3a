"""Money as people write it, tags, and customers by a few letters."""

from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation

from crm.forms.fields import CustomerField, MoneyField, TagsField, parse_amount
from tests.factories import CustomerFactory


@pytest.mark.parametrize(
    ("language", "text", "amount"),
    [
        ("es", "12,50", "12.50"),
        ("es", "1.234,56", "1234.56"),
        ("es", "1.234", "1234"),
        ("es", "47.000,00 €", "47000.00"),
        ("pt-br", "R$ 1.234.567,8", "1234567.8"),
        ("pt-br", "12.50", "12.50"),
        ("en", "12,50", "12.50"),
        ("en", "1,234.56", "1234.56"),
        ("en", "1,234", "1234"),
        ("en", "1.234,56", "1234.56"),
        ("en", "US$ 5", "5"),
        ("en", "EUR 5", "5"),
        ("en", "−3.20", "-3.20"),
        ("es", "1 234,5", "1234.5"),
        ("es", "1\u202f234,5", "1234.5"),
    ],
)
def test_amounts_are_read_in_any_writing_that_means_one_thing(
    language: str, text: str, amount: str
) -> None:
    with translation.override(language):
        assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["", "twelve", "1,2,3", "1.23.456", "12,34.5,6", "--3", "1e5", "NaN"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it carries only the text
        parse_amount(text)


def test_the_error_shows_how_to_write_it() -> None:
    with translation.override("es"), pytest.raises(ValidationError, match="12,50"):
        MoneyField().clean("doce")


class AmountForm(forms.Form):
    total = MoneyField(initial=Decimal("1234.50"))


def test_an_amount_is_shown_again_as_its_reader_writes_it() -> None:
    with translation.override("pt-br"):
        assert 'value="1.234,50"' in str(AmountForm()["total"])


def test_tags_are_names_with_commas_between() -> None:
    field = TagsField()

    assert field.clean(" vip ,, pão  doce; vip") == ["vip", "pão doce"]
    assert field.prepare_value(["vip", "pão"]) == "vip, pão"
    with pytest.raises(ValidationError, match="60"):
        field.clean("x" * 61)


def test_a_customer_is_named_by_number_or_by_words_that_mean_one(business: object) -> None:
    ada = CustomerFactory(name="Ada Lovelace")
    namesake = CustomerFactory(name="Ada Byron")
    field = CustomerField(required=False)

    assert field.clean(f"whatever #{ada.pk}") == ada
    assert field.clean("byron") == namesake
    assert field.clean("") is None
    with pytest.raises(ValidationError, match=f"Ada Byron #{namesake.pk}; Ada Lovelace #{ada.pk}"):
        field.clean("ada")
    with pytest.raises(ValidationError, match="No customer matches"):
        field.clean("nobody")
    with pytest.raises(ValidationError, match="No customer matches"):
        field.clean("#999999")


def test_an_exact_name_wins_over_longer_ones(business: object) -> None:
    CustomerFactory(name="Ada Lovelace")
    ada = CustomerFactory(name="Ada")

    assert CustomerField().clean("ada") == ada
