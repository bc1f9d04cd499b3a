"""/surveys/<id>/share/: a link, a code, a kiosk, a widget, and whether anybody may answer."""

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from staff.models import AuditEntry
from surveys.actions.surveys import create_survey, stock_survey
from surveys.models import Survey


@pytest.fixture
def survey(business) -> Survey:
    return stock_survey("nps")


def at(survey: Survey, name: str = "survey-share", *more: str) -> str:
    return reverse(f"surveys:{name}", args=[survey.pk, *more])


def share(client, survey: Survey, **fields: str):
    return client.post(at(survey), {"is_public": "on", "slug": "bakery", "sites": ""} | fields)


def test_opening_it_gives_link_code_kiosk_and_snippet(manager_client, manager, survey):
    assertContains(manager_client.get(at(survey)), "no public page so far")

    response = share(
        manager_client, survey, slug="Bakery", sites="https://Shop.example/bread?x=1\nblog.example"
    )

    assertRedirects(response, at(survey))
    survey.refresh_from_db()
    assert (survey.slug, survey.is_public) == ("bakery", True)
    assert survey.embedded_on == ["https://shop.example", "https://blog.example"]
    page = manager_client.get(at(survey))
    for words in ("/p/bakery/", "/p/bakery/kiosk/", "/p/bakery/widget.js", "https://shop.example"):
        assertContains(page, words)
    assert AuditEntry.objects.get(action="survey.share").by == manager
    share(manager_client, survey, sites="https://shop.example\nhttps://blog.example")
    assert AuditEntry.objects.filter(action="survey.share").count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"slug": ""},
        {"slug": "two words"},
        {"sites": "https://"},
        {"sites": "javascript:alert(1)"},
        {"sites": "https://a.example; script-src *"},
        {"sites": "https://user@a.example"},
        {"sites": "https://*.example"},
        {"sites": "https://a.example:port"},
        {"sites": "\n".join(f"https://s{number}.example" for number in range(21))},
    ],
)
def test_what_is_no_address_comes_back(manager_client, survey, fields):
    assert share(manager_client, survey, **fields).status_code == 422
    survey.refresh_from_db()
    assert not survey.is_public


def test_an_address_is_given_once_and_suggested_free(manager_client, survey):
    other = create_survey(kind="csat", name="NPS after all", by=None)
    share(manager_client, survey)

    assertContains(share(manager_client, other), "Another survey has this address", status_code=422)
    assertContains(manager_client.get(at(other)), 'value="nps-after-all"')


def test_the_code_is_a_drawing_and_a_picture(agent_client, manager_client, survey):
    assert agent_client.get(at(survey, "survey-qr-svg")).status_code == 404
    share(manager_client, survey)

    drawing = agent_client.get(at(survey, "survey-qr-svg"))
    picture = agent_client.get(at(survey, "survey-qr-png"))

    assert drawing["Content-Type"] == "image/svg+xml"
    assert b"<svg" in drawing.content
    assert picture.content.startswith(b"\x89PNG")


def test_a_poster_asks_in_a_language(agent_client, manager_client, survey):
    share(manager_client, survey)

    poster = agent_client.get(at(survey, "survey-poster", "es"))

    assertContains(poster, "Escanea el código")
    assertContains(poster, "recomiendes Padaria Aurora")
    assert agent_client.get(at(survey, "survey-poster", "fr")).status_code == 404


def test_those_who_may_not_edit_look_only(agent_client, survey):
    assertNotContains(agent_client.get(at(survey)), "data-guard")
    assert share(agent_client, survey).status_code == 403
