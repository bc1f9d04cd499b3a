"""Staff's pages: the list, a survey's words, its results, what was held."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Interaction, Segment
from staff.models import AuditEntry
from surveys.actions.surveys import NameTaken, create_survey, latest_version, stock_survey
from surveys.models import Click, CommentTag, Response, Skip, Survey, Tagging
from tests.factories import CustomerFactory, InvitationFactory, ResponseFactory

LIST = "/surveys/"


@pytest.fixture
def survey(business) -> Survey:
    return stock_survey("nps")


def page_of(survey: Survey) -> str:
    return reverse("surveys:survey", args=[survey.pk])


# --- The list and the words ---


def test_three_surveys_are_ready_from_the_start(agent_client):
    response = agent_client.get(LIST)

    for name in ("NPS", "CSAT", "CES"):
        assertContains(response, name)
    assertContains(response, "never sent", count=3)


def test_the_list_asks_the_same_few_queries_however_many(agent_client, django_assert_num_queries):
    for number in range(5):
        ResponseFactory(survey=create_survey(kind="nps", name=f"Survey {number}", by=None))
    # session, user, business, surveys with their counts, what is sent by itself
    with django_assert_num_queries(5):
        agent_client.get(LIST)


def test_read_only_people_look_and_do_not_send(read_only_client, survey):
    assertNotContains(read_only_client.get(LIST), "surveys/send")
    assert read_only_client.get(page_of(survey)).status_code == 200
    assert read_only_client.get(reverse("surveys:preflight", args=[survey.pk])).status_code == 403
    assert read_only_client.get(reverse("surveys:preflight")).status_code == 403


@pytest.mark.parametrize("name", ["survey-edit", "survey-create"])
def test_words_are_for_managers(agent_client, manager_client, survey, name):
    url = reverse(f"surveys:{name}", args=["ces" if name == "survey-create" else survey.pk])

    assert agent_client.get(url).status_code == 403
    assert agent_client.post(url).status_code == 403
    assert manager_client.get(url).status_code == 200


def settings_of(**changes: str) -> dict[str, str]:
    return {
        "name": "After the visit",
        "throttle_days": "30",
        "expires_after_days": "14",
        "is_active": "on",
    } | changes


def test_a_survey_is_made_with_its_own_words(manager_client, manager):
    url = reverse("surveys:survey-create", args=["csat"])

    response = manager_client.post(
        url, settings_of(text_es_question="¿Te gustó {business}?", text_en_low="  ")
    )

    survey = Survey.objects.get(name="After the visit")
    assertRedirects(response, page_of(survey))
    assert (survey.kind, survey.expires_after_days, survey.created_by) == ("csat", 14, manager)
    assert latest_version(survey).texts == {"es": {"question": "¿Te gustó {business}?"}}
    assert AuditEntry.objects.filter(action="survey.create", target_id=survey.pk).exists()


def test_other_words_make_a_new_version_and_the_same_words_none(manager_client, survey):
    url = reverse("surveys:survey-edit", args=[survey.pk])
    own = settings_of(name="NPS", text_en_question="Come again?")

    manager_client.post(url, own)
    manager_client.post(url, own)

    assert [version.number for version in survey.versions.order_by("number")] == [1, 2]
    assert survey.versions.get(number=1).texts == {}
    assertContains(manager_client.get(url), "Come again?")


def test_bad_settings_come_back_with_what_was_typed(manager_client, survey):
    url = reverse("surveys:survey-edit", args=[survey.pk])

    for changes in (
        {"name": ""},
        {"name": "csat"},
        {"throttle_days": "0"},
        {"expires_after_days": "x"},
    ):
        response = manager_client.post(url, settings_of(text_en_low="kept", **changes))
        assertContains(response, "kept", status_code=422)

    assert survey.versions.count() == 1


def test_a_name_is_taken_whatever_its_case(business):
    with pytest.raises(NameTaken):
        create_survey(kind="nps", name="nps", by=None)


def test_an_unknown_kind_has_no_page(manager_client):
    assert manager_client.get("/surveys/new/smile/").status_code == 404


# --- Results ---


def test_results_show_score_interval_and_n(agent_client, survey):
    for score in (9, 9, 10, 10, 10, 7, 8, 8, 6, 3):
        ResponseFactory(score=score)

    response = agent_client.get(page_of(survey))

    tile = re.search(r'class="tile">.*?</div>', response.content.decode(), re.DOTALL)[0]
    assert "+30" in tile
    assert "n = 10" in tile
    assert "early" in tile


def test_fewer_than_five_answers_are_shown_without_a_score(agent_client, survey):
    ResponseFactory(score=10, comment="Only me")

    response = agent_client.get(page_of(survey))

    assertContains(response, "no score yet")
    assertContains(response, "Only me")
    assertNotContains(response, "+100")


def test_only_the_latest_answer_of_a_customer_makes_the_score(agent_client, survey):
    ada = CustomerFactory()
    ResponseFactory(customer=ada, score=0, answered_at=timezone.now() - timedelta(days=2))
    ResponseFactory(customer=ada, score=10)

    assertContains(agent_client.get(page_of(survey)), "1 answer in the score")


def test_what_does_not_count_stays_in_view_and_out_of_the_score(agent_client, survey):
    ResponseFactory(score=11, validity="invalid", validity_reason="out_of_scale", origin="import")
    invitation = InvitationFactory()
    Click.objects.create(invitation=invitation, score=3)
    Click.objects.create(invitation=invitation, score=4)
    Skip.objects.create(run=invitation.run, customer=CustomerFactory(), reason="no_email")

    response = agent_client.get(page_of(survey))

    assertContains(response, "0 answers in the score")
    assertContains(response, "Opened, not confirmed")
    assert re.search(
        r"Opened, not confirmed</p>\s*<p class=\"tile-value\">1<", response.content.decode()
    )
    assertContains(response, "No e-mail address")


def test_answers_without_a_name_make_a_figure_of_their_own(agent_client, survey):
    for score in (10, 10, 10, 10, 9):
        ResponseFactory(score=score)
    for _number in range(5):
        ResponseFactory(score=0, customer=None, origin="public_link")

    response = agent_client.get(page_of(survey))

    figures = response.context["figures"], response.context["figures_of_nobody"]
    assert [figure.value for (figure, *_more) in figures] == ["+100", "-100"]
    assertContains(response, "NPS of answers without a name")


def test_answers_are_told_apart_by_what_is_known_of_their_customers(agent_client, survey):
    for number in range(5):
        ResponseFactory(score=10, customer=CustomerFactory(source="fair"), language="es")
        ResponseFactory(score=number, customer=CustomerFactory(source="web"), language="es")
    ResponseFactory(score=3, customer=None, origin="public_link")

    part = agent_client.get(page_of(survey), {"by": "source"}, headers={"HX-Request": "true"})
    assertContains(part, "fair")
    assertNotContains(part, "<html")
    page = agent_client.get(page_of(survey), {"by": "source"})
    parts = [(part.name, part.n, part.figures[0].value) for part in page.context["parts"]]
    assert parts == [("fair", 5, "+100"), ("web", 5, "-100")]
    [together] = agent_client.get(page_of(survey), {"by": "language"}).context["parts"]
    assert (together.name, together.n) == ("Spanish", 10)


def test_a_segment_and_a_period_choose_the_answers(agent_client, survey):
    segment = Segment.objects.create(name="From the fair", query="source=fair")
    ResponseFactory(score=10, customer=CustomerFactory(source="fair"))
    ResponseFactory(score=2, customer=CustomerFactory(source="web"))
    old = timezone.now() - timedelta(days=400)
    ResponseFactory(score=2, customer=CustomerFactory(source="fair"), answered_at=old)

    page = agent_client.get(page_of(survey), {"segment": segment.pk})
    assertContains(page, "1 answer in the score")
    page = agent_client.get(page_of(survey), {"segment": segment.pk, "period": "all"})
    assertContains(page, "2 answers in the score")


def test_it_says_whether_a_difference_is_more_than_noise(agent_client, survey):
    earlier = timezone.now() - timedelta(days=45)
    for _number in range(40):
        ResponseFactory(score=2, answered_at=earlier)
        ResponseFactory(score=10)

    page = agent_client.get(page_of(survey), {"period": "30"})
    assert page.context["compared"] == "+200 points · a true rise"

    Response.objects.filter(answered_at=earlier).exclude(
        pk__in=Response.objects.filter(answered_at=earlier).values("pk")[:5]
    ).delete()
    Response.objects.filter(score=2).update(score=9)
    page = agent_client.get(page_of(survey), {"period": "30"})
    assert page.context["compared"].endswith("within the noise")


def test_few_answers_to_an_anonymous_survey_are_hidden(agent_client, survey):
    Survey.objects.filter(pk=survey.pk).update(is_anonymous=True)
    for number in range(5):
        page = agent_client.get(page_of(survey))
        assert page.context["is_hidden"] is True
        assert list(page.context["latest"]) == []
        ResponseFactory(score=2, comment=f"Frank words {number}", customer=None, is_anonymous=True)

    page = agent_client.get(page_of(survey))
    assertContains(page, "Frank words 3")
    assert page.context["is_hidden"] is False


def test_query_count_of_the_results_does_not_grow(agent_client, survey, django_assert_num_queries):
    tag = CommentTag.objects.create(name="Queue")
    for score in range(11):
        response = ResponseFactory(score=score, comment="x")
        Tagging.objects.create(response=response, tag=tag)
        ResponseFactory(score=score, validity="held", validity_reason="too_fast")
    # session, user, business, survey, segments, histograms, those before, outcomes, months, tags,
    # skips, held, latest answers, their tags
    with django_assert_num_queries(14):
        agent_client.get(page_of(survey))


# --- Held ---


@pytest.fixture
def held_answer(business) -> Response:
    invitation = InvitationFactory()
    return ResponseFactory(
        invitation=invitation,
        customer=invitation.customer,
        score=4,
        validity="held",
        validity_reason="too_fast",
        comment="Was it a person?",
    )


def act(client, response: Response, what: str):
    return client.post(reverse(f"surveys:response-{what}", args=[response.pk]), follow=True)


def test_what_is_held_waits_with_its_reason(agent_client, read_only_client, held_answer):
    page = page_of(held_answer.survey)

    assertContains(agent_client.get(page), "within seconds")
    assertContains(agent_client.get(page), "Count it")
    assertNotContains(read_only_client.get(page), "Count it")


def test_counting_it_makes_it_an_answer(agent_client, agent, held_answer):
    act(agent_client, held_answer, "count")

    held_answer.refresh_from_db()
    assert held_answer.validity == "valid"
    held_answer.invitation.refresh_from_db()
    assert held_answer.invitation.state == "answered"
    assert Interaction.objects.get().kind == "survey_response"
    assert AuditEntry.objects.get(action="response.count").by == agent

    assertContains(act(agent_client, held_answer, "count"), "decided about this answer already")


def test_a_second_answer_to_one_invitation_can_not_count(agent_client, held_answer):
    ResponseFactory(invitation=held_answer.invitation, customer=held_answer.customer)

    assertContains(act(agent_client, held_answer, "count"), "has an answer that counts already")
    assert Response.objects.counted().count() == 1


def test_discarding_can_be_taken_back(agent_client, held_answer):
    page = act(agent_client, held_answer, "discard")
    assertContains(page, f"/surveys/answers/{held_answer.pk}/hold/")
    held_answer.refresh_from_db()
    assert (held_answer.validity, held_answer.validity_reason) == ("invalid", "discarded")

    act(agent_client, held_answer, "hold")

    held_answer.refresh_from_db()
    assert (held_answer.validity, held_answer.validity_reason) == ("held", "too_fast")


def test_an_imported_answer_outside_the_scale_is_nobodys_to_count(agent_client, business):
    outside = ResponseFactory(score=11, validity="invalid", validity_reason="out_of_scale")

    act(agent_client, outside, "count")

    outside.refresh_from_db()
    assert outside.validity == "invalid"


@pytest.mark.parametrize("what", ["count", "discard", "hold"])
def test_deciding_is_a_post_of_those_who_work_here(
    agent_client, read_only_client, held_answer, what
):
    url = reverse(f"surveys:response-{what}", args=[held_answer.pk])

    assert read_only_client.post(url).status_code == 403
    assert agent_client.get(url).status_code in {403, 405}
