"""/s/<token>/: what a person confirms is an answer; whatever a scanner does is none."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Interaction
from mail.models import OutgoingEmail
from staff.models import AuditEntry, Business
from surveys.actions import answering
from surveys.models import Click, Invitation, Response, SurveyVersion
from tests.factories import InvitationFactory, SurveyRunFactory

URL = "/s/known/"
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"


@pytest.fixture
def invitation(business: Business) -> Invitation:
    return InvitationFactory(token="known")


@pytest.fixture
def visitor() -> Client:
    """A customer's browser: no cookies, no login."""
    return Client(headers={"user-agent": PHONE})


def nonce_of(response) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', response.content.decode())
    assert found, response.content.decode()
    return found[1]


def press(client: Client, url: str = URL, **fields):
    """Open the page, then press its button."""
    data = {"nonce": nonce_of(client.get(url)), "score": "9", "comment": ""} | fields
    return client.post(url, {k: v for k, v in data.items() if v is not None})


def test_opening_every_link_of_the_mail_answers_nothing(invitation, visitor):
    for score in range(11):
        for method in (visitor.get, visitor.head):
            assert method(URL, {"score": score}).status_code == 200

    assert not Response.objects.exists()
    assert not Interaction.objects.exists()
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.QUEUED
    # Once per score, though opened twice.
    assert Click.objects.count() == 11
    assert set(Click.objects.values_list("agent", flat=True)) == {"phone"}


def test_the_link_preselects_its_score_and_presses_nothing(invitation, visitor):
    response = visitor.get(URL, {"score": "8"})

    page = response.content.decode()
    assert re.search(r'value="8" class="is-middle" required checked', page)
    assert page.count(" checked") == 1


@pytest.mark.parametrize("score", ["11", "-1", "x", "²", "999999999999", ""])
def test_a_link_with_another_score_preselects_nothing(invitation, visitor, score):
    assertNotContains(visitor.get(URL, {"score": score}), " checked")


def test_the_page_is_kept_by_nobody_and_told_to_nobody(invitation, visitor):
    response = visitor.get(URL)

    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert not response.cookies


def test_a_press_answers_with_score_and_reason_at_once(invitation, visitor):
    response = press(visitor, score="9", comment="Warm bread, warm people")

    assertRedirects(response, URL)
    given = Response.objects.get()
    assert (given.score, given.comment, given.validity) == (9, "Warm bread, warm people", "valid")
    assert given.origin == Response.Origin.MAIL_LINK
    assert given.customer == invitation.customer
    assert given.version == invitation.run.version
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.ANSWERED
    told = Interaction.objects.get()
    assert (told.kind, told.direction) == ("survey_response", "in")
    assert (told.about_model, told.about_id) == ("surveys.response", given.pk)
    assertContains(visitor.get(URL), "right track")


def test_a_post_without_the_nonce_of_a_rendered_form_answers_nothing(invitation, visitor):
    other = InvitationFactory(token="other")

    for nonce in ("", "forged", nonce_of(visitor.get("/s/other/"))):
        response = visitor.post(URL, {"score": "9", "comment": "kept", "nonce": nonce})
        assert response.status_code == 422
        assertContains(response, "kept", status_code=422)

    assert not Response.objects.exists()
    assert other.state == Invitation.State.QUEUED


def test_a_missing_score_keeps_the_reason_and_says_what_to_do(invitation, visitor):
    response = press(visitor, score=None, comment="Long queue on Saturday")

    assertContains(response, "Choose a number from 0 to 10.", status_code=422)
    assertContains(response, "Long queue on Saturday", status_code=422)
    assert not Response.objects.exists()


@pytest.mark.parametrize("score", ["11", "-1", "nine", "9.5"])
def test_a_score_outside_the_scale_is_no_answer(invitation, visitor, score):
    assert press(visitor, score=score).status_code == 422
    assert not Response.objects.exists()


