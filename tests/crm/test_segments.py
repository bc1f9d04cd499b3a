"""Questions about customers under a name: saved, shared, pinned, asked, given up."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm import segments
from crm.actions.segments import (
    NotYourSegment,
    SegmentInUse,
    SegmentNameMissing,
    SegmentNameTaken,
    delete_segment,
    pin_segment,
    save_segment,
)
from crm.models import Outreach, Segment, Tag
from staff.models import AuditEntry, User
from tests.factories import CustomerFactory

LIST = reverse("crm:customer-list")
SEGMENTS = reverse("crm:segment-list")


def names(segment: Segment | None) -> list[str]:
    return sorted(customer.name for customer in segments.customers_of(segment))


def test_a_segment_is_asked_anew_each_time(agent: User) -> None:
    CustomerFactory(name="Ada", tags=["vip"])
    segment = save_segment(by=agent, name=" Our  best ", query="tag=vip&sort=newest&after=x")

    assert (segment.name, segment.query) == ("Our best", "tag=vip")
    assert names(segment) == ["Ada"]
    CustomerFactory(name="Bea", tags=["vip"])
    CustomerFactory(name="Cid")
    assert names(segment) == ["Ada", "Bea"]
    assert names(None) == ["Ada", "Bea", "Cid"]
    assert AuditEntry.objects.filter(action="segment.create", by=agent).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["tag=gone", "tag=gone&stage=lead", "owner=999", "custom_x=1", "owner=nonsense"]
)
def test_a_question_that_is_not_understood_finds_nobody(query: str) -> None:
    CustomerFactory()

    assert names(Segment(name="Old", query=query)) == []


@pytest.mark.django_db
def test_a_tag_that_goes_takes_nobody_else_in() -> None:
    CustomerFactory(tags=["vip"])
    segment = Segment(name="Best", query="tag=vip&tags=all")
    assert len(names(segment)) == 1
    Tag.objects.all().delete()
    assert names(segment) == []


def test_renamed_when_its_tag_is_gone_it_goes_on_finding_nobody(
    manager: User, manager_client: Client
) -> None:
    CustomerFactory(name="Ada", tags=["vip"])
    CustomerFactory(name="Bea")
    segment = save_segment(by=manager, name="Best", query="stage=customer&tag=vip")
    Tag.objects.all().delete()
    url = reverse("crm:segment-edit", args=[segment.pk])

    manager_client.post(url, {"name": "Our best", "query": segment.query})

    segment.refresh_from_db()
    assert segment.name == "Our best"
    assert names(segment) == []


def test_names_are_unique_among_what_one_sees(agent: User, manager: User) -> None:
    save_segment(by=agent, name="Best", query="")
    save_segment(by=manager, name="Best", query="")  # nobody sees both

    with pytest.raises(SegmentNameTaken):
        save_segment(by=agent, name="Best", query="stage=lead")
    with pytest.raises(SegmentNameMissing):
        save_segment(by=agent, name="  ", query="stage=lead")


def test_only_managers_save_and_change_what_everybody_sees(agent: User, manager: User) -> None:
    with pytest.raises(NotYourSegment):
        save_segment(by=agent, name="Best", query="", is_shared=True)
    shared = save_segment(by=manager, name="Best", query="", is_shared=True)
    for act in (delete_segment, save_segment):
        with pytest.raises(NotYourSegment):
            act(by=agent, segment=shared)
    own = save_segment(by=agent, name="Mine", query="")
    with pytest.raises(NotYourSegment):
        save_segment(by=manager, segment=own, name="Taken over")


def test_what_an_outreach_goes_to_stays(manager: User) -> None:
    segment = save_segment(by=manager, name="Best", query="")
    outreach = Outreach.objects.create(name="Spring letter", segment=segment)

    with pytest.raises(SegmentInUse, match="1 outreach goes to this segment: “Spring letter”"):
        delete_segment(segment=segment, by=manager)
    outreach.delete()
    delete_segment(segment=segment, by=manager)
    assert not Segment.objects.exists()
    assert AuditEntry.objects.filter(action="segment.delete").count() == 1


# --- Pages ----------------------------------------------------------------------------------


def test_saved_from_the_list_and_shown_above_it(agent_client: Client, agent: User) -> None:
    CustomerFactory(name="Ada", stage="customer")
    CustomerFactory(name="Bea Ortiz")
    assertContains(agent_client.get(LIST, {"stage": "customer"}), "Save as a segment")

    form = agent_client.get(reverse("crm:segment-create"), {"stage": "customer", "sort": "newest"})
    assertContains(form, "who are customers")
    assertContains(form, 'value="stage=customer"')
    assertNotContains(form, "Everybody sees it")
    response = agent_client.post(
        reverse("crm:segment-create"), {"name": "Buyers", "query": "stage=customer"}
    )

    segment = Segment.objects.get()
    assert segment.owner == agent
    assertRedirects(response, f"{LIST}?segment={segment.pk}&stage=customer")
    shown = agent_client.get(response["Location"])
    assertContains(shown, 'aria-current="page"')
    assertNotContains(shown, "Save as a")
    assertNotContains(shown, "Bea Ortiz")


def test_what_was_changed_since_can_be_saved_or_saved_anew(
    agent_client: Client, agent: User
) -> None:
    segment = save_segment(by=agent, name="Buyers", query="stage=customer")
    address = f"{LIST}?segment={segment.pk}&stage=lead"

    shown = agent_client.get(address)
    assertContains(shown, "Save the change")
    assertContains(shown, "Save as a new segment")
    response = agent_client.post(
        reverse("crm:segment-save", args=[segment.pk]),
        {"query": f"stage=lead&segment={segment.pk}&sort=newest"},
    )

    assertRedirects(response, address)
    segment.refresh_from_db()
    assert segment.query == "stage=lead"
    assertNotContains(agent_client.get(address), "Save the change")


def test_another_s_shared_segment_can_only_be_saved_anew(
    agent_client: Client, manager: User
) -> None:
    segment = save_segment(by=manager, name="Buyers", query="stage=customer", is_shared=True)

    shown = agent_client.get(f"{LIST}?segment={segment.pk}&stage=lead")
    assertNotContains(shown, "Save the change")
    assertContains(shown, "Save as a new segment")
    response = agent_client.post(
        reverse("crm:segment-save", args=[segment.pk]), {"query": ""}, follow=True
    )
    assertContains(response, "Only managers change what everybody sees.")


def test_a_segment_s_own_address_leads_to_its_list(
    agent_client: Client, agent: User, manager: User
) -> None:
    own = save_segment(by=agent, name="Buyers", query="stage=customer")
    other = save_segment(by=manager, name="Secret", query="")

    response = agent_client.get(reverse("crm:segment", args=[own.pk]))
    assertRedirects(response, f"{LIST}?segment={own.pk}&stage=customer")
    assert agent_client.get(reverse("crm:segment", args=[other.pk])).status_code == 404


def test_pinned_ones_stand_above_the_list(
    agent_client: Client, agent: User, read_only_client: Client, manager: User
) -> None:
    shared = save_segment(by=manager, name="Everybody's", query="", is_shared=True)
    pin = reverse("crm:segment-pin", args=[shared.pk])

    assert not agent_client.get(LIST).context["tabs"].kept
    agent_client.post(pin, {"pinned": "1"})
    assert [tab.segment for tab in agent_client.get(LIST).context["tabs"].kept] == [shared]
    assert not read_only_client.get(LIST).context["tabs"].kept
    agent_client.post(pin)
    assert not agent_client.get(LIST).context["tabs"].kept


def test_all_segments_on_a_page(agent_client: Client, agent: User, manager: User) -> None:
    assertContains(agent_client.get(SEGMENTS), "No segments yet")
    save_segment(by=agent, name="Mine", query="stage=lead")
    save_segment(by=manager, name="Ours", query="tag=gone", is_shared=True)
    Segment.objects.filter(name="Ours").update(query="tag=gone")

    page = agent_client.get(SEGMENTS)
    assertContains(page, "who are leads")
    assertContains(page, "finds nobody")
    mine = Segment.objects.get(name="Mine")
    assertContains(page, reverse("crm:segment-delete", args=[mine.pk]))
    ours = Segment.objects.get(name="Ours")
    assertNotContains(page, reverse("crm:segment-delete", args=[ours.pk]))


def test_renamed_and_refused_in_words(manager_client: Client, manager: User) -> None:
    segment = save_segment(by=manager, name="Buyers", query="stage=customer")
    save_segment(by=manager, name="Taken", query="")
    url = reverse("crm:segment-edit", args=[segment.pk])

    refused = manager_client.post(url, {"name": "Taken", "query": "stage=customer"})
    assertContains(refused, "There is a segment of this name already.", status_code=422)
    manager_client.post(url, {"name": "All", "query": "stage=customer", "is_shared": "on"})
    segment.refresh_from_db()
    assert (segment.name, segment.owner) == ("All", None)


def test_deleting_says_why_not(agent_client: Client, agent: User) -> None:
    segment = save_segment(by=agent, name="Buyers", query="")
    outreach = Outreach.objects.create(name="Spring letter", segment=segment)
    url = reverse("crm:segment-delete", args=[segment.pk])

    assertContains(agent_client.post(url, follow=True), "Spring letter")
    outreach.delete()
    assertContains(agent_client.post(url, follow=True), "The segment is gone")


def test_query_count_does_not_grow_with_segments(
    agent_client: Client, agent: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        segment = save_segment(by=agent, name=f"Segment {number}", query="stage=lead")
        pin_segment(segment=segment, by=agent)
    # business, session, user, segments
    with django_assert_num_queries(4):
        agent_client.get(SEGMENTS)
    with CaptureQueriesContext(connection) as captured:
        agent_client.get(LIST)
    assert len([query for query in captured if "crm_segment" in query["sql"]]) == 1
