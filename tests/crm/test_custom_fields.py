"""Fields of one's own: their values, the page that defines them, and the forms that take them."""

from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains

from crm import custom
from crm.actions import custom_fields
from crm.models import CustomField
from staff.models import AuditEntry, Business, User
from staff.refusals import Refusal
from tests.factories import CustomerFactory

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
        brought = {"a": "x", "c": "hidden", "z": 5}
        assert custom.unknown(brought, custom.known(request)) == [("z", "5")]


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


# --- The page that defines them ---------------------------------------------------------------

LIST = reverse("crm:custom-fields")
NEW = reverse("crm:custom-field-create")


def defined(label: str, kind: str = Kind.TEXT, **values: Any) -> CustomField:
    return custom_fields.add_field(label=label, kind=kind, by=None, **values)


def step(client: Client, field: CustomField, word: str) -> HttpResponse:
    address = reverse("crm:custom-field-step", args=[field.pk, word])
    return client.post(address, follow=True)


def test_a_manager_adds_a_field_and_the_trail_says_so(
    manager_client: Client, manager: User
) -> None:
    answers = {"label": "Fecha de  alta", "kind": "date", "choices": "left\nover"}

    response = manager_client.post(NEW, answers, follow=True)

    assertContains(response, "Fecha de alta")
    field = CustomField.objects.get()
    assert (field.key, field.kind, field.choices) == ("fecha_de_alta", "date", [])
    entry = AuditEntry.objects.get(action="custom_field.create")
    assert entry.by == manager
    assert entry.changes["label"] == [None, "Fecha de alta"]


def test_agents_stay_out(agent_client: Client) -> None:
    assert agent_client.get(LIST).status_code == 403
    assert agent_client.post(NEW, {"label": "x", "kind": "text"}).status_code == 403


def test_an_empty_page_teaches(manager_client: Client) -> None:
    assertContains(manager_client.get(LIST), "Add the first field")


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"label": "", "kind": "text"}, "This field is required"),
        ({"label": "plan", "kind": "text"}, "There is a field of this name already"),
        ({"label": "Size", "kind": "choice", "choices": " \n"}, "one on each line"),
        ({"label": "Size", "kind": "choice", "choices": "x" * 101}, "100 letters"),
        ({"label": "Size", "kind": "colour"}, "Select a valid choice"),
    ],
)
def test_what_is_not_complete_is_refused_at_the_field(
    manager_client: Client, answers: dict[str, str], words: str
) -> None:
    defined("Plan")

    response = manager_client.post(NEW, answers)

    assertContains(response, words, status_code=422)
    assert CustomField.objects.count() == 1


def test_names_that_make_the_same_key_get_different_ones(business: Business) -> None:
    first, second = defined("Año!"), defined("A-ño")
    custom_fields.archive_field(field=first, by=None)

    assert [first.key, second.key, defined("Año").key] == ["ano", "a_no", "ano_2"]
    assert defined("電話").key == "field"


def test_choices_change_and_each_is_offered_once(manager_client: Client) -> None:
    field = defined("Size", Kind.CHOICE, choices=["S", "M"])
    address = reverse("crm:custom-field-edit", args=[field.pk])
    assertContains(manager_client.get(address), "S\nM")

    answers = {"label": "Shirt size", "kind": "choice", "choices": "S\n m\r\nL\nl\n"}
    manager_client.post(address, answers)

    field.refresh_from_db()
    assert (field.key, field.label, field.choices) == ("size", "Shirt size", ["S", "m", "L"])
    [entry] = AuditEntry.objects.filter(action="custom_field.update")
    assert entry.changes == {
        "label": ["Size", "Shirt size"],
        "choices": [["S", "M"], ["S", "m", "L"]],
    }


def test_a_kind_stays_once_somebody_has_it(manager_client: Client) -> None:
    field = defined("Size")
    address = reverse("crm:custom-field-edit", args=[field.pk])
    manager_client.post(address, {"label": "Size", "kind": "number"})
    field.refresh_from_db()
    assert field.kind == Kind.NUMBER

    CustomerFactory(custom={"size": "42"})
    manager_client.post(address, {"label": "Feet", "kind": "text"})

    field.refresh_from_db()
    assert (field.label, field.kind) == ("Feet", Kind.NUMBER)
    with pytest.raises(custom_fields.KindInUse):
        custom_fields.update_field(field=field, label="Feet", kind=Kind.TEXT, by=None)


def test_fields_are_put_in_order(manager_client: Client) -> None:
    first, second, third = defined("A"), defined("B"), defined("C")

    step(manager_client, third, "up")
    step(manager_client, first, "up")
    step(manager_client, second, "down")

    assert [field.label for field in custom.fields()] == ["A", "C", "B"]
    assert AuditEntry.objects.filter(action="custom_field.arrange").count() == 1
    assert step(manager_client, first, "sideways").status_code == 404


def test_an_archived_field_comes_back_with_what_was_filled_in(manager_client: Client) -> None:
    field = defined("Size")
    shopper = CustomerFactory(custom={"size": "42"})

    assertContains(step(manager_client, field, "archive"), "Use it again")
    assert custom.fields() == []
    assertContains(step(manager_client, field, "archive"), "archived already")
    twin = defined("Size")
    assertContains(step(manager_client, field, "restore"), "of this name already")
    custom_fields.archive_field(field=twin, by=None)
    step(manager_client, field, "restore")

    shopper.refresh_from_db()
    assert shopper.custom == {"size": "42"}
    assert [one.label for one in custom.fields()] == ["Size"]
    assertContains(step(manager_client, field, "restore"), "is not archived")


def test_the_list_of_fields_costs_the_same_for_many(
    manager_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        defined(f"Field {number}")
    with django_assert_max_num_queries(4):  # session, person, business, fields
        manager_client.get(LIST)