def test_a_form_whose_hidden_field_was_filled_is_held(invitation, visitor):
    response = press(visitor, website="https://spam.example")

    assertContains(response, "Thank you")
    held = Response.objects.get()
    assert (held.validity, held.validity_reason) == ("held", "hidden_field")


def test_a_known_scanner_that_submits_the_form_is_held(invitation):
    press(Client(headers={"user-agent": "Barracuda Sentinel (EE)"}))

    assert Response.objects.get().validity_reason == "scanner_agent"


def test_an_answer_within_seconds_of_the_sending_is_held(invitation, visitor):
    Invitation.objects.update(sent_at=timezone.now() - timedelta(seconds=1))

    press(visitor)

    assert Response.objects.get().validity_reason == "too_fast"


@pytest.mark.parametrize(
    ("state", "sent_ago", "validity"),
    [
        ("sending", None, "held"),
        ("sent", 1, "held"),
        ("sent", 60, "valid"),
        ("queued", None, "valid"),
    ],
)
def test_the_outbox_tells_what_the_sweep_has_not_copied_yet(
    invitation, visitor, state, sent_ago, validity
):
    Invitation.objects.update(sent_at=None)
    OutgoingEmail.objects.create(
        stream="surveys",
        to_address=invitation.address,
        subject="One question",
        text="…",
        state=state,
        sent_at=timezone.now() - timedelta(seconds=sent_ago) if sent_ago else None,
        about_model="surveys.invitation",
        about_id=invitation.pk,
    )

    press(visitor)

    assert Response.objects.get().validity == validity


def test_what_was_held_locks_nobody_out(invitation, visitor):
    press(visitor, website="filled", score="0")
    Response.objects.update(created_at=timezone.now() - timedelta(minutes=1))

    press(visitor, score="10")

    assert set(Response.objects.values_list("validity", "score")) == {("held", 0), ("valid", 10)}


def test_several_scores_within_a_second_are_a_programs(invitation):
    for score in ("0", "1", "2", "3"):
        press_blindly(invitation, score)

    assert set(Response.objects.values_list("validity", "validity_reason")) == {
        ("held", "many_scores")
    }
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.QUEUED
    assert AuditEntry.objects.filter(action="response.hold", by=None).count() == 1


def test_several_scores_within_a_second_are_a_programs_though_it_keeps_cookies(invitation, visitor):
    from surveys import tokens

    for score in ("9", "2", "4"):
        nonce = tokens.new_nonce(invitation)
        visitor.post(URL, {"nonce": nonce, "score": score})

    assert set(Response.objects.values_list("validity", "score")) == {
        ("held", 9),
        ("held", 2),
        ("held", 4),
    }


def test_a_second_press_from_elsewhere_replaces_nothing(invitation, visitor):
    press(visitor, score="9")

    press_blindly(invitation, "2")

    assert Response.objects.counted().get().score == 9
    assert Response.objects.held().get().score == 2


def press_blindly(invitation: Invitation, score: str):
    """As a program does that kept a form: no cookie, no looking."""
    from surveys import tokens

    return Client().post(URL, {"nonce": tokens.new_nonce(invitation), "score": score})


def test_a_scanner_that_insists_fills_no_table(invitation):
    scanner = Client(headers={"user-agent": "Mimecast"})
    for _ in range(answering.MOST_HELD + 3):
        press(scanner)

    assert Response.objects.count() == answering.MOST_HELD


def test_the_same_browser_may_change_its_answer_for_a_day(invitation, visitor):
    press(visitor, score="9")
    cookie = visitor.cookies["answer"]
    assert cookie["httponly"]
    assert cookie["path"] == URL
    Response.objects.update(answered_at=timezone.now() - timedelta(minutes=1))

    press(visitor, score="3", comment="On second thoughts")

    given = Response.objects.get()
    assert (given.score, given.comment) == (3, "On second thoughts")
    assert given.changed_at
    entry = AuditEntry.objects.get(action="response.change")
    assert entry.changes["score"] == [9, 3]
    assertContains(visitor.get(URL), "sorry")


