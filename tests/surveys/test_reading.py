"""Comments: found by their words, tagged by hand and by rule, and how they sound."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from crm.models import Segment
from staff.models import AuditEntry
from surveys import reading
from surveys.actions import answering, tags
from surveys.models import CommentSearch, CommentTag, Response, Tagging
from tests.factories import CustomerFactory, ResponseFactory

LIST = "/surveys/answers/"


def read() -> None:
    assert reading.read_for(seconds=60) is False


def tagged(response: Response) -> set[str]:
    return set(response.taggings.filter(removed_at=None).values_list("tag__name", flat=True))


@pytest.fixture
def waiting(manager) -> CommentTag:
    return tags.save_tag(
        name="Waiting", phrases="wait\nfila\n Tiempo de espera ", sentiment="negative", by=manager
    )


def listed(client, **asked) -> list[str]:
    return [one.comment for one in client.get(LIST, asked).context["page"]]


# --- By its words ---


def test_a_new_comment_gets_the_tags_of_its_words(waiting):
    long = ResponseFactory(score=3, comment="The WAITING was endless")
    spanish = ResponseFactory(score=4, comment="Demasiado tiempo de espéra")
    other = ResponseFactory(score=9, comment="What a filament and awaiting")
    empty = ResponseFactory(score=9)

    read()

    assert tagged(long) == tagged(spanish) == {"Waiting"}
    assert tagged(other) == {
        "Waiting"
    }  # "filament" begins with a phrase, and that is how it is told
    assert tagged(empty) == set()
    long.refresh_from_db()
    assert (long.sentiment, long.sentiment_is_ours) == ("negative", False)


def test_a_phrase_begins_where_a_word_begins():
    assert reading.has_phrase("we had to wait", ["wait"])
    assert reading.has_phrase("waiting", ["wait"])
    assert not reading.has_phrase("chocolate", ["late"])
    assert not reading.has_phrase("", ["wait"])


def test_other_words_are_looked_for_in_what_was_said_before(waiting, manager):
    price = ResponseFactory(comment="Too expensive")
    wait = ResponseFactory(comment="I had to wait")
    read()

    tags.save_tag(tag=waiting, name="Price", phrases="expensive", sentiment="", by=manager)
    assert CommentTag.objects.get().walk_from is not None
    read()

    assert tagged(price) == {"Price"}
    assert tagged(wait) == set()
    assert CommentTag.objects.get().walk_from is None


def test_the_walk_goes_in_slices_and_by_hand_stays(waiting, manager, agent):
    comments = [ResponseFactory(comment=f"wait {number}") for number in range(7)]
    read()
    tags.take_off(response=comments[0], tag=waiting, by=agent)
    other = ResponseFactory(comment="nothing of the kind")
    tags.put_on(response=other, name="waiting", by=agent)

    tags.save_tag(tag=waiting, name="Waiting", phrases="wait\nqueue", sentiment="", by=manager)
    steps = 0
    while reading.walk_batch(size=3):
        steps += 1

    assert steps == 3
    assert tagged(comments[0]) == set()
    assert all(tagged(one) == {"Waiting"} for one in [*comments[1:], other])


def test_words_that_sound_both_ways_say_nothing_and_a_hand_outweighs_them(waiting, manager, agent):
    tags.save_tag(name="Kind", phrases="kind", sentiment="positive", by=manager)
    both = ResponseFactory(comment="Kind people, long wait")
    ours = ResponseFactory(comment="I had to wait, and that was fine")
    tags.set_sentiment(response=ours, sentiment="positive", by=agent)

    read()

    both.refresh_from_db()
    ours.refresh_from_db()
    assert (both.sentiment, ours.sentiment) == ("", "positive")


def test_reading_twice_changes_nothing(waiting):
    ResponseFactory(comment="wait")
    read()
    before = list(Tagging.objects.values())
    Response.objects.update(read_at=None)
    read()
    assert list(Tagging.objects.values()) == before
    assert CommentSearch.objects.count() == 1


def test_a_changed_comment_is_read_again(waiting, business):
    from tests.factories import InvitationFactory

    invitation = InvitationFactory()
    said = answering.Confirmation(score=9, comment="Lovely")
    outcome = answering.confirm(invitation=invitation, given=None, said=said)
    read()

    Response.objects.update(answered_at=timezone.now() - timedelta(hours=1))
    given = Response.objects.get()
    again = answering.Confirmation(score=3, comment="Still I wait", secret=outcome.secret)
    answering.confirm(invitation=invitation, given=given, said=again)
    read()

    assert tagged(given) == {"Waiting"}


def test_the_time_of_reading_tells_nothing_of_who_answered_when(business):
    day = timezone.now() - timedelta(hours=30)
    ResponseFactory(comment="Frank words", customer=None, is_anonymous=True, answered_at=day)
    read()
    assert Response.objects.get().read_at == day


# --- By hand ---


def test_an_agent_tags_and_untags_on_the_page(agent_client, read_only_client):
    response = ResponseFactory(comment="Warm bread")
    url = reverse("surveys:tag-put-on", args=[response.pk])

    shown = agent_client.post(url, {"name": " Bread "}, headers={"HX-Request": "true"})
    assertContains(shown, "Bread")
    assertNotContains(shown, "<html")
    agent_client.post(url, {"name": "bread"})
    tag = CommentTag.objects.get()
    assert tagged(response) == {"Bread"}
    assert AuditEntry.objects.filter(action="comment_tag.create").count() == 1

    off = reverse("surveys:tag-take-off", args=[response.pk, tag.pk])
    assert read_only_client.post(off).status_code == 403
    agent_client.post(off, {"next": LIST})
    agent_client.post(off)
    assert tagged(response) == set()


def test_a_tag_without_a_name_is_refused_beside_the_field(agent_client):
    response = ResponseFactory(comment="Warm bread")
    url = reverse("surveys:tag-put-on", args=[response.pk])

    shown = agent_client.post(url, {"name": "  "}, headers={"HX-Request": "true"})

    assert shown.status_code == 422
    assertContains(shown, "Give the tag a name", status_code=422)


def test_how_it_sounds_is_said_and_left_to_the_tags_again(agent_client):
    response = ResponseFactory(comment="Warm bread")
    url = reverse("surveys:sentiment", args=[response.pk])

    agent_client.post(url, {"sounds": "positive"})
    response.refresh_from_db()
    assert (response.sentiment, response.sentiment_is_ours) == ("positive", True)
    agent_client.post(url, {"sounds": "nonsense"})
    agent_client.post(url, {"sounds": ""})
    response.refresh_from_db()
    assert (response.sentiment, response.sentiment_is_ours) == ("", False)
    assert AuditEntry.objects.filter(action="response.sentiment").count() == 2


def test_managers_make_change_and_delete_tags(manager_client, agent_client):
    assertContains(manager_client.get("/surveys/tags/"), "No tags yet")
    form = {"name": "Price", "phrases": "expensive\ncaro", "sentiment": "negative"}
    assert agent_client.post("/surveys/tags/new/", form).status_code == 403
    assert manager_client.post("/surveys/tags/new/", form).status_code == 302
    tag = CommentTag.objects.get()
    taken = manager_client.post("/surveys/tags/new/", {**form, "name": "price"})
    assertContains(taken, "Another tag has this name already", status_code=422)
    manager_client.post(f"/surveys/tags/{tag.pk}/", {**form, "name": "Money"})
    assertContains(manager_client.get("/surveys/tags/"), "Money")
    assertContains(manager_client.get(f"/surveys/tags/{tag.pk}/delete/"), "0 comments lose")
    manager_client.post(f"/surveys/tags/{tag.pk}/delete/")
    assert not CommentTag.objects.exists()
    entries = AuditEntry.objects.filter(action__startswith="comment_tag").order_by("pk")
    assert [one.action.split(".")[1] for one in entries] == ["create", "update", "delete"]


# --- Found ---


def test_answers_are_found_by_words_without_accents_or_order(agent_client, business):
    ResponseFactory(comment="La atención fue rápida y amable")
    ResponseFactory(comment="The queue was long")
    read()

    assert listed(agent_client, q="rapid ATENCION") == ["La atención fue rápida y amable"]
    assert listed(agent_client, q="nobody") == []
    assertContains(agent_client.get(LIST, {"q": "nobody"}), "No answer matches")


def test_filters_combine(agent_client, waiting, manager):
    shared = Segment.objects.create(name="From the fair", query="source=fair")
    ResponseFactory(score=2, comment="wait one", customer=CustomerFactory(source="fair"))
    ResponseFactory(score=10, comment="wait two")
    ResponseFactory(score=2, comment="price")
    ResponseFactory(score=1, customer=None, origin="public_link")
    ResponseFactory(kind="csat", score=1, comment="wait three")
    ResponseFactory(score=2, comment="held back", validity="held")
    old = ResponseFactory(score=2, comment="wait long ago")
    Response.objects.filter(pk=old.pk).update(answered_at=timezone.now() - timedelta(days=100))
    read()

    nps = old.survey_id
    assert set(listed(agent_client, tag=waiting.pk, group="low", survey=nps)) == {
        "wait one",
        "wait long ago",
    }
    assert listed(agent_client, tag=waiting.pk, group="low", survey=nps, period="30") == [
        "wait one"
    ]
    assert listed(agent_client, segment=shared.pk) == ["wait one"]
    assert set(listed(agent_client, tag="none")) == {"price"}
    assert listed(agent_client, origin="public_link") == [""]
    assert "" not in listed(agent_client, reasons="true")
    assert "held back" not in listed(agent_client)
    assert len(listed(agent_client, sounds="negative")) == 4
    assert len(listed(agent_client, tag="unknown")) == 6


def test_nobodys_private_segment_is_offered(agent_client, manager):
    Segment.objects.create(name="My own plans", query="source=fair", owner=manager)
    assertNotContains(agent_client.get(LIST), "My own plans")


def test_few_anonymous_answers_are_not_shown_to_anybody(agent_client, business):
    for number in range(4):
        ResponseFactory(comment=f"Frank {number}", customer=None, is_anonymous=True)
    assert listed(agent_client) == []
    ResponseFactory(comment="Frank 5", customer=None, is_anonymous=True)
    assert len(listed(agent_client)) == 5


def test_the_list_asks_the_same_few_queries_however_many(
    agent_client, waiting, django_assert_num_queries
):
    for number in range(30):
        ResponseFactory(comment=f"wait {number}")
    read()
    # session, user, business, segments, tags, surveys, answers, their tags, count
    with django_assert_num_queries(9):
        agent_client.get(LIST)


def test_the_file_has_what_the_page_shows(manager_client, waiting):
    ResponseFactory(score=2, comment="I wait")
    ResponseFactory(score=10, comment="Lovely")
    read()
    file = manager_client.post("/exports/new/", {"list": "responses", "query": f"tag={waiting.pk}"})

    written = b"".join(file.streaming_content).decode()
    assert "I wait" in written
    assert "Waiting" in written
    assert "Lovely" not in written
