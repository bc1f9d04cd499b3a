"""/surveys/<id>/send/: seen before it is done, done once."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.models import Customer
from mail.delivery import seconds_per_message
from mail.models import OutgoingEmail
from surveys.actions.surveys import stock_survey
from surveys.audience import Audience
from surveys.models import AskingRules, Invitation, Survey, SurveyRun
from tests.factories import CustomerFactory, InvitationFactory


@pytest.fixture
def survey(business) -> Survey:
    return stock_survey("nps")


@pytest.fixture
def url(survey) -> str:
    return reverse("surveys:preflight", args=[survey.pk])


def customers(count: int) -> list[Customer]:
    made = [CustomerFactory(email=f"c{number}@example.com") for number in range(count)]
    Customer.objects.update(stage=Customer.Stage.CUSTOMER)
    return made


def button_of(response) -> dict[str, list[str]]:
    """What pressing the button would post."""
    form = re.search(
        r'<form method="post" action="/surveys/.*?</form>', response.content.decode(), re.DOTALL
    )
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0]):
        fields.setdefault(name, []).append(value)
    return fields


def test_it_shows_who_is_asked_and_who_is_not_and_why(manager_client, url):
    ada, bob = customers(2)
    InvitationFactory(customer=bob, contact=bob.contacts.get())
    silent = CustomerFactory(name="Silent Sam", stage=Customer.Stage.CUSTOMER)

    response = manager_client.get(url)

    assertContains(response, "Send 1 invitation")
    assertContains(response, ada.name)
    assertContains(response, "asked recently")
    assertContains(response, bob.name)
    assertContains(response, "no e-mail address")
    assertContains(response, silent.name)
    assert not Invitation.objects.filter(customer=ada).exists()


def test_the_button_sends_once_however_often_it_is_pressed(manager_client, url, survey):
    customers(3)
    fields = button_of(manager_client.get(url))

    assertRedirects(manager_client.post(url, fields), f"/surveys/{survey.pk}/")
    response = manager_client.post(url, fields, follow=True)

    assertContains(response, "3 invitations are on their way.")
    assert SurveyRun.objects.count() == 1
    assert Invitation.objects.count() == 3


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_selection_arrives_by_get_or_post(agent_client, url, method):
    one, two, _other = customers(3)

    response = getattr(agent_client, method)(url, {"customer": [one.pk, two.pk]})

    assertContains(response, "Send 2 invitations")
    fields = button_of(response)
    assert fields["customer"] == [str(one.pk), str(two.pk)]
    agent_client.post(url, fields)
    assert set(Invitation.objects.values_list("customer", flat=True)) == {one.pk, two.pk}


def test_a_filtered_list_is_asked_as_it_is_filtered(manager_client, url):
    one, two = customers(2)
    Customer.objects.filter(pk=two.pk).update(source="web")

    response = manager_client.get(url, {"audience": "filter", "source": "web"})

    assertContains(response, "Send 1 invitation")
    manager_client.post(url, button_of(response))
    assert Invitation.objects.get().customer == two
    assert SurveyRun.objects.get().audience == {"filters": {"source": "web"}}
    assert one.invitations.count() == 0


def test_whole_lists_are_for_managers(agent_client, url):
    customers(2)

    response = agent_client.get(url)
    assertContains(response, "for managers")
    assertNotContains(response, "once_key")
    response = agent_client.post(url, {"once_key": "forged", "audience": "everyone"}, follow=True)
    assertContains(response, "for managers")
    assert not SurveyRun.objects.exists()


@pytest.mark.parametrize("given", [{"customer": "x"}, {"customer": "9" * 30}, {"customer": ""}])
def test_a_selection_of_nobody_is_never_everybody(manager_client, url, given):
    customers(2)

    response = manager_client.get(url, given)

    assertContains(response, "nobody to ask")
    manager_client.post(url, given | {"once_key": "k"})
    assert not Invitation.objects.exists()


def test_without_a_survey_one_is_chosen_and_the_selection_travels_on(agent_client, survey):
    one, two = customers(2)

    response = agent_client.get(reverse("surveys:preflight"), {"customer": [one.pk, two.pk]})

    assertContains(response, f"/surveys/{survey.pk}/send/?customer={one.pk}&amp;customer={two.pk}")


def test_each_language_has_its_real_mail_in_view(manager_client, url, survey):
    customers(2)
    Customer.objects.filter(pk=Customer.objects.first().pk).update(language="es")

    response = manager_client.get(url)
    for language in ("es", "en"):
        assertContains(response, reverse("surveys:mail-sample", args=[survey.pk, language]))

    sample = manager_client.get(reverse("surveys:mail-sample", args=[survey.pk, "es"]))
    assertContains(sample, "Una pregunta de Padaria Aurora")
    assertContains(sample, 'href="#?score=10"')
    assert "sandbox" in sample["Content-Security-Policy"]
    assert sample["X-Frame-Options"] == "SAMEORIGIN"
    assert manager_client.get(f"/surveys/{survey.pk}/mail/xx/").status_code == 404


def test_it_says_how_the_mail_will_leave_and_whether_the_colour_can_be_read(
    manager_client, url, business
):
    business.colour = "#ffee88"
    business.save()
    customers(1)

    response = manager_client.get(url)

    assertContains(response, "wait in the outbox")
    assertContains(response, "too faint to be read")
    assertContains(response, "how to get no more surveys")


def test_it_says_how_long_the_sending_takes(manager_client, url, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    customers(33)
    assertContains(manager_client.get(url), "leave within about 1 minute.")

    start = timezone.now() - timedelta(hours=1)
    for number in range(30):  # five seconds each; and one long before, in another sending
        at = start + timedelta(seconds=5 * number) if number else start - timedelta(days=1)
        OutgoingEmail.objects.create(
            stream="surveys", to_address="a@example.com", state="sent", sent_at=at
        )
    assert seconds_per_message() == 5
    assertContains(manager_client.get(url), "leave within about 3 minutes.")


def test_query_count_does_not_grow_with_the_audience(
    manager_client, url, django_assert_num_queries
):
    customers(25)
    # session, user, business, survey, version; rules, audience, contacts, asked, suppressed, shared;
    # the hours in which it may leave
    with django_assert_num_queries(12):
        manager_client.get(url)


@pytest.mark.django_db
def test_everything_that_the_list_shows_is_more_than_what_is_checked_on_its_page() -> None:
    CustomerFactory(tags=["vip", "new"])
    given = QueryDict("everything=1&query=tag%3Dvip%26tag%3Dnew%26sort%3Dname&customer=1")

    audience = Audience.from_parameters(given)

    assert audience == Audience(filters="tag=vip&tag=new&sort=name")


# --- A test, and when it leaves ---


def test_a_test_goes_to_whoever_asks_and_its_links_count_nothing(agent_client, agent, survey):
    url = reverse("surveys:test-send", args=[survey.pk])
    page = reverse("surveys:preflight", args=[survey.pk])

    answer = agent_client.post(url, {"language": "es", "next": page})

    assertRedirects(answer, page, fetch_redirect_response=False)
    mail = OutgoingEmail.objects.get()
    assert (mail.to_address, mail.stream, mail.language) == (agent.email, "account", "es")
    assert mail.subject.startswith("Test: ")
    assert "Hola, Ana:" in mail.text
    [link] = set(re.findall(r"http://[^/]+(/surveys/\S+)\?score=8", mail.text))
    shown = agent_client.get(f"{link}?score=8", follow=True)
    assertContains(shown, 'type="radio"')
    assert not Invitation.objects.exists()


def test_the_tenth_test_of_an_hour_is_the_last(agent_client, survey):
    url = reverse("surveys:test-send", args=[survey.pk])
    for _number in range(11):
        answer = agent_client.post(url, {"language": "nonsense"}, follow=True)
    assertContains(answer, "That were ten tests within an hour")
    assert OutgoingEmail.objects.count() == 10


def test_in_quiet_hours_it_says_when_the_mails_leave(manager_client, url):
    customers(1)
    AskingRules.objects.update_or_create(
        pk=1, defaults={"quiet_until": 0, "quiet_from": 24, "asks_on_weekends": True}
    )
    assertNotContains(manager_client.get(url), "quiet hours")

    hour = timezone.localtime(timezone=ZoneInfo("America/Sao_Paulo")).hour
    allowed = {"quiet_until": 0, "quiet_from": 1} if hour else {"quiet_until": 23, "quiet_from": 24}
    AskingRules.objects.update(**allowed)
    assertContains(manager_client.get(url), "These are quiet hours: the e-mails leave")
