"""Two customers who are one: everything goes over by rules, and comes back as it was."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from crm import actions as crm_actions
from crm import projections
from crm.actions import merging
from crm.merging import MERGE_RULES, customer_of_referral_link, went_to
from crm.models import (
    Affiliation,
    Customer,
    CustomerAlias,
    Deal,
    Duplicate,
    Loss,
    Order,
    Outreach,
    OutreachMessage,
    Pipeline,
    ReferralLink,
    Stage,
    Task,
)
from crm.sides import Side
from staff import changes
from staff.bulk import insert
from staff.columns import own_columns, to_json
from staff.models import AuditEntry, User
from support.models import TicketSearch
from surveys.models import Skip
from tests.factories import (
    ContactFactory,
    ContractFactory,
    CostFactory,
    CustomerFactory,
    InteractionFactory,
    InvitationFactory,
    OpenedTicketFactory,
    OrderFactory,
    QueueFactory,
    ResponseFactory,
    SurveyRunFactory,
    TaskFactory,
    TenureSpanFactory,
    TicketFactory,
)

pytestmark = pytest.mark.django_db
ROOMS = {"staff", "mail", "crm", "support", "surveys", "metrics"}
# Rows of a merge itself, and what names rows of every kind in machine's words.
MECHANISM = {"staff.change.object_id", "crm.mergedcustomer.old_id"}


def pointing_to_customers() -> Iterator[str]:
    """Every field that points to a customer: keys, one-to-ones, many-to-manys, plain pairs."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label not in ROOMS:
            continue
        names = {field.name for field in model._meta.concrete_fields}
        for field in model._meta.concrete_fields:
            name = f"{model._meta.label_lower}.{field.name}"
            pair = field.name.removesuffix("_id") + "_model"
            if (
                field.related_model is Customer
                or (not field.is_relation and field.name.endswith("_id") and pair in names)
                or (field.name in {"customer_id", "customer_ids"} and not field.is_relation)
            ):
                yield name


# A list of keys frozen for a moment: whoever is merged meanwhile is no longer there, as if deleted.
FROZEN = {"crm.bulkedit.customer_ids"}


def test_everything_that_points_to_a_customer_has_a_rule() -> None:
    rules = {rule.name for rule in MERGE_RULES.all()}
    assert set(pointing_to_customers()) - rules == FROZEN


def test_every_rule_is_about_something() -> None:
    for rule in MERGE_RULES.all():
        assert rule.model._meta.get_field(rule.field)


def everything() -> dict[str, dict[int, dict[str, Any]]]:
    """Every row of what points to customers, and the customers: {model: {key: columns}}."""
    found = {}
    labels = {name.rpartition(".")[0] for name in pointing_to_customers()} | {"crm.customer"}
    derived = {"crm.customersearch", "crm.tocompare", "crm.duplicatekey", "staff.auditentry"}
    for label in sorted(labels - derived - {"crm.bulkedit"}):
        model: Any = apps.get_model(label)
        columns = own_columns(model)
        found[label] = {
            row.pk: {name: to_json(getattr(row, name)) for name in columns}
            for row in model._base_manager.all()
        }
    # Projections are the same by what they say, not by their keys.
    for row in found["crm.tenure"].values():
        row["id"] = 0
    found["crm.tenure"] = dict(enumerate(sorted(found["crm.tenure"].values(), key=str)))
    return found


@pytest.fixture
def both(business: object) -> tuple[Customer, Customer]:
    """Two with one of everything each, and with all that clashes."""
    winner = CustomerFactory(name="Ana Souza", email="ana@example.com", tags=["vip", "cake"])
    loser = CustomerFactory(
        name="Ana Maria Souza", email="ana.s@example.com", tags=["VIP", "bread"], city="Recife"
    )
    for one in (winner, loser):
        furnish(one)
    shared = ContactFactory(customer=winner, name="Their accountant")
    Affiliation.objects.create(customer=loser, contact=shared, role="accountant")
    Customer.objects.filter(pk=winner.pk).update(referred_by=loser)
    CustomerFactory(name="Brought by the loser", referred_by=loser)
    projections.rebuild([winner.pk, loser.pk])
    winner.refresh_from_db()
    loser.refresh_from_db()
    return winner, loser


