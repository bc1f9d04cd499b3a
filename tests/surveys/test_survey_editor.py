"""The editor: further questions, the preview, a colour that can be read, versions."""

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from staff.models import AuditEntry
from surveys.actions.surveys import create_survey, latest_version, stock_survey, update_survey
from surveys.models import Survey, SurveyVersion
from surveys.questions import read
from tests.factories import InvitationFactory, ResponseFactory, SurveyRunFactory
from tests.surveys.test_further_questions import QUESTIONS

SETTINGS = {
    "name": "After the visit",
    "throttle_days": "30",
    "expires_after_days": "14",
    "is_active": "on",
}
NEW = "/surveys/new/csat/"
PREVIEW = "/surveys/preview/nps/"


def row(place: int, **fields: str) -> dict[str, str]:
    return {f"question-{place}-{name}": value for name, value in fields.items()}


def sent(*rows: dict[str, str], **fields: str) -> dict[str, str]:
    together = SETTINGS | {"question-count": str(len(rows))} | fields
    for one in rows:
        together |= one
    return together


SCALE = row(0, kind="scale", en_question="Warm?", en_low="cold", en_high="hot")
CHOICE = row(
    1,
    kind="choice",
    several="on",
    en_question="Which?",
    en_choices="Bread\nCake\n",
    es_question="¿Cuál?",
    es_choices="Pan\n\nTarta",
)


@pytest.fixture
def survey(business) -> Survey:
    return stock_survey("nps")


def edit_of(survey: Survey) -> str:
    return reverse("surveys:survey-edit", args=[survey.pk])


# --- Further questions ---


def test_a_survey_asks_further_questions_in_each_language(manager_client):
    manager_client.post(NEW, sent(SCALE, CHOICE))

    first, second = read(latest_version(Survey.objects.get(name="After the visit")).questions)
    assert (first.key, first.kind, first.words("en").high) == ("q1", "scale", "hot")
    assert (second.key, second.several, second.codes) == ("q2", True, ("c1", "c2"))
    assert second.choices("es") == [("c1", "Pan"), ("c2", "Tarta")]
    # In a language in which nobody wrote it, it is asked in one in which somebody did.
    assert first.words("pt-br").question == "Warm?"


def test_a_choice_keeps_its_code_wherever_it_goes(manager_client, business):
    survey = create_survey(kind="nps", name="With more", by=None, questions=QUESTIONS)
    moved = row(
        0, key="q2", kind="choice", en_question="What did you buy?", en_choices="Bread\nTea\nCake"
    )

    manager_client.post(edit_of(survey), sent(moved, name="With more"))

    [asked] = read(latest_version(survey).questions)
    assert (asked.key, asked.codes) == ("q2", ("c1", "c3", "c2"))
    # What another question was called is never called so again.
    manager_client.post(edit_of(survey), sent(SCALE, name="With more"))
    assert [one.key for one in read(latest_version(survey).questions)] == ["q4"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (row(0, kind="text"), "Write the question"),
        (row(0, kind="choice", en_question="Which?", en_choices="One"), "at least two choices"),
        (
            row(0, kind="choice", en_question="Which?", en_choices="A\nB", es_choices="A"),
            "Write 2 choices here too",
        ),
        (row(0, kind="choice", en_question="?", en_choices="\n".join("abcdefghijklm")), "12"),
        (row(0, kind="smile", en_question="Which?"), "smile"),
    ],
)
def test_what_can_not_be_asked_comes_back(manager_client, wrong, words):
    response = manager_client.post(NEW, sent(wrong))

    assertContains(response, words, status_code=422)
    assert not Survey.objects.filter(name="After the visit").exists()


@pytest.mark.parametrize(
    ("do", "order"),
    [
        ("add", ["Warm?", "Which?", ""]),
        ("remove-0", ["Which?"]),
        ("up-1", ["Which?", "Warm?"]),
        ("down-0", ["Which?", "Warm?"]),
        ("up-0", ["Warm?", "Which?"]),
        ("remove-7", ["Warm?", "Which?"]),
        ("nonsense", ["Warm?", "Which?"]),
    ],
)
def test_questions_are_moved_without_saving_and_without_scripts(manager_client, do, order):
    response = manager_client.post(
        NEW, sent(SCALE, CHOICE, do=do, name="", text_en_low="kept", is_active="")
    )

    assertContains(response, "kept")
    assertNotContains(response, "form-errors")
    rows = response.context["rows"].forms
    assert [form["en_question"].value() or "" for form in rows] == order
    assert not Survey.objects.filter(throttle_days=30, expires_after_days=14).exists()


def test_htmx_gets_the_questions_alone_and_never_more_than_ten(manager_client):
    rows = [row(place, kind="text", en_question=f"Number {place}") for place in range(10)]

    response = manager_client.post(NEW, sent(*rows, do="add"), headers={"HX-Request": "true"})

    assertContains(response, 'id="questions"')
    assertNotContains(response, "<html")
    assertNotContains(response, 'value="add"')
    assertContains(response, 'name="question-count" value="10"')


# --- Preview ---


