"""Reviews on other sites, by hand."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from staff.models import AuditEntry, ChangeSet
from surveys.models import Review
from tests.factories import CustomerFactory

LIST = "/reviews/"


@pytest.fixture
def review(business) -> Review:
    at = timezone.now() - timedelta(days=2)
    return Review.objects.create(site="Google", rating=2, text="The queue was long", at=at)


def form(**changes: str) -> dict[str, str]:
    return {
        "site": "Google",
        "rating": "5",
        "text": "Warm bread",
        "at": "2026-03-02 10:00",
        **changes,
    }


def test_an_empty_page_teaches(agent_client, read_only_client):
    assertContains(agent_client.get(LIST), "Write down the first review")
    assertNotContains(read_only_client.get(LIST), "Write down the first review")


def test_a_review_is_written_down_with_its_customer(agent_client, business):
    ada = CustomerFactory(name="Ada Lovelace")

    answer = agent_client.post("/reviews/new/", form(customer="Ada Lovelace"))

    assert answer.status_code == 302, answer.context["form"].errors
    review = Review.objects.get()
    assert (review.customer, review.rating, review.site) == (ada, 5, "Google")
    assertContains(agent_client.get(LIST), "Warm bread")
    assert AuditEntry.objects.filter(action="review.create").count() == 1


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(agent_client, business):
    ahead = (timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%d %H:%M")
    for wrong in ({"rating": "6"}, {"site": ""}, {"at": ahead}, {"customer": "Nobody at all"}):
        answer = agent_client.post("/reviews/new/", form(**wrong))
        assertContains(answer, "Warm bread", status_code=422)
    assert not Review.objects.exists()


def test_it_is_corrected_deleted_and_brought_back(agent_client, review):
    unchanged = form(rating="1", text=review.text)
    unchanged.pop("at")
    page = f"/reviews/{review.pk}/"
    shown = agent_client.get(page).context["form"]["at"].value()
    agent_client.post(page, {**unchanged, "at": shown.strftime("%Y-%m-%d %H:%M")})
    review.refresh_from_db()
    assert review.rating == 1

    agent_client.post(f"{page}delete/")
    assert not Review.objects.exists()
    change_set = ChangeSet.objects.get(kind="surveys.review_delete")
    agent_client.post(f"/surveys/undo/{change_set.pk}/")
    assert Review.objects.get().text == "The queue was long"


def test_somebody_elses_stroke_is_taken_back_by_a_manager_alone(
    manager_client, agent_client, review
):
    manager_client.post(f"/reviews/{review.pk}/delete/")
    change_set = ChangeSet.objects.get(kind="surveys.review_delete")
    assert agent_client.post(f"/surveys/undo/{change_set.pk}/").status_code == 403
    assert manager_client.post(f"/surveys/undo/{change_set.pk}/").status_code == 302


def test_reviews_are_found_by_site_stars_and_words(agent_client, review):
    Review.objects.create(site="Trustpilot", rating=5, text="Lovely", at=timezone.now())

    def found(**asked: str) -> list[str]:
        return [one.site for one in agent_client.get(LIST, asked).context["page"]]

    assert found() == ["Trustpilot", "Google"]
    assert found(site="Google") == found(rating="2") == found(q="queue") == ["Google"]
    assertContains(agent_client.get(LIST, {"q": "nowhere"}), "No review matches")


def test_the_list_asks_the_same_few_queries_however_many(
    agent_client, business, django_assert_num_queries
):
    for number in range(12):
        Review.objects.create(
            site="Google", rating=4, at=timezone.now(), customer=CustomerFactory(), text=str(number)
        )
    # session, user, business, reviews, sites
    with django_assert_num_queries(5):
        agent_client.get(LIST)
