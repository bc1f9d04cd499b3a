"""Rules and review sites: managers set them up, and what they say is what follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from staff.models import AuditEntry, Business, User
from support.actions import conversation, states
from support.models import CannedReply, Ticket
from surveys import rule_words
from surveys.actions import loop_rules, review_sites
from surveys.actions.follow_ups import see_to_answers
from surveys.actions.surveys import stock_survey
from surveys.after import shown_after
from surveys.models import FollowUp, LoopRule, ReviewSite
from tests.factories import CustomerFactory, OpenedTicketFactory, ResponseFactory

pytestmark = pytest.mark.django_db

RULE = {"name": "Unhappy", "group": "low", "priority": 30, "is_active": "on"}


def a_rule(**values: Any) -> LoopRule:
    return loop_rules.create_rule(by=None, **({"name": "A rule", "group": "low"} | values))


def test_the_rules_are_sentences_with_how_often_each_was_used(manager_client: Client) -> None:
    rule = a_rule(kind="nps", opens_ticket=True, due_hours=8, ask_again_days=30)
    FollowUp.objects.create(response=ResponseFactory(score=2), rule=rule)
    old = FollowUp.objects.create(response=ResponseFactory(score=2), rule=rule)
    FollowUp.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=99))

    page = manager_client.get("/surveys/rules/")

    assertContains(page, "When NPS is 0–6 in any survey")
    assertContains(page, "open a ticket for the customer’s owner, due within 8 working hours")
    assertContains(page, "ask again 30 days after it is solved")
    assertContains(page, "used 1 time in 90 days")


def test_each_part_of_a_rule_has_its_words(business: Business, agent: User) -> None:
    reply = CannedReply.objects.create(name="Sorry", texts={"en": "Dear {contact}"})
    rule = a_rule(
        group="high",
        survey=stock_survey("ces"),
        language="es",
        opens_ticket=True,
        owner=agent,
        priority=40,
        tag="again",
        canned_reply=reply,
        sends_thanks=True,
    )
    assert rule_words.condition(rule) == "When CES is 5–7 in “CES”, answered in Spanish"
    assert rule_words.consequence(rule) == (
        "open a ticket for Ana Reis, of priority “urgent”, tagged “again”, beginning with “Sorry”, "
        "thank them by mail, with their referral link"
    )
    assert "nothing more" in rule_words.consequence(a_rule(group="middle"))


def test_a_rule_is_made_changed_moved_paused_deleted_and_taken_back(
    manager_client: Client, business: Business
) -> None:
    assert manager_client.get("/surveys/rules/new/").status_code == 200
    wrong = RULE | {"kind": "nps", "survey": stock_survey("ces").pk}
    assert manager_client.post("/surveys/rules/new/", wrong).status_code == 422
    manager_client.post("/surveys/rules/new/", RULE | {"opens_ticket": "on", "due_hours": 4})
    rule = LoopRule.objects.get(name="Unhappy")
    assert (rule.opens_ticket, rule.due_hours) == (True, 4)

    at = f"/surveys/rules/{rule.pk}/"
    assert manager_client.get(at).status_code == 200
    manager_client.post(at, RULE | {"name": "Sad", "opens_ticket": "on", "due_hours": 6})
    rule.refresh_from_db()
    assert (rule.name, rule.due_hours) == ("Sad", 6)
    entry = AuditEntry.objects.get(action="loop_rule.update")
    assert entry.changes == {"name": ["Unhappy", "Sad"], "due_hours": [4, 6]}

    first = a_rule(name="Second")
    for step in ("pause", "resume", "pause", "up"):
        manager_client.post(f"/surveys/rules/{first.pk}/{step}/")
    names = list(loop_rules.in_order().values_list("name", flat=True))
    assert names == ["Second", "Sad"]
    first.refresh_from_db()
    assert not first.is_active

    gone = manager_client.post(f"{at}delete/", follow=True)
    assertContains(gone, f"{at}restore/")
    assert manager_client.get(at).status_code == 404
    manager_client.post(f"{at}restore/")
    assert manager_client.get(at).status_code == 200
    assert manager_client.post(f"{at}sideways/").status_code == 404


def test_rules_and_sites_are_the_managers(agent_client: Client) -> None:
    for path in ("/surveys/rules/", "/surveys/rules/new/", "/surveys/review-sites/"):
        assert agent_client.get(path).status_code == 403


def test_a_reply_begins_with_the_rules_words_until_somebody_replied(
    agent_client: Client, agent: User, business: Business
) -> None:
    reply = CannedReply.objects.create(name="Sorry", texts={"en": "Dear {contact}, we are sorry."})
    a_rule(opens_ticket=True, canned_reply=reply)
    customer = CustomerFactory(name="Ada", email="ada@example.com")
    contact = customer.contacts.get()
    ResponseFactory(customer=customer, contact=contact, score=1, unseen_since=timezone.now())
    see_to_answers()
    ticket = Ticket.objects.get()

    assertContains(agent_client.get(f"/tickets/{ticket.pk}/"), "Dear Ada, we are sorry.")
    note = agent_client.get(f"/tickets/{ticket.pk}/?write=note")
    assertNotContains(note, "Dear Ada, we are sorry.")
    conversation.reply(ticket=ticket, text="We call you.", by=agent)
    assertNotContains(agent_client.get(f"/tickets/{ticket.pk}/"), "Dear Ada, we are sorry.")
    other = OpenedTicketFactory(customer=customer)
    assertNotContains(agent_client.get(f"/tickets/{other.pk}/"), "we are sorry")


def test_today_tells_by_when_somebody_is_to_reply(agent_client: Client, agent: User) -> None:
    a_rule(opens_ticket=True, due_hours=8, owner=agent)
    for name in ("Later", "Sooner", "Late"):
        customer = CustomerFactory(name=name, email=f"{name.lower()}@example.com")
        ResponseFactory(customer=customer, score=1, unseen_since=timezone.now())
    see_to_answers()
    now = timezone.now()
    for name, hours in (("Later", 30), ("Sooner", 3), ("Late", -3)):
        found = FollowUp.objects.filter(response__customer__name=name)
        found.update(due_at=now + timedelta(hours=hours))

    page = agent_client.get("/today/")
    words = page.content.decode()
    section = words[words.index("nobody has replied") :]
    assert section.index(">Late<") < section.index(">Sooner<") < section.index(">Later<")
    assertContains(page, "task-late")
    # Somebody replies: it is gone.
    ticket = Ticket.objects.get(customer__name="Late")
    conversation.reply(ticket=ticket, text="We call you.", by=agent)
    again = agent_client.get("/today/").content.decode()
    assert ">Late<" not in again[again.index("nobody has replied") :]


def test_the_arc_is_on_the_customers_page(agent_client: Client, agent: User) -> None:
    a_rule(opens_ticket=True, due_hours=8)
    customer = CustomerFactory(email="ada@example.com")
    ResponseFactory(
        customer=customer,
        score=2,
        answered_at=timezone.now() - timedelta(hours=1),
        unseen_since=timezone.now(),
    )
    see_to_answers()
    ticket = Ticket.objects.get()
    page = f"/customers/{customer.pk}/"
    assertContains(agent_client.get(page), "a reply is due")
    conversation.reply(ticket=ticket, text="We call you.", by=agent)
    states.resolve(ticket=Ticket.objects.get(), by=agent)
    response = agent_client.get(page)
    assertContains(response, 'class="arc"')
    assertContains(response, f">#{ticket.pk}<")
    assertContains(response, "solved")


def test_review_sites_are_https_and_stand_in_an_order(
    manager_client: Client, manager: User
) -> None:
    at = "/surveys/review-sites/"
    assertContains(manager_client.get(at), "No review sites yet")
    for url in ("http://maps.example/us", "javascript:alert(1)", "ftp://maps.example/"):
        refused = manager_client.post(f"{at}new/", {"name": "Maps", "url": url})
        assert refused.status_code == 422
    given = {"name": "Maps", "url": "https://maps.example/us", "is_shown": "on"}
    manager_client.post(f"{at}new/", given)
    assert manager_client.post(f"{at}new/", given).status_code == 422
    maps = ReviewSite.objects.get()
    other = review_sites.save_site(
        by=manager, name="Pilot", url="https://pilot.example/", language="es"
    )
    manager_client.post(f"{at}{other.pk}/up/")
    assert [site.name for site in ReviewSite.objects.all()] == ["Pilot", "Maps"]
    manager_client.post(f"{at}{maps.pk}/", given | {"name": "Cards", "is_shown": ""})
    assertContains(manager_client.get(at), "not shown")
    manager_client.post(f"{at}{maps.pk}/delete/")
    assert [site.name for site in ReviewSite.objects.all()] == ["Pilot"]
    assert AuditEntry.objects.filter(action__startswith="review_site.").count() == 5
    with pytest.raises(review_sites.SiteNotSecure):
        review_sites.save_site(by=manager, name="Bare", url="http://bare.example/")


def test_everyone_is_shown_the_same_sites_in_their_language(manager: User) -> None:
    for name, language, is_shown in (("A", "", True), ("B", "es", True), ("C", "", False)):
        review_sites.save_site(
            by=manager,
            name=name,
            url="https://sites.example/",
            language=language,
            is_shown=is_shown,
        )
    survey = stock_survey("nps")

    def names(language: str, score: int) -> list[str]:
        given = ResponseFactory(score=score)
        found = shown_after(survey=survey, response=given, language=language, proof="")
        return [site.name for site in found["sites"]]

    assert names("es", 0) == names("es", 10) == ["A", "B"]
    assert names("en", 0) == names("en", 10) == ["A"]
    survey.asks_for_reviews = False
    assert "sites" not in shown_after(survey=survey, response=None, language="en", proof="")