def test_the_preview_shows_what_was_typed_and_writes_nothing(manager_client, survey):
    before = SurveyVersion.objects.count()
    typed = sent(SCALE, text_es_question="¿Qué tal?", text_en_thanks_low="So sorry", name="")

    answer = manager_client.post(
        PREVIEW, typed | {"preview_page": "answer", "preview_language": "es"}
    )
    thanks = manager_client.post(PREVIEW, typed | {"preview_page": "low"})
    mail = manager_client.post(PREVIEW, typed | {"preview_page": "mail", "preview_language": "es"})

    assertContains(answer, "¿Qué tal?")
    assertContains(answer, 'lang="es"')
    assertContains(thanks, "So sorry")
    assertContains(thanks, "Warm?")
    assertContains(mail, "¿Qué tal?")
    for page in (answer, thanks, mail):
        assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert SurveyVersion.objects.count() == before


def test_a_preview_without_a_form_shows_what_is_saved(manager_client, manager, survey):
    update_survey(survey=survey, by=manager, own_texts={"en": {"question": "Come again?"}})

    shown = manager_client.get(PREVIEW, {"survey": survey.pk, "preview_page": "answer"})

    assertContains(shown, "Come again?")
    assertContains(manager_client.get(PREVIEW, {"preview_page": "answer"}), "how likely are you")
    assert manager_client.get("/surveys/preview/smile/").status_code == 404


def test_unsaved_words_are_shown_to_those_who_edit(agent_client, read_only_client):
    assert agent_client.get(PREVIEW).status_code == 200
    assert agent_client.post(PREVIEW).status_code == 403
    assert read_only_client.get(PREVIEW).status_code == 403


# --- Colour ---


def test_a_colour_that_can_not_be_read_is_refused_with_one_that_can(manager_client, survey):
    faint = sent(name="NPS", has_own_colour="on", colour="#ffd54f")

    response = manager_client.post(edit_of(survey), faint)

    assertContains(response, "hard to read", status_code=422)
    suggestion = response.context["form"].suggestion
    assertContains(response, f'name="use_colour" value="{suggestion}"', status_code=422)
    survey.refresh_from_db()
    assert not survey.colour

    manager_client.post(edit_of(survey), faint | {"use_colour": suggestion})
    survey.refresh_from_db()
    assert survey.colour == suggestion

    manager_client.post(edit_of(survey), sent(name="NPS", colour="#ffd54f"))
    survey.refresh_from_db()
    assert not survey.colour


def test_customers_see_the_surveys_own_colour(client, survey):
    Survey.objects.update(colour="#7a1fa2")
    InvitationFactory(run=SurveyRunFactory(survey=survey), token="known")

    assertContains(client.get("/s/known/"), "--accent-on-light:#7a1fa2")


def test_the_businesss_colour_is_refused_the_same_way(owner_client, business):
    page = owner_client.get("/settings/")
    typed = page.context["form"].initial | {"colour": "#ffd54f"}

    response = owner_client.post("/settings/", typed)

    suggestion = response.context["form"].suggestion
    assertContains(response, f'name="use_colour" value="{suggestion}"', status_code=422)
    owner_client.post("/settings/", typed | {"use_colour": suggestion})
    business.refresh_from_db()
    assert business.colour == suggestion


# --- Settings and versions ---


def test_whoever_was_promised_anonymity_keeps_it(manager_client, survey):
    manager_client.post(edit_of(survey), sent(name="NPS", is_anonymous="on"))
    manager_client.post(edit_of(survey), sent(name="NPS"))
    survey.refresh_from_db()
    assert not survey.is_anonymous

    manager_client.post(edit_of(survey), sent(name="NPS", is_anonymous="on"))
    InvitationFactory(run=SurveyRunFactory(survey=survey))

    response = manager_client.post(edit_of(survey), sent(name="NPS"))
    assertContains(response, "stays anonymous", status_code=422)


def test_versions_tell_who_changed_what_and_are_used_again(manager_client, manager, survey):
    update_survey(
        survey=survey,
        by=manager,
        own_texts={"es": {"low": "ni loco"}},
        questions=QUESTIONS[:1],
    )
    ResponseFactory(survey=survey, version=latest_version(survey))
    versions = reverse("surveys:version-list", args=[survey.pk])

    page = manager_client.get(versions)
    for words in ("Version 2", "Marina Luz", "nada probable", "ni loco", "How was the bread?"):
        assertContains(page, words)
    assertContains(page, "1 answer")

    again = reverse("surveys:version-use-again", args=[survey.pk, 1])
    for _time in range(2):
        assertRedirects(manager_client.post(again), versions)

    latest = latest_version(survey)
    assert (latest.number, latest.texts, latest.questions) == (3, {}, [])
    assert survey.versions.get(number=2).texts == {"es": {"low": "ni loco"}}
    entry = AuditEntry.objects.filter(action="survey.update").latest("pk")
    assert entry.changes == {"version": [2, 3]}


def test_versions_are_read_by_all_and_used_again_by_those_who_edit(agent_client, survey):
    assertNotContains(
        agent_client.get(reverse("surveys:version-list", args=[survey.pk])), "Use this again"
    )
    again = reverse("surveys:version-use-again", args=[survey.pk, 1])
    assert agent_client.post(again).status_code == 403


def test_query_count_of_the_versions_does_not_grow(
    agent_client, manager, survey, django_assert_num_queries
):
    for number in range(4):
        update_survey(survey=survey, by=manager, own_texts={"en": {"low": f"{number}"}})
    # session, user, business, survey, versions with who made them and their answers
    with django_assert_num_queries(5):
        agent_client.get(reverse("surveys:version-list", args=[survey.pk]))