def furnish(one: Customer) -> None:
    InteractionFactory(customer=one, direction="in")
    OrderFactory(customer=one)
    ContractFactory(customer=one)
    CostFactory(customer=one)
    TaskFactory(customer=one)
    TenureSpanFactory(customer=one)
    Loss.objects.create(customer=one, lost_at=timezone.now(), reason="service")
    OpenedTicketFactory(customer=one)
    ResponseFactory(customer=one)
    InvitationFactory(customer=one)
    ReferralLink.objects.create(customer=one, slug=f"link-{one.pk}")
    pipeline, _made = Pipeline.objects.get_or_create(name="Sales")
    stage, _made = Stage.objects.get_or_create(pipeline=pipeline, name="New")
    Deal.objects.create(customer=one, title="A cake", stage=stage)
    outreach, _made = Outreach.objects.get_or_create(name="News")
    OutreachMessage.objects.create(
        outreach=outreach, customer=one, occasion="once", state=OutreachMessage.State.QUEUED
    )


def merged(winner: Customer, loser: Customer, by: User | None = None, **values: Side) -> Any:
    return merging.merge_customers(winner=winner, loser=loser, by=by, values=values)


def test_everything_of_the_loser_is_the_winners(both: tuple[Customer, Customer]) -> None:
    winner, loser = both
    before = everything()
    merged(winner, loser)
    assert not Customer.objects.filter(pk=loser.pk).exists()
    after = everything()
    for label in ("order", "contract", "interaction", "cost", "task", "deal", "loss", "tenurespan"):
        assert len(after[f"crm.{label}"]) == len(before[f"crm.{label}"])
        assert {row["customer_id"] for row in after[f"crm.{label}"].values()} == {winner.pk}
    for label in ("support.ticket", "surveys.response", "surveys.invitation"):
        assert len(after[label]) == len(before[label])
        assert {row["customer_id"] for row in after[label].values()} == {winner.pk}
    assert after["crm.outreachmessage"].keys() == before["crm.outreachmessage"].keys()


def test_an_undo_brings_everything_back(both: tuple[Customer, Customer], agent: User) -> None:
    winner, loser = both
    before = everything()
    change_set = merged(winner, loser, agent)
    outcome = merging.undo_merge(change_set=change_set, by=agent)
    assert outcome.left_alone_count == 0
    assert everything() == before
    assert projections.check() == []


@pytest.mark.faults
def test_ten_thousand_of_everything_go_over_and_come_back(
    both: tuple[Customer, Customer], agent: User
) -> None:
    """A merge, and its undo, of two with 10,000 lines on the timeline, orders and tickets each."""
    winner, loser = both
    for one in both:
        insert(InteractionFactory.build_batch(10_000, customer=one))
        insert(OrderFactory.build_batch(10_000, customer=one))
        insert(TicketFactory.build_batch(10_000, customer=one, queue=QueueFactory()))
    projections.rebuild([winner.pk, loser.pk])
    before = everything()
    began = time.monotonic()
    change_set = merged(winner, loser, agent)
    there = time.monotonic() - began
    assert winner.orders.count() == Order.objects.count() == 20_002
    began = time.monotonic()
    outcome = merging.undo_merge(change_set=change_set, by=agent)
    back = time.monotonic() - began
    assert outcome.left_alone_count == 0
    assert everything() == before
    print(f"{connection.vendor}: over in {there:.1f} s, back in {back:.1f} s")


def test_clashes_are_settled(both: tuple[Customer, Customer]) -> None:
    winner, loser = both
    merged(winner, loser)
    winner.refresh_from_db()
    current = winner.affiliations.filter(until=None)
    assert current.filter(is_primary=True).count() == 1
    assert current.filter(contact__name="Their accountant").count() == 1
    assert current.get(contact__name="Their accountant").role == "accountant"
    assert sorted(winner.tags.values_list("name", flat=True)) == ["bread", "cake", "vip"]
    assert winner.referred_by is None
    assert winner.tenures.filter(is_first=True).count() == 1
    assert projections.check() == []


