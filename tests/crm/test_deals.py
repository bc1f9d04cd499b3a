"""Deals and the stages that they go through: what each action does, refuses and leaves behind."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from crm import actions, deals, money
from crm.actions import pipelines
from crm.actions.deals.refusals import (
    ContactElsewhere,
    DealAmountBelowZero,
    DealChanged,
    DealClosed,
    DealGone,
    DealOpen,
    NotAReason,
    StageNotInUse,
)
from crm.actions.tasks import TitleMissing
from crm.models import Customer, Deal, Interaction, LossReason, Pipeline, Stage, StageChange, Task
from staff import changes
from staff.models import AuditEntry, Business, User
from staff.refusals import Refusal
from tests.factories import ContactFactory, CustomerFactory


@pytest.fixture
def ada(business: Business) -> Customer:
    customer: Customer = CustomerFactory(name="Ada Lovelace")
    return customer


@pytest.fixture
def stages(business: Business) -> list[Stage]:
    return list(pipelines.first_pipeline().stages.all())


def column(stage: Stage) -> list[str]:
    rows = Deal.objects.filter(stage=stage, state="open").order_by("position", "pk")
    return list(rows.values_list("title", flat=True))


def begin(customer: Customer, *titles: str, by: User | None = None) -> list[Deal]:
    return [actions.create_deal(customer=customer, title=title, by=by) for title in titles]


# --- Beginning and changing -------------------------------------------------------------------


def test_the_first_deal_makes_the_usual_stages_in_the_business_language(
    ada: Customer, agent: User
) -> None:
    deal = actions.create_deal(
        customer=ada, title="  Five   cargo bikes ", amount=Decimal(9500), owner=agent, by=agent
    )

    assert [(one.name, one.probability) for one in Stage.objects.all()] == [
        ("First contact", 10),
        ("Proposal", 40),
        ("Negotiation", 70),
    ]
    assert (deal.title, deal.stage.name, deal.currency, deal.rate) == (
        "Five cargo bikes",
        "First contact",
        "BRL",
        1,
    )
    assert deal.stage_changes.get().after == deal.stage
    told = ada.interactions.get()
    assert (told.kind, told.about_model, told.about_id) == ("deal", "crm.deal", deal.pk)
    assert told.summary.startswith("New deal: Five cargo bikes · R$")
    assert AuditEntry.objects.filter(action="deal.create", target_id=deal.pk, by=agent).exists()
    assert money.currency_is_fixed()


def test_there_is_one_first_pipeline(business: Business) -> None:
    assert pipelines.first_pipeline() == pipelines.first_pipeline()
    assert Pipeline.objects.count() == 1


def test_what_no_deal_can_be(ada: Customer, agent: User, stages: list[Stage]) -> None:
    stranger = ContactFactory(customer=CustomerFactory())
    with pytest.raises(TitleMissing):
        actions.create_deal(customer=ada, title="  ", by=agent)
    with pytest.raises(DealAmountBelowZero):
        actions.create_deal(customer=ada, title="Bikes", amount=Decimal(-1), by=agent)
    with pytest.raises(ContactElsewhere):
        actions.create_deal(customer=ada, title="Bikes", contact=stranger, by=agent)
    pipelines.archive_stage(stage=stages[2], by=None)
    with pytest.raises(StageNotInUse):
        actions.create_deal(customer=ada, title="Bikes", stage=stages[2], by=agent)
    assert not Deal.objects.exists()


def test_a_change_made_from_an_older_form_is_told_so(ada: Customer, agent: User) -> None:
    [deal] = begin(ada, "Bikes")
    actions.update_deal(deal=deal, version=1, title="Six bikes", by=agent)

    with pytest.raises(DealChanged):
        actions.update_deal(deal=deal, version=1, title="Seven bikes", by=agent)

    deal.refresh_from_db()
    assert (deal.title, deal.version) == ("Six bikes", 2)
    actions.update_deal(deal=deal, version=2, title="Six bikes", by=agent)
    assert AuditEntry.objects.filter(action="deal.update").count() == 1


# --- Moving -----------------------------------------------------------------------------------


def test_a_move_is_a_fact_with_its_day(ada: Customer, agent: User, stages: list[Stage]) -> None:
    [deal] = begin(ada, "Bikes")
    long_ago = timezone.now() - timedelta(days=20)
    Deal.objects.update(moved_at=long_ago, opened_at=long_ago)
    StageChange.objects.update(at=long_ago)
    deal.refresh_from_db()
    assert (deal.days_in_stage, deal.is_old) == (20, True)

    deal = actions.move_deal(deal=deal, stage=stages[1], version=1, by=agent)

    assert (deal.stage, deal.version, deal.is_old) == (stages[1], 2, False)
    latest, first = deals.stays(deal)
    assert (first.days, first.change.after, latest.change.after) == (20, stages[0], stages[1])
    assert latest.until is None
    entry = AuditEntry.objects.get(action="deal.move")
    assert entry.changes == {"stage": [stages[0].pk, stages[1].pk]}
    with pytest.raises(DealChanged):
        actions.move_deal(deal=deal, stage=stages[2], version=1, by=agent)


def test_a_place_in_the_column_is_no_new_version(
    ada: Customer, agent: User, stages: list[Stage]
) -> None:
    a, b, c = begin(ada, "a", "b", "c")
    assert column(stages[0]) == ["c", "b", "a"]

    actions.move_deal(deal=a, stage=stages[0], above=b, by=agent)
    assert column(stages[0]) == ["c", "a", "b"]
    actions.move_deal(deal=c, stage=stages[0], last=True, by=agent)
    assert column(stages[0]) == ["a", "b", "c"]
    actions.shift_deal(deal=c, up=True, by=agent)
    assert column(stages[0]) == ["a", "c", "b"]
    actions.shift_deal(deal=a, up=False, by=agent)
    assert column(stages[0]) == ["c", "a", "b"]
    actions.shift_deal(deal=c, up=True, by=agent)
    actions.shift_deal(deal=b, up=False, by=agent)
    assert column(stages[0]) == ["c", "a", "b"]
    assert set(Deal.objects.values_list("version", flat=True)) == {1}
    assert StageChange.objects.count() == 3


def test_a_column_never_runs_out_of_places(ada: Customer, agent: User, stages: list[Stage]) -> None:
    """Each of two is put between the other and the last, over and over."""
    a, b, last = begin(ada, "a", "b", "last")
    actions.move_deal(deal=last, stage=stages[0], last=True, by=agent)
    for number in range(40):
        moved, other = (a, "b") if number % 2 else (b, "a")
        actions.move_deal(deal=moved, stage=stages[0], above=last, by=agent)
        assert column(stages[0]) == [other, moved.title, "last"]
    Deal.objects.update(position=7)
    actions.move_deal(deal=a, stage=stages[0], above=last, by=agent)
    assert column(stages[0]) == ["b", "a", "last"]


# --- Ending -----------------------------------------------------------------------------------


def test_a_won_deal_makes_an_order(ada: Customer, agent: User) -> None:
    [deal] = begin(ada, "Bikes")

    deal = actions.win_deal(deal=deal, version=1, order={"total": Decimal(900)}, by=agent)

    ada.refresh_from_db()
    assert ada.stage == Customer.Stage.CUSTOMER
    assert deal.order is not None
    assert (deal.state, deal.order.total, deal.version) == ("won", Decimal("900.00"), 2)
    assert set(ada.interactions.values_list("kind", flat=True)) == {"deal", "order"}
    assert list(deal.stage_changes.order_by("pk").values_list("state", flat=True)) == [
        "open",
        "won",
    ]
    with pytest.raises(DealClosed):
        actions.win_deal(deal=deal, by=agent)
    with pytest.raises(DealClosed):
        actions.move_deal(deal=deal, stage=deal.stage, by=agent)


def test_a_won_deal_makes_a_contract(ada: Customer, agent: User) -> None:
    [deal] = begin(ada, "Repairs")
    contract = {"amount": Decimal(50), "starts_on": timezone.localdate()}

    deal = actions.win_deal(deal=deal, contract=contract, by=agent)

    assert deal.contract is not None
    assert (deal.contract.customer, deal.contract.amount, deal.order) == (ada, Decimal(50), None)


def test_a_refused_order_leaves_the_deal_open(ada: Customer, agent: User) -> None:
    [deal] = begin(ada, "Bikes")
    with pytest.raises(Refusal):
        actions.win_deal(deal=deal, order={"total": Decimal(10**12)}, by=agent)
    deal.refresh_from_db()
    assert (deal.state, deal.version) == ("open", 1)


def test_a_lost_deal_has_a_reason_and_comes_back(
    ada: Customer, agent: User, stages: list[Stage]
) -> None:
    [deal] = begin(ada, "Bikes")
    with pytest.raises(NotAReason):
        actions.lose_deal(deal=deal, reason=LossReason.SILENCE, by=agent)

    deal = actions.lose_deal(
        deal=deal, reason=LossReason.COMPETITOR_PRICE, note=" Too dear ", by=agent
    )

    assert (deal.state, deal.lost_reason, deal.lost_note) == (
        "lost",
        "competitor_price",
        "Too dear",
    )
    told = ada.interactions.filter(kind=Interaction.Kind.DEAL).latest("pk")
    assert "Deal lost: Bikes" in told.summary
    assert told.body.text == "Too dear"
    pipelines.archive_stage(stage=stages[0], by=None)

    deal = actions.open_deal_again(deal=deal, by=agent)

    assert (deal.state, deal.lost_reason, deal.closed_at) == ("open", "", None)
    assert deal.stage == stages[1]  # its own is in use no more
    with pytest.raises(DealOpen):
        actions.open_deal_again(deal=deal, by=agent)
    assert AuditEntry.objects.filter(action__in=["deal.lose", "deal.reopen"]).count() == 2


# --- Stages -----------------------------------------------------------------------------------


def test_a_stage_with_open_deals_is_not_archived(
    ada: Customer, manager: User, stages: list[Stage]
) -> None:
    [deal] = begin(ada, "Bikes")
    with pytest.raises(pipelines.DealsInIt, match="1 open deal is still there"):
        pipelines.archive_stage(stage=stages[0], by=manager)
    actions.lose_deal(deal=deal, reason=LossReason.UNKNOWN, by=None)

    pipelines.archive_stage(stage=stages[0], by=manager)
    with pytest.raises(pipelines.ArchivedAlready):
        pipelines.archive_stage(stage=stages[0], by=manager)
    pipelines.archive_stage(stage=stages[1], by=manager)
    with pytest.raises(pipelines.LastOne):
        pipelines.archive_stage(stage=stages[2], by=manager)
    pipelines.restore_stage(stage=stages[0], by=manager)
    with pytest.raises(pipelines.NotArchived):
        pipelines.restore_stage(stage=stages[0], by=manager)


def test_stages_are_added_changed_and_ordered(manager: User, stages: list[Stage]) -> None:
    pipeline = stages[0].pipeline
    with pytest.raises(pipelines.NameTaken):
        pipelines.add_stage(pipeline=pipeline, name="proposal", by=manager)
    with pytest.raises(pipelines.NameMissing):
        pipelines.add_stage(pipeline=pipeline, name=" ", by=manager)
    with pytest.raises(pipelines.ProbabilityOutOfRange):
        pipelines.add_stage(pipeline=pipeline, name="Trial", probability=101, by=manager)
    trial = pipelines.add_stage(pipeline=pipeline, name="Trial", probability=60, by=manager)

    pipelines.move_stage(stage=trial, up=True, by=manager)
    pipelines.update_stage(stage=trial, name="Trial ride", stale_days=7, by=manager)

    names = list(pipeline.stages.values_list("name", "stale_days"))
    assert names[2:] == [("Trial ride", 7), ("Negotiation", 14)]
    entry = AuditEntry.objects.filter(action="stage.update").latest("pk")
    assert entry.changes == {"name": ["Trial", "Trial ride"], "stale_days": [None, 7]}


def test_a_pipeline_is_archived_only_when_it_is_empty_and_not_the_last(
    ada: Customer, manager: User, stages: list[Stage]
) -> None:
    first = stages[0].pipeline
    with pytest.raises(pipelines.LastOne):
        pipelines.archive_pipeline(pipeline=first, by=manager)
    other = pipelines.create_pipeline(name="Fleets", by=manager)
    [deal] = begin(ada, "Bikes")
    with pytest.raises(pipelines.DealsInIt):
        pipelines.archive_pipeline(pipeline=first, by=manager)
    fleets = other.stages.first()
    assert fleets is not None
    actions.move_deal(deal=deal, stage=fleets, by=manager)

    pipelines.archive_pipeline(pipeline=first, by=manager)

    assert [stage.pipeline for stage in deals.stages_in_use()] == [other] * 3
    with pytest.raises(StageNotInUse):
        actions.move_deal(deal=deal, stage=stages[0], by=manager)
    pipelines.restore_pipeline(pipeline=first, by=manager)
    pipelines.move_pipeline(pipeline=other, up=True, by=manager)
    assert pipelines.first_pipeline() == other
    pipelines.rename_pipeline(pipeline=other, name="Large fleets", by=manager)
    assert Pipeline.objects.get(pk=other.pk).name == "Large fleets"


# --- Sums -------------------------------------------------------------------------------------


def test_what_may_be_expected(ada: Customer, agent: User, stages: list[Stage]) -> None:
    for title, amount, stage in (("a", 1000, 0), ("b", 200, 0), ("c", 500, 1), ("d", None, 1)):
        actions.create_deal(
            customer=ada,
            title=title,
            amount=None if amount is None else Decimal(amount),
            stage=stages[stage],
            by=agent,
        )
    board = deals.board(stages, Deal.objects.all())

    first, second, third = board.columns
    assert first.sums == deals.Sums(2, Decimal(1200), Decimal(120), 0)
    assert second.sums == deals.Sums(2, Decimal(500), Decimal(200), 1)
    assert third.sums == deals.Sums()
    assert (
        board.sums
        == deals.sums_of(Deal.objects.all())
        == deals.Sums(4, Decimal(1700), Decimal(320), 1)
    )


def test_deals_that_wait(ada: Customer, agent: User) -> None:
    fresh, late, old = (
        actions.create_deal(customer=ada, title=title, owner=agent, by=agent)
        for title in ("fresh", "late", "old")
    )
    Deal.objects.filter(pk=late.pk).update(expected_on=timezone.localdate() - timedelta(days=1))
    Deal.objects.filter(pk=old.pk).update(moved_at=timezone.now() - timedelta(days=15))
    assert [deal.title for deal in deals.waiting(agent)] == ["old", "late"]
    assert fresh not in deals.waiting(agent)


# --- Deleting ---------------------------------------------------------------------------------


def test_a_deleted_deal_comes_back_whole(ada: Customer, agent: User, stages: list[Stage]) -> None:
    above, deal, below = begin(ada, "Below", "A typing mistake", "Above", by=agent)[::-1]
    actions.move_deal(deal=deal, stage=stages[1], by=agent)
    call = actions.create_task(title="Call", customer=ada, about=deal, by=agent)
    done = actions.create_task(title="Wrote", customer=ada, about=deal, by=agent)
    actions.complete_task(task=done, by=agent)
    told = Interaction.objects.filter(about_model="crm.deal", about_id=deal.pk)
    before = [
        list(rows.order_by("pk").values()) for rows in (told, Task.objects, deal.stage_changes)
    ]

    change_set = actions.delete_deal(deal=deal, by=agent)

    assert set(Deal.objects.all()) == {above, below}
    assert not told.exists()
    left = Task.objects.get()  # what was done was done
    assert (left.pk, left.about_model, left.about_id) == (done.pk, "", None)
    entry = AuditEntry.objects.get(action="deal.delete")
    assert (entry.by, entry.target_id) == (agent, deal.pk)
    assert entry.changes["title"] == ["A typing mistake", None]
    with pytest.raises(DealGone):
        actions.delete_deal(deal=deal, by=agent)

    assert changes.revert(change_set=change_set, by=agent).left_alone_count == 0

    deal.refresh_from_db()
    assert deal.stage == stages[1]
    assert Task.objects.get(pk=call.pk).about_id == deal.pk
    after = [
        list(rows.order_by("pk").values()) for rows in (told, Task.objects, deal.stage_changes)
    ]
    assert after == before


def test_whoever_works_on_a_deleted_deal_is_told_so(
    ada: Customer, agent: User, stages: list[Stage]
) -> None:
    [deal] = begin(ada, "Five cargo bikes")
    actions.delete_deal(deal=deal, by=agent)

    for act in (
        lambda: actions.update_deal(deal=deal, by=agent, title="Six"),
        lambda: actions.move_deal(deal=deal, stage=stages[1], by=agent),
        lambda: actions.shift_deal(deal=deal, up=True, by=agent),
        lambda: actions.win_deal(deal=deal, by=agent),
        lambda: actions.lose_deal(deal=deal, reason="unknown", by=agent),
        lambda: actions.open_deal_again(deal=deal, by=agent),
    ):
        with pytest.raises(DealGone):
            act()


def test_a_promise_about_a_deleted_deal_is_still_to_be_kept(ada: Customer, agent: User) -> None:
    [deal] = begin(ada, "Five cargo bikes")
    due_at = timezone.now() + timedelta(days=2)
    kept = actions.create_task(
        title="Send a quote", customer=ada, about=deal, due_at=due_at, is_promise=True, by=agent
    )

    change_set = actions.delete_deal(deal=deal, by=agent)

    assert Task.objects.get().about_model == ""
    changes.revert(change_set=change_set, by=agent)
    kept.refresh_from_db()
    assert (kept.about_model, kept.about_id) == ("crm.deal", deal.pk)


def test_a_deal_never_comes_back_into_an_archived_stage(
    ada: Customer, agent: User, manager: User, stages: list[Stage]
) -> None:
    [deal] = begin(ada, "Five cargo bikes")
    change_set = actions.delete_deal(deal=deal, by=agent)
    pipelines.archive_stage(stage=stages[0], by=manager)

    changes.revert(change_set=change_set, by=agent)

    deal.refresh_from_db()
    assert deal.stage == stages[1]
    assert StageChange.objects.filter(deal=deal).count() == 2
