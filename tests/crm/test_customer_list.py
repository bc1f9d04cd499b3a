"""The list of customers: found, filtered, sorted, selected."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from crm.filters import SORTS
from crm.models import Customer
from staff.models import AuditEntry, ChangeSet, User
from tests.factories import CustomerFactory, TaskFactory, UserFactory

URL = reverse("crm:customer-list")
HTMX = {"HX-Request": "true"}


def names(response: object) -> list[str]:
    return [customer.name for customer in response.context["page"]]  # type: ignore[attr-defined]


def test_everyone_who_may_sign_in_reads_it_and_strangers_sign_in_first(
    read_only_client: Client, client: Client
) -> None:
    assert read_only_client.get(URL).status_code == 200
    assert client.get(URL)["Location"].startswith(reverse("account_login"))
    assert read_only_client.post(URL).status_code in {403, 405}


def test_an_empty_list_teaches_the_next_step(
    agent_client: Client, read_only_client: Client
) -> None:
    response = agent_client.get(URL)

    assertContains(response, "Add the first customer")
    assertContains(response, reverse("crm:import-list"))
    assertNotContains(read_only_client.get(URL), "Add the first customer")


def test_search_takes_no_notice_of_accents_case_or_order(agent_client: Client) -> None:
    CustomerFactory(name="Íñigo Núñez")
    CustomerFactory(name="Ada Lovelace")

    assert names(agent_client.get(URL, {"q": "NUNEZ inigo"})) == ["Íñigo Núñez"]


def test_a_number_is_found_in_any_spelling(agent_client: Client) -> None:
    CustomerFactory(name="Ada Lovelace", phone="+5511987654321")

    assert names(agent_client.get(URL, {"q": "(11) 98765-4321"})) == ["Ada Lovelace"]


def test_htmx_search_returns_only_matching_rows_and_no_page_chrome(agent_client: Client) -> None:
    CustomerFactory(name="Ada Lovelace")
    CustomerFactory(name="Grace Hopper")

    response = agent_client.get(URL, {"q": "ada"}, headers=HTMX)

    assertContains(response, "Ada Lovelace")
    assertNotContains(response, "Grace Hopper")
    assertNotContains(response, "<html")
    assert "HX-Request" in response["Vary"]


def test_filters_combine_and_read_as_a_sentence(agent_client: Client, agent: User) -> None:
    CustomerFactory(name="Ada", owner=agent, tags=["vip"], source="web")
    CustomerFactory(name="Grace", owner=agent, tags=["vip"])
    CustomerFactory(name="Joan", tags=["vip"], source="web")

    response = agent_client.get(URL, {"owner": agent.pk, "tag": "vip", "source": "web"})

    assert names(response) == ["Ada"]
    assertContains(response, "looked after by Ana Reis")
    assertContains(response, "found through “web”")
    assertContains(response, "3 customers")
    assertContains(response, "1 matches")
    chip = next(chip for chip in response.context["chips"] if "vip" in chip.text)
    assert chip.without == f"?owner={agent.pk}&source=web"


def test_quiet_for_some_days(agent_client: Client) -> None:
    long_ago = timezone.now() - timedelta(days=100)
    CustomerFactory(name="Quiet", created_at=long_ago, last_inbound_at=long_ago)
    CustomerFactory(name="Heard", created_at=long_ago, last_inbound_at=timezone.now())

    response = agent_client.get(URL, {"quiet": "90"})

    assert names(response) == ["Quiet"]
    assertContains(response, "quiet for 90 days")


def test_the_archive_is_a_list_of_its_own(agent_client: Client) -> None:
    CustomerFactory(name="Ada")
    CustomerFactory(name="Gone", archived_at=timezone.now())

    assert names(agent_client.get(URL)) == ["Ada"]
    assert names(agent_client.get(URL, {"archived": "1"})) == ["Gone"]


@pytest.mark.parametrize(
    "query", [{"owner": "x"}, {"stage": "y"}, {"quiet": "-1"}, {"tag": "?"}, {"after": "forged"}]
)
def test_what_cannot_be_understood_is_left_out(agent_client: Client, query: dict[str, str]) -> None:
    CustomerFactory(name="Ada")

    assert names(agent_client.get(URL, query)) == ["Ada"]


def test_sorted_by_name_whatever_its_accents_or_by_the_last_purchase(
    agent_client: Client,
) -> None:
    now = timezone.now()
    CustomerFactory(name="Zoë", last_order_at=now)
    CustomerFactory(name="Álvaro", last_order_at=now - timedelta(days=2))
    CustomerFactory(name="berta")

    assert names(agent_client.get(URL)) == ["Álvaro", "berta", "Zoë"]
    assert names(agent_client.get(URL, {"sort": "last_purchase"})) == ["Zoë", "Álvaro", "berta"]


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_walks_an_index(agent_client: Client, sort: str) -> None:
    CustomerFactory.create_batch(51)
    first = agent_client.get(URL, {"sort": sort}).context["page"]
    after = first.next_url
    before = after.replace("after=", "before=")
    with connection.cursor() as db:
        if connection.vendor == "postgresql":  # so few rows are sorted faster than looked up
            db.execute("SET LOCAL enable_sort = off")
            db.execute("SET LOCAL enable_seqscan = off")
            db.execute("SET LOCAL enable_bitmapscan = off")
        for address in (f"?sort={sort}", after, before):
            with CaptureQueriesContext(connection) as queries:
                agent_client.get(f"{URL}{address}")
            [listed] = [query["sql"] for query in queries if "LIMIT 51" in query["sql"]]
            how = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
            db.execute(f"{how} {listed}")
            plan = str(db.fetchall())
            assert "Sort" not in plan, plan
            assert "TEMP B-TREE" not in plan, plan


def test_pages_by_key_keep_the_filters(agent_client: Client) -> None:
    for number in range(60):
        CustomerFactory(name=f"Customer {number:02}", owner=None, source="web")

    first = agent_client.get(URL, {"source": "web"})
    second = agent_client.get(f"{URL}{first.context['page'].next_url}")

    assert names(first)[0] == "Customer 00"
    assert names(second) == [f"Customer {number:02}" for number in range(50, 60)]
    assertContains(second, "source=web")


def test_query_count_does_not_grow_with_customers(
    agent_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tag = "regular"
    for _ in range(20):
        CustomerFactory(tags=[tag])  # twenty distinct owners
    # business, session, user, columns, page, how many there are, segments
    with django_assert_num_queries(7):
        agent_client.get(URL)
    # … and the filter's tag; how many match is counted with the others. PostgreSQL is asked
    # how to go about the words.
    with django_assert_num_queries(9 if connection.vendor == "postgresql" else 8):
        agent_client.get(URL, {"tag": tag, "q": "customer"})


def test_the_filter_panel_is_a_page_and_a_fragment(agent_client: Client) -> None:
    CustomerFactory(source="fair")
    url = reverse("crm:customer-filter")

    assertContains(agent_client.get(url), "<html")
    fragment = agent_client.get(url, {"stage": "lead"}, headers=HTMX)
    assertNotContains(fragment, "<html")
    assertContains(fragment, 'value="fair"')
    assertContains(fragment, '<option value="lead" selected>')


# --- With the selected ------------------------------------------------------------------


def test_archiving_a_selection_can_be_taken_back(agent_client: Client, agent: User) -> None:
    chosen = [CustomerFactory(), CustomerFactory()]
    stays = CustomerFactory()
    data = {"customer": [customer.pk for customer in chosen], "next": f"{URL}?stage=lead"}

    response = agent_client.post(reverse("crm:customers-archive"), data, follow=True)

    assertRedirects(response, f"{URL}?stage=lead")
    assertContains(response, "2 customers archived.")
    assert list(Customer.objects.active()) == [stays]
    change_set = ChangeSet.objects.get()
    undo = f"{reverse('crm:undo', args=[change_set.pk])}?next=%2Fcustomers%2F%3Fstage%3Dlead"
    assertContains(response, undo)
    assert AuditEntry.objects.filter(action="customer.archive_many", by=agent).count() == 1

    undone = agent_client.post(undo, follow=True)

    assertContains(undone, "Taken back.")
    assert Customer.objects.active().count() == 3
    assertContains(agent_client.post(undo, follow=True), "taken back already")


def test_an_empty_or_strange_selection_archives_nobody(agent_client: Client) -> None:
    CustomerFactory()

    response = agent_client.post(
        reverse("crm:customers-archive"), {"customer": ["x", "99999999"]}, follow=True
    )

    assertContains(response, "Nobody was selected")
    assert not ChangeSet.objects.exists()


def test_a_selection_comes_out_of_the_archive(agent_client: Client) -> None:
    gone = CustomerFactory(archived_at=timezone.now())

    agent_client.post(reverse("crm:customers-restore"), {"customer": [gone.pk]})

    gone.refresh_from_db()
    assert gone.archived_at is None


def test_only_who_did_it_or_a_manager_takes_a_stroke_back(
    agent_client: Client, manager_client: Client
) -> None:
    change_set = ChangeSet.objects.create(kind="crm.archive", label="1", by=UserFactory())
    undo = reverse("crm:undo", args=[change_set.pk])

    assert agent_client.post(undo).status_code == 403
    assert manager_client.post(undo).status_code == 302
    change_set.refresh_from_db()
    assert change_set.reverted_at is not None


def test_an_import_is_not_taken_back_here(manager_client: Client) -> None:
    change_set = ChangeSet.objects.create(kind="import", label="customers.csv")

    assert manager_client.post(reverse("crm:undo", args=[change_set.pk])).status_code == 404


def test_nobody_is_sent_to_another_site(agent_client: Client) -> None:
    customer = CustomerFactory()
    data = {"customer": [customer.pk], "next": "https://evil.example/"}

    response = agent_client.post(reverse("crm:customers-archive"), data)

    assertRedirects(response, URL)


def test_read_only_people_see_no_boxes_and_may_not_archive(read_only_client: Client) -> None:
    customer = CustomerFactory()

    assertNotContains(read_only_client.get(URL), 'name="customer"')
    response = read_only_client.post(reverse("crm:customers-archive"), {"customer": customer.pk})
    assert response.status_code == 403


def test_a_key_over_a_thousand_is_written_without_a_separator(agent_client: Client) -> None:
    customer = CustomerFactory(pk=1234567)
    task = TaskFactory(pk=7654321, customer=customer)

    assertContains(agent_client.get(URL), 'value="1234567"')
    page = agent_client.get(reverse("crm:customer", args=[customer.pk]))
    assertContains(page, f'hx-target="#task-{task.pk}"')
    assertContains(page, "?customer=1234567")
    assertNotContains(page, "1,234,567")