def test_the_words_of_both_find_the_winner(both: tuple[Customer, Customer]) -> None:
    winner, loser = both
    merged(winner, loser)
    assert list(Customer.objects.search("ana.s@example")) == [winner]


def test_tickets_are_found_by_the_name_that_stays(business: object) -> None:
    winner, loser = CustomerFactory(name="Padaria Sol"), CustomerFactory(name="Quitanda Lua")
    ticket = OpenedTicketFactory(customer=loser)
    change_set = merged(winner, loser)
    words = TicketSearch.objects.get(ticket=ticket)
    assert "padaria" in words.text
    assert "quitanda" not in words.text
    merging.undo_merge(change_set=change_set, by=None)
    words.refresh_from_db()
    assert "quitanda" in words.text
    assert "padaria" not in words.text


def test_the_second_referral_link_leads_to_the_winner(both: tuple[Customer, Customer]) -> None:
    winner, loser = both
    slug = f"link-{loser.pk}"
    change_set = merged(winner, loser)
    assert customer_of_referral_link(slug) == winner
    merging.undo_merge(change_set=change_set, by=None)
    assert customer_of_referral_link(slug) is None
    assert ReferralLink.objects.get(slug=slug).customer_id == loser.pk


# --- What stays, and what is refused --------------------------------------------------------


def two(winner: dict[str, Any], loser: dict[str, Any]) -> tuple[Customer, Customer]:
    return CustomerFactory(**winner), CustomerFactory(**loser)


@pytest.mark.parametrize(
    ("ours", "theirs", "stays"),
    [
        ("Ana Souza", "Ana Maria Souza", "Ana Maria Souza"),
        ("ANA SOUZA", "Ana Souza", "Ana Souza"),
        ("Joao Goncalves", "João Gonçalves", "João Gonçalves"),
        ("Ana Souza", "Rui Prado", "Ana Souza"),
        ("João Gonçalves", "joão gonçalves", "João Gonçalves"),
    ],
)
def test_the_better_written_name_is_suggested(
    business: object, ours: str, theirs: str, stays: str
) -> None:
    winner, loser = two({"name": ours}, {"name": theirs})
    merged(winner, loser)
    winner.refresh_from_db()
    assert winner.name == stays
    assert list(Customer.objects.search(stays)) == [winner]


def test_suggestions_fill_gaps_and_keep_what_is_older(business: object) -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    winner, loser = two(
        {"name": "Ana", "notes": "Likes cake", "custom": {"a": "1"}, "city": "Recife"},
        {
            "name": "Ana",
            "notes": "Likes bread",
            "custom": {"a": "2", "b": "3"},
            "city": "Olinda",
            "country": "Brasil",
            "created_at": old,
        },
    )
    merged(winner, loser)
    winner.refresh_from_db()
    assert winner.notes == "Likes cake\n\nLikes bread"
    assert winner.custom == {"a": "1", "b": "3"}
    assert (winner.city, winner.country, winner.created_at) == ("Recife", "Brasil", old)


def test_nobody_refers_themselves_afterwards(business: object) -> None:
    winner, loser = two({"name": "Ana"}, {"name": "Rui"})
    between = CustomerFactory(name="Eva", referred_by=loser)
    Customer.objects.filter(pk=winner.pk).update(referred_by=between)
    change_set = merged(winner, loser)
    winner.refresh_from_db()
    between.refresh_from_db()
    assert (winner.referred_by, between.referred_by) == (None, winner)
    merging.undo_merge(change_set=change_set, by=None)
    winner.refresh_from_db()
    between.refresh_from_db()
    assert (winner.referred_by, between.referred_by) == (between, loser)


def test_refusals_in_words(business: object, agent: User) -> None:
    winner, loser = two({"name": "Ana"}, {"name": "Rui"})
    with pytest.raises(merging.SameCustomer):
        merged(winner, winner)
    archived = CustomerFactory(archived_at=timezone.now())
    for pair in ((winner, archived), (archived, winner)):
        with pytest.raises(merging.ArchivedCustomer):
            merged(*pair)
    change_set = merged(winner, loser, agent)
    with pytest.raises(merging.MergedAlready):
        merged(winner, loser)
    with pytest.raises(merging.MergedAlready):
        merged(loser, winner)
    merging.undo_merge(change_set=change_set, by=agent)
    with pytest.raises(changes.AlreadyReverted):
        merging.undo_merge(change_set=change_set, by=agent)
    other = changes.open_change_set("crm.archive", "something else", agent)
    with pytest.raises(merging.NoMerge):
        merging.undo_merge(change_set=other, by=agent)


