"""Fields of one's own: their values, the page that defines them, and the forms that take them."""

from decimal import Decimal

import pytest
from django import forms
from django.test import RequestFactory
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from crm import custom
from crm.models import CustomField
from staff.models import Business
from staff.refusals import Refusal

Kind = CustomField.Kind


def a_field(kind: str = Kind.TEXT, key: str = "bike", **values: object) -> CustomField:
    return CustomField(key=key, **{"label": "Bicycle", "kind": kind, **values})


CHOICES = a_field(Kind.CHOICE, choices=["Road", "Mountain", "Eléctrica"])


# --- Values ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "kept"),
    [
        (a_field(), "  Orbea,  blue ", "Orbea,  blue"),
        (a_field(), " ", None),
        (a_field(Kind.NUMBER), "12,50", "12.5"),
        (a_field(Kind.NUMBER), "1.234,5", "1234.5"),
        (a_field(Kind.NUMBER), "100", "100"),
        (a_field(Kind.NUMBER), "-0", "0"),
        (a_field(Kind.NUMBER), "0.125", "0.125"),
        (a_field(Kind.NUMBER), "12.3456", "12.3456"),
        (a_field(Kind.DATE), "2026-03-04", "2026-03-04"),
        (CHOICES, "ROAD", "Road"),
        (CHOICES, "electrica", "Eléctrica"),
        (a_field(Kind.YES_NO), "Sí", True),
        (a_field(Kind.YES_NO), "não", False),
        (a_field(Kind.YES_NO), "TRUE", True),
        (a_field(Kind.YES_NO), "0", False),
    ],
)
def test_a_cell_is_read_by_its_kind(
    business: Business, field: CustomField, text: str, kept: object
) -> None:
    assert custom.parse(field, text, business) == kept


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        (a_field(), "x" * 501, "longer than 500"),
        (a_field(Kind.NUMBER), "many", "is not a number"),
        (a_field(Kind.NUMBER), "1.234", "in two ways"),
        (a_field(Kind.NUMBER), "9" * 20, "too large"),
        (a_field(Kind.DATE), "tomorrow", "is not a date"),
        (CHOICES, "tandem", "not one of: Road, Mountain, Eléctrica"),
        (a_field(Kind.YES_NO), "perhaps", "neither yes nor no"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    business: Business, field: CustomField, text: str, words: str
) -> None:
    with pytest.raises(Refusal, match=words):
        custom.parse(field, text, business)


def test_days_are_read_as_the_business_writes_them(business: Business) -> None:
    business.language = "es"

    assert custom.parse(a_field(Kind.DATE), "03/04/2026", business) == "2026-04-03"


@pytest.mark.parametrize(
    ("field", "kept", "shown", "in_a_file"),
    [
        (a_field(), "Orbea", "Orbea", "Orbea"),
        (a_field(Kind.NUMBER), "1234.5", "1.234,5", "1234.5"),
        (a_field(Kind.NUMBER), "1.234", "1,234", "1.2340"),
        (a_field(Kind.NUMBER), "0.000001", "0,000001", "0.000001"),
        (a_field(Kind.DATE), "2026-03-04", "4 de marzo de 2026", "2026-03-04"),
        (CHOICES, "Road", "Road", "Road"),
        (a_field(Kind.YES_NO), False, "no", "no"),
        # What a file brought before the field had a kind.
        (a_field(Kind.NUMBER), "about ten", "about ten", "about ten"),
        (a_field(Kind.NUMBER), "NaN", "NaN", "NaN"),
        (a_field(Kind.DATE), "soon", "soon", "soon"),
        (a_field(), None, "", ""),
    ],
)
def test_a_value_is_shown_as_its_reader_writes_and_in_files_plainly(
    field: CustomField, kept: object, shown: str, in_a_file: str
) -> None:
    with translation.override("es"):
        assert custom.show(field, kept) == shown
        assert custom.file_text(field, kept) == in_a_file


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        (a_field(Kind.NUMBER), "1.234"),
        (a_field(Kind.NUMBER), "-98765.4321"),
        (a_field(Kind.DATE), "2026-03-04"),
        (CHOICES, "Eléctrica"),
        (a_field(Kind.YES_NO), True),
        (a_field(Kind.YES_NO), False),
    ],
)
def test_a_file_brings_back_what_it_took(
    business: Business, field: CustomField, kept: object
) -> None:
    assert custom.parse(field, custom.file_text(field, kept), business) == kept


def test_only_living_fields_are_offered_and_one_request_asks_once(
    business: Business,
    rf: RequestFactory,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    CustomField.objects.create(key="a", label="A", kind=Kind.TEXT, position=2)
    CustomField.objects.create(key="b", label="B", kind=Kind.TEXT, position=1)
    CustomField.objects.create(key="c", label="C", kind=Kind.TEXT, archived_at=timezone.now())
    request = rf.get("/")

    with django_assert_num_queries(1):
        assert [field.key for field in custom.fields(request)] == ["b", "a"]
        assert len(custom.known(request)) == 3
        assert custom.shown({"a": "x", "c": "hidden", "z": 5}, custom.known(request)) == [
            ("A", "x"),
            ("z", "5"),
        ]


# --- Form fields ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "cleaned", "kept"),
    [
        (a_field(), " Orbea ", "Orbea", "Orbea"),
        (a_field(Kind.NUMBER), "1.234", Decimal(1234), "1234"),
        (a_field(Kind.NUMBER), "", None, None),
        (CHOICES, "Road", "Road", "Road"),
        (a_field(Kind.YES_NO), "no", False, False),
        (a_field(Kind.YES_NO), "", None, None),
    ],
)
def test_a_form_takes_the_readers_own_writing(
    field: CustomField, text: str, cleaned: object, kept: object
) -> None:
    with translation.override("es"):
        found = custom.form_field(field).clean(text)

    assert found == cleaned
    assert custom.to_kept(field, found) == kept


def test_a_choice_that_is_offered_no_more_is_not_lost_by_saving() -> None:
    field = a_field(Kind.CHOICE, choices=["Road"])

    assert custom.form_field(field, "Tandem").clean("Tandem") == "Tandem"
    with pytest.raises(forms.ValidationError):
        custom.form_field(field, "Road").clean("Tandem")