def test_another_browser_and_the_next_day_find_it_read_only(invitation, visitor):
    press(visitor, score="9")
    Response.objects.update(answered_at=timezone.now() - timedelta(hours=2))
    stranger = Client()

    assertNotContains(stranger.get(URL), "<form")
    response = press_blindly(invitation, "1")
    assertRedirects(response, URL)

    Response.objects.update(answered_at=timezone.now() - timedelta(hours=25))
    assertNotContains(visitor.get(URL), "<form")
    assert Response.objects.get().score == 9


def test_looking_at_ones_own_answer_is_no_click(invitation, visitor):
    press(visitor)
    Click.objects.all().delete()

    visitor.get(URL)

    assert not Click.objects.exists()


def test_an_expired_link_says_so_kindly(invitation, visitor):
    Invitation.objects.update(expires_at=timezone.now())

    assertContains(visitor.get(URL), "This survey is closed", status_code=410)
    assertRedirects(press_blindly(invitation, "9"), URL, target_status_code=410)
    assert not Response.objects.exists()


def test_a_closed_survey_takes_no_answer(invitation, visitor):
    invitation.survey.is_active = False
    invitation.survey.save()

    assert visitor.get(URL).status_code == 410


def test_unknown_links_are_not_found_and_then_too_many(invitation, visitor):
    cache.clear()

    response = visitor.get("/s/no-such-token/")
    assertContains(response, "no survey at this address", status_code=404)
    assert response["Cache-Control"] == "no-store"
    for _ in range(40):
        response = visitor.post("/s/no-such-token/")
    assert response.status_code == 429
    # Whoever holds a real link is not locked out by a neighbour.
    assert visitor.get(URL).status_code == 200
    cache.clear()


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("es", "¿qué probabilidad hay de que recomiendes Padaria Aurora"),
        ("pt-br", "qual é a probabilidade de você recomendar Padaria Aurora"),
        ("en", "how likely are you to recommend Padaria Aurora"),
    ],
)
def test_it_speaks_the_invitations_language_not_the_browsers(
    invitation, visitor, language, question
):
    Invitation.objects.update(language=language)

    response = visitor.get(URL, headers={"accept-language": "de, en"})

    assertContains(response, question)
    assertContains(response, f'<html lang="{language}"')
    assert response["Content-Language"] == language


def test_own_words_are_asked_and_the_version_is_kept(business, visitor):
    run = SurveyRunFactory()
    own = SurveyVersion.objects.create(
        survey=run.survey, number=2, texts={"en": {"question": "Come again to {business}?"}}
    )
    run.version = own
    run.save()
    InvitationFactory(token="known", run=run)

    assertContains(visitor.get(URL), "Come again to Padaria Aurora?")
    press(visitor)
    assert Response.objects.get().version == own


def test_the_scale_is_a_group_of_native_radios(invitation, visitor):
    page = visitor.get(URL).content.decode()

    assert page.count('type="radio"') == 11
    assert re.search(r'<fieldset[^>]+aria-describedby="scale-ends"[^>]*>\s*<legend>', page)
    assert 'id="scale-ends"' in page
    assert 'maxlength="4000"' in page
    assert "<script" not in page


def test_query_counts(
    invitation, visitor, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_num_queries(3):  # business, invitation, click
        visitor.get(URL)
    nonce = nonce_of(visitor.get(URL))
    with django_assert_max_num_queries(13) as queries:
        visitor.post(URL, {"nonce": nonce, "score": "9"})
    sql = [query["sql"] for query in queries.captured_queries]
    read = [one for one in sql if one.startswith("SELECT")]
    assert len(read) == 2  # business, invitation
    written = [one for one in sql if one.startswith(("INSERT", "UPDATE"))]
    assert len(written) == 4  # answer, invitation, interaction, customer's last date