def test_the_trail_says_who_merged_and_took_apart(business: object, agent: User) -> None:
    winner, loser = two({"name": "Ana"}, {"name": "Rui", "city": "Recife"})
    change_set = merged(winner, loser, agent, name=Side.LOSER)
    [entry] = AuditEntry.objects.filter(action="customer.merge")
    assert (entry.by, entry.target_id, entry.change_set) == (agent, winner.pk, change_set)
    assert entry.changes == {
        "merged": [None, "Rui"],
        "name": ["Ana", "Rui"],
        "city": ["", "Recife"],
    }
    merging.undo_merge(change_set=change_set, by=agent)
    undone = AuditEntry.objects.filter(action="customer.unmerge")
    assert {(one.by, one.target_id) for one in undone} == {(agent, winner.pk), (agent, loser.pk)}


# --- One after the other --------------------------------------------------------------------


def test_a_merge_into_one_who_was_merged_further_waits(business: object) -> None:
    first, second, third = (CustomerFactory(name=name) for name in ("Ana", "Rui", "Eva"))
    early = merged(second, third)
    late = merged(first, second)
    assert went_to([second.pk, third.pk]) == {second.pk: first.pk, third.pk: first.pk}
    with pytest.raises(merging.MergedFurther):
        merging.undo_merge(change_set=early, by=None)
    merging.undo_merge(change_set=late, by=None)
    merging.undo_merge(change_set=early, by=None)
    assert Customer.objects.count() == 3
    assert went_to([second.pk, third.pk]) == {}


def test_two_merges_come_apart_in_any_order(both: tuple[Customer, Customer]) -> None:
    winner, loser = both
    third = CustomerFactory(name="Eva", tags=["bread", "oven"])
    furnish(third)
    before = everything()
    first, second = merged(winner, loser), merged(winner, third)
    merging.undo_merge(change_set=first, by=None)
    assert projections.check() == []
    merging.undo_merge(change_set=second, by=None)
    assert everything()["crm.order"] == before["crm.order"]
    assert projections.check() == []


def test_what_changed_since_is_left_alone_and_said(both: tuple[Customer, Customer]) -> None:
    winner, loser = both
    order, gone = loser.orders.get(), loser.tasks.get().pk
    other = CustomerFactory(name="Rui")
    change_set = merged(winner, loser, name=Side.LOSER)
    Order.objects.filter(pk=order.pk).update(customer=other)
    Task.objects.filter(pk=gone).delete()
    new = OrderFactory(customer=winner)
    crm_actions.update_customer(customer=winner, by=None, name="Somebody else")
    outcome = merging.undo_merge(change_set=change_set, by=None)
    assert {(model, pk) for model, pk, _why in outcome.left_alone} == {
        ("crm.order", order.pk),
        ("crm.task", gone),
        ("crm.customer", winner.pk),
    }
    assert (Order.objects.get(pk=order.pk).customer, Order.objects.get(pk=new.pk).customer) == (
        other,
        winner,
    )
    winner.refresh_from_db()
    assert winner.name == "Somebody else"
    assert Customer.objects.get(pk=loser.pk).name == "Ana Maria Souza"


def test_the_loser_comes_back_although_who_referred_them_is_gone(business: object) -> None:
    winner, loser, referrer = (CustomerFactory(name=name) for name in ("Ana", "Rui", "Eva"))
    Customer.objects.filter(pk=loser.pk).update(referred_by=referrer)
    loser.refresh_from_db()
    change_set = merged(winner, loser, referred_by=Side.WINNER)
    merged(winner, referrer)
    merging.undo_merge(change_set=change_set, by=None)
    assert Customer.objects.get(pk=loser.pk).referred_by is None


