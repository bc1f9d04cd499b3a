"""The demo: believable, whole, the same again, and only into an empty installation."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from crm import deals, duplicates, projections, segments
from crm.models import (
    Contract,
    Cost,
    Customer,
    CustomField,
    Deal,
    Interaction,
    LossReason,
    Order,
    ReferralLink,
    Segment,
    Task,
    Tenure,
)
from mail.models import OutgoingEmail
from metrics.demo.clock import Clock
from metrics.demo.house import OWNER_EMAIL, PASSWORD
from metrics.demo.loading import Loader, NotEmpty
from metrics.models import Snapshot
from staff.models import Business, User
from support import projection, targets
from support.models import SlaTarget, Suggestion, Ticket, TicketEvent
from surveys.models import Invitation, Response
from tests.factories import CustomerFactory

CUSTOMERS = 160


def quiet(_line: str) -> None:
    pass


def load(*, customers: int = CUSTOMERS, years: int = 2, seed: int = 1) -> None:
    Loader(customers, years, seed, quiet).load()


@pytest.fixture
def demo(db: None) -> Clock:
    load()
    return Clock(timezone.now(), Business.objects.get().zone, 2)


def test_every_part_of_the_loop_is_there(demo: Clock) -> None:
    assert Customer.objects.count() == CUSTOMERS
    stages = set(Customer.objects.values_list("stage", flat=True))
    assert stages == {"lead", "customer", "lost"}
    kinds = set(Interaction.objects.values_list("kind", flat=True))
    assert {"call", "visit", "order", "contract", "survey_response", "promise", "lost"} <= kinds
    assert set(Response.objects.values_list("kind", flat=True)) == {"nps", "csat", "ces"}
    assert set(Response.objects.values_list("language", flat=True)) == {"es", "pt-br", "en"}
    assert Contract.objects.filter(renewed_by__isnull=False).exists()
    assert Cost.objects.values("purpose").distinct().count() == 4
    assert Tenure.objects.values("cause").distinct().count() >= 2
    assert Order.objects.filter(total__lt=0).exists()
    assert not Order.objects.filter(ordered_at__gt=timezone.now()).exists()
    first = Interaction.objects.earliest("occurred_at").occurred_at
    assert timezone.now() - first > timedelta(days=690)


def test_what_is_derived_is_what_the_facts_say(demo: Clock) -> None:
    assert projections.check(CUSTOMERS) == []


def test_the_month_of_the_brakes_shows(demo: Clock) -> None:
    first, last = (demo.midnight(day) for day in demo.bad_month)
    refunds = Order.objects.filter(total__lt=0)
    in_it = refunds.filter(ordered_at__gte=first, ordered_at__lt=last + timedelta(days=15))
    assert in_it.count() > refunds.count() / 2
    assert Tenure.objects.filter(
        ended_at__gte=first,
        ended_at__lt=last + timedelta(days=30),
        end_reason__in=[LossReason.PRODUCT, LossReason.SERVICE],
    ).exists()


def test_a_detractor_was_won_back(demo: Clock) -> None:
    beatriz = Customer.objects.get(name="Beatriz Nogueira", source="web")
    nps = beatriz.responses.filter(kind="nps").order_by("answered_at")
    assert [response.score for response in nps] == [3, 9]
    [promise] = beatriz.tasks.filter(is_promise=True)
    assert promise.was_kept
    assert beatriz.orders.aggregate(sum=Sum("total"))["sum"] == Decimal("1037.50")
    assert Customer.objects.get(name="Luiza Nogueira").referred_by == beatriz
    assert beatriz.tenures.count() == 1
    kinds = list(beatriz.interactions.order_by("occurred_at").values_list("kind", flat=True))
    story = [kind for kind in kinds if kind in {"survey_response", "promise", "visit"}]
    assert story[1:4] == ["survey_response", "promise", "visit"]


def test_there_is_something_to_do_today(demo: Clock) -> None:
    owner = User.objects.get(email=OWNER_EMAIL)
    assert Task.objects.of(owner).late().promised().exists()
    assert Task.objects.late().count() >= 3
    assert Task.objects.open().filter(due_at__gt=timezone.now()).count() >= 5


def test_deals_stand_in_every_stage(demo: Clock) -> None:
    assert set(Deal.objects.values_list("state", flat=True)) == {"open", "won", "lost"}
    board = deals.board(deals.stages_in_use(), Deal.objects.all())
    assert all(column.cards for column in board.columns)
    assert any(deal.is_old for column in board.columns for deal in column.cards)
    assert all(deal.stage_changes.exists() for deal in Deal.objects.all())


def test_the_customer_room_is_furnished(demo: Clock) -> None:
    kinds = set(CustomField.objects.values_list("kind", flat=True))
    assert kinds == set(CustomField.Kind.values)
    held = {key for customer in Customer.objects.all() for key in customer.custom}
    assert held == set(CustomField.objects.values_list("key", flat=True))
    assert len(set(Customer.objects.values_list("tier__name", flat=True)) - {None}) >= 2
    for segment in Segment.objects.exclude(owner__isnull=False):
        assert segments.customers_of(segment).exists(), segment.name
    assert Segment.objects.filter(owner__isnull=False).exists()
    assert ReferralLink.objects.exists()
    assert Interaction.objects.filter(kind="referral", direction="in").exists()
    assert duplicates.open_pairs().count() >= 3


def test_mails_wait_with_links_that_work(demo: Clock, client: Client) -> None:
    mail = OutgoingEmail.objects.filter(state="queued").first()
    assert mail is not None
    [link, *_others] = [word for word in mail.text.split() if "/s/" in word]
    path = link.removeprefix(settings.BASE_URL)
    assert client.get(path).status_code == 200


def test_the_owner_and_the_team_may_sign_in(demo: Clock, client: Client) -> None:
    people = User.objects.all()
    assert len({person.role for person in people}) == 4
    assert all(person.check_password(PASSWORD) for person in people)


def fingerprint() -> list[Any]:
    """Everything that was drawn; instants are left out, because they follow the clock."""
    orders = Order.objects.values_list("customer__name", "total").order_by(
        "customer__name", "total"
    )
    people = Customer.objects.values_list("name", "city", "source", "referred_by__name", "stage")
    answers = Response.objects.values_list("customer__name", "kind", "score", "comment")
    return [
        list(orders),
        sorted(map(str, people)),
        sorted(map(str, answers)),
        Invitation.objects.count(),
    ]


@pytest.mark.django_db
def test_the_same_seed_is_the_same_business_and_another_is_not() -> None:
    found = []
    for seed in (7, 7, 8):
        with transaction.atomic():
            load(customers=40, years=1, seed=seed)
            found.append(fingerprint())
            transaction.set_rollback(True)
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_it_refuses_where_there_are_customers(business: Business) -> None:
    CustomerFactory()
    with pytest.raises(NotEmpty):
        load()
    with pytest.raises(CommandError):
        call_command("demo")
    assert Customer.objects.count() == 1


def test_it_fills_a_business_that_is_set_up_with_its_own_people(owner: User) -> None:
    load(customers=12, years=1)
    assert User.objects.count() == 1
    assert set(Order.objects.values_list("currency", flat=True)) == {"BRL"}
    assert Business.objects.get().name == "Padaria Aurora"


def test_several_batches_keep_addresses_apart(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.demo.loading.BATCH", 20)
    load(customers=50, years=1)
    assert Customer.objects.count() == 50


@pytest.mark.django_db
def test_the_command_computes_the_figures_and_notes_the_sign_in(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("demo", "--customers", "12", "--years", "1", "--seed", "3")
    said = capsys.readouterr().out
    assert OWNER_EMAIL in said
    assert PASSWORD in said
    assert Snapshot.objects.filter(kpi="average_ticket").exists()
    note = Path(settings.VAR_DIR) / "demo-sign-in.txt"
    assert PASSWORD in note.read_text()
    note.unlink()


def test_the_desk_has_had_work_and_has_some_today(demo: Clock) -> None:
    states = set(Ticket.objects.values_list("state", flat=True))
    assert {"closed", "new", "waiting"} <= states
    assert set(Ticket.objects.values_list("language", flat=True)) == {"es", "pt-br", "en"}
    assert TicketEvent.objects.filter(kind=TicketEvent.Kind.REOPENED).exists()
    assert SlaTarget.objects.filter(missed_at__isnull=False).exists()
    assert Ticket.objects.open().filter(assignee=None).exists()
    ids = list(Ticket.objects.values_list("pk", flat=True))
    assert projection.differing(ids) == []
    assert targets.differing(ids, now=demo.now) == []
    assert Suggestion.objects.filter(state=Suggestion.State.PROPOSED).exists()
