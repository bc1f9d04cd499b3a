"""What templates spell out is looked up once, and reads as Django's own tags would have it."""

import pytest
from django.template import Context, Template
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import translation


def rendered(text: str, **context: object) -> str:
    return Template("{% load i18n static vinculo %}" + text).render(Context(context))


@pytest.mark.parametrize("number", [7, "8", 0])
def test_an_address_of_a_number_is_that_of_the_page(number: object) -> None:
    template = Template('{% load vinculo %}{% url "crm:customer" number %}')
    for _ in range(2):
        assert template.render(Context({"number": number})) == reverse(
            "crm:customer", args=[number]
        )
    other = template.render(Context({"number": 12}))
    assert other == reverse("crm:customer", args=[12])


def test_an_address_may_have_a_name_and_may_be_missing() -> None:
    assert rendered('{% url "crm:today" as here %}[{{ here }}]') == f"[{reverse('crm:today')}]"
    assert rendered('{% url "crm:order-edit" 3 as here %}[{{ here }}]') == (
        f"[{reverse('crm:order-edit', args=[3])}]"
    )
    assert rendered('{% url "crm:nowhere" as here %}[{{ here }}]') == "[]"
    assert rendered('{% url "crm:nowhere" 3 as here %}[{{ here }}]') == "[]"
    for missing in (
        '{% url "crm:nowhere" %}',
        '{% url "crm:nowhere" 3 %}',
        '{% url "crm:customer" -1 %}',
    ):
        with pytest.raises(NoReverseMatch):
            rendered(missing)


def test_words_are_in_the_language_of_the_moment() -> None:
    template = Template(
        '{% load i18n vinculo %}{% translate "Customers" %} {% translate "Close" as x %}{{ x }}'
    )
    said = {}
    for language in ("en", "es", "pt-br", "es"):
        with translation.override(language):
            said[language] = template.render(Context())
            assert (
                said[language]
                == f"{translation.gettext('Customers')} {translation.gettext('Close')}"
            )
    assert len(set(said.values())) == 3


def test_a_variable_is_translated_each_time() -> None:
    template = Template("{% load i18n vinculo %}{% translate word %}")
    with translation.override("es"):
        for word in ("Customers", "Close"):
            assert template.render(Context({"word": word})) == translation.gettext(word)


def test_a_file_has_the_address_that_it_has_everywhere() -> None:
    assert rendered('{% static "css/crm.css" %}') == static("css/crm.css")