def test_that_two_are_two_holds_for_whom_they_become(business: object, agent: User) -> None:
    winner, loser, other = (CustomerFactory(name=name) for name in ("Ana", "Rui", "Eva"))
    said = Duplicate.objects.create(first=loser, second=other, dismissed_at=timezone.now())
    Duplicate.objects.create(first=winner, second=loser)
    change_set = merged(winner, loser)
    [pair] = Duplicate.objects.all()
    assert (pair.first, pair.second, pair.dismissed_at) == (winner, other, said.dismissed_at)
    merging.undo_merge(change_set=change_set, by=agent)
    [pair] = Duplicate.objects.all()
    assert (pair.pk, pair.first, pair.dismissed_at) == (said.pk, loser, said.dismissed_at)


def test_messages_of_one_occasion(business: object) -> None:
    winner, loser = two({"name": "Ana"}, {"name": "Rui"})
    queued, pending = OutreachMessage.State.QUEUED, OutreachMessage.State.PENDING
    for name, ours, theirs in (
        ("a", queued, pending),
        ("b", pending, queued),
        ("c", queued, queued),
    ):
        outreach = Outreach.objects.create(name=name)
        for customer, state in ((winner, ours), (loser, theirs)):
            OutreachMessage.objects.create(
                outreach=outreach, customer=customer, occasion="once", state=state
            )
    before = everything()
    change_set = merged(winner, loser)
    left = OutreachMessage.objects.order_by("outreach", "pk").values_list("outreach__name", "state")
    assert list(left) == [("a", queued), ("b", queued), ("c", queued), ("c", queued)]
    merging.undo_merge(change_set=change_set, by=None)
    assert everything() == before


def test_a_sending_tells_once_why_somebody_was_left_out(business: object) -> None:
    winner, loser = two({"name": "Ana"}, {"name": "Rui"})
    run = SurveyRunFactory()
    for customer in (winner, loser):
        Skip.objects.create(run=run, customer=customer, reason="no_email")
    change_set = merged(winner, loser)
    assert Skip.objects.get().customer == winner
    merging.undo_merge(change_set=change_set, by=None)
    assert Skip.objects.count() == 2


# --- Keys of other systems --------------------------------------------------------------------


def bring(kind: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / f"{kind}.csv"
    file.write_text(text)
    call_command("import", kind, str(file), source="shop", stdout=StringIO())


CUSTOMERS = (
    "external_id,name,email,city\n"
    "1,Ana Souza,ana@example.com,Recife\n2,Souza Ana,souza@example.com,Recife\n"
)


@pytest.mark.parametrize("reverse", [False, True])
def test_an_import_that_names_the_loser_finds_the_winner(
    business: object, tmp_path: Path, reverse: bool
) -> None:
    bring("customers", CUSTOMERS, tmp_path)
    winner, loser = Customer.objects.order_by("pk", "name")
    if reverse:
        winner, loser = loser, winner
    merged(winner, loser)
    bring("customers", CUSTOMERS, tmp_path)
    bring("customers", "external_id,name\n1,Ana Souza\n2,Souza Ana\n", tmp_path)
    bring("orders", "external_id,customer,ordered_at,total\n7,2,2026-01-05,10\n", tmp_path)
    bring(
        "orders", f"external_id,customer,ordered_at,total\n8,#{loser.pk},2026-01-06,10\n", tmp_path
    )
    [customer] = Customer.objects.all()
    assert customer == winner
    assert customer.orders.count() == 2
    assert customer.affiliations.count() == 2


def test_a_winner_without_a_key_takes_the_losers(business: object, tmp_path: Path) -> None:
    bring("customers", CUSTOMERS.replace("1,Ana Souza,ana@example.com,Recife\n", ""), tmp_path)
    loser = Customer.objects.get()
    winner = CustomerFactory(name="Ana Souza", email="ana@example.com")
    change_set = merged(winner, loser)
    bring("customers", CUSTOMERS.replace("1,Ana Souza,ana@example.com,Recife\n", ""), tmp_path)
    winner.refresh_from_db()
    assert (winner.external_source, winner.external_id) == ("shop", "2")
    assert not CustomerAlias.objects.exists()
    merging.undo_merge(change_set=change_set, by=None)
    assert Customer.objects.get(external_id="2") == loser
