"""As test_property, of what a business agrees, hears and learns: contracts, words, reasons, training."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from crm import tenures
from crm.models import Contract, Customer, Interaction, Loss, SilenceRule, Tenure
from metrics.models import Training, TrainingHours
from staff.access import Role
from staff.models import Business, User
from support.desk import default_queue
from support.models import Ticket
from surveys.models import Invitation, Response, Review
from tests.factories import InvitationFactory
from tests.metrics.test_property import Shop, held, refreshed

OWN = (
    "contract",
    "end contracts",
    "change contracts",
    "renew",
    "drop contracts",
    "talk",
    "talks in bulk",
    "move talks",
    "drop talks",
    "invite",
    "bounce",
    "answer of nobody",
    "review",
    "drop reviews",
    "refer",
    "loss",
    "other reason",
    "patience",
    "feedback",
    "reply",
    "training",
    "hold training",
    "hours",
    "drop hours",
    "person",
    "role",
)
EDITS = (*OWN, "order", "refund", "answer", "span", "cost", "move tickets", "time", "refresh")
EDIT = st.tuples(
    st.sampled_from(EDITS), st.integers(0, 3), st.integers(-400, 40), st.integers(1, 90)
)


class Listener(Shop):
    """A shop in which more is edited."""

    def edit(self, what: str, who: int, day: int, amount: int) -> None:
        if what not in OWN:
            super().edit(what, who, day, amount)
            return
        own, at = self.customers[who], self.now + timedelta(days=day)
        self._edit_contracts(what, own, at, amount)
        self._edit_words(what, own, at, amount)
        self._edit_opinions(what, own, at, amount)
        self._edit_losses(what, own, at, amount)
        self._edit_training(what, at, amount)
        tenures.rebuild([one.pk for one in self.customers])

    def _edit_contracts(self, what: str, own: Customer, at: datetime, amount: int) -> None:
        contracts = Contract.objects.filter(customer=own)
        match what:
            case "contract":
                until = at.date() + timedelta(days=amount * 3) if amount % 3 else None
                Contract.objects.create(
                    customer=own,
                    starts_on=at.date(),
                    ends_on=until,
                    amount=Decimal(amount),
                    interval="year" if amount % 2 else "month",
                    currency="BRL",
                    rate=None if amount == 7 else 1,
                )
            case "end contracts":
                contracts.filter(starts_on__lt=at.date()).update(cancelled_on=at.date())
            case "change contracts":
                contracts.update(amount=Decimal(amount))
            case "renew":
                for one in contracts.filter(renewed_by=None, ends_on__isnull=False)[:1]:
                    one.renewed_by = Contract.objects.create(
                        customer=own, starts_on=one.ends_on, amount=one.amount, currency="BRL"
                    )
                    one.save()
            case "drop contracts":
                contracts.filter(starts_on__gte=at.date()).delete()

    def _edit_words(self, what: str, own: Customer, at: datetime, amount: int) -> None:
        def talk(customer: Customer) -> Interaction:
            return Interaction(
                customer=customer,
                kind=("call", "email", "note", "outreach")[amount % 4],
                direction=("in", "out", "")[amount % 3],
                channel="shop" if amount % 5 == 0 else "",
                occurred_at=at,
                summary="x",
            )

        match what:
            case "talk":
                talk(own).save()
            case "talks in bulk":
                Interaction.objects.bulk_create(talk(one) for one in self.customers)
            case "move talks":
                Interaction.objects.filter(customer=own).update(customer=self.customers[0])
            case "drop talks":
                with connection.cursor() as cursor:
                    cursor.execute("DELETE FROM crm_interaction WHERE customer_id = %s", [own.pk])
            case "feedback":
                Ticket.objects.create(
                    customer=own,
                    subject="f",
                    channel="form" if amount % 2 else "phone",
                    kind=("complaint", "question")[amount % 3 % 2],
                    queue=default_queue(),
                    opened_at=at,
                )
            case "reply":
                Ticket.objects.filter(customer=own).update(first_replied_at=at)

    def _edit_opinions(self, what: str, own: Customer, at: datetime, amount: int) -> None:
        match what:
            case "invite":
                InvitationFactory(customer=own, created_at=at)
            case "bounce":
                Invitation.objects.filter(customer=own).update(bounced_at=at)
            case "answer of nobody":
                survey = self.surveys[amount % 3]
                low, high = survey.scale
                Response.objects.bulk_create(
                    Response(
                        survey=survey,
                        kind=survey.kind,
                        score=low + (amount + step) % (high - low + 1),
                        answered_at=at,
                        origin="kiosk",
                    )
                    for step in range(amount % 7)
                )
            case "review":
                Review.objects.create(
                    customer=own if amount % 2 else None, site="Maps", rating=1 + amount % 5, at=at
                )
            case "drop reviews":
                Review.objects.filter(at__gte=at).delete()

    def _edit_losses(self, what: str, own: Customer, at: datetime, amount: int) -> None:
        match what:
            case "refer":
                other = self.customers[amount % len(self.customers)]
                Customer.objects.filter(pk=own.pk).update(
                    referred_by=None if other.pk == own.pk else other
                )
            case "loss":
                Loss.objects.create(customer=own, lost_at=at, reason="service")
            case "other reason":
                Loss.objects.filter(customer=own).update(reason="moved")
                Tenure.objects.filter(customer=own, end_reason="").update(end_reason="unknown")
            case "patience":
                SilenceRule.objects.update_or_create(
                    since=START_OF_RULES, defaults={"days": 5 + amount}
                )

    def _edit_training(self, what: str, at: datetime, amount: int) -> None:
        match what:
            case "training":
                Training.objects.create(title="t", planned_on=at.date(), held_on=at.date())
            case "hold training":
                Training.objects.update(held_on=at.date() if amount % 4 else None)
            case "hours":
                for training in Training.objects.all()[:1]:
                    TrainingHours.objects.update_or_create(
                        training=training,
                        user=self._person(at),
                        defaults={"hours": Decimal(amount) / 4},
                    )
            case "drop hours":
                TrainingHours.objects.all().delete()
            case "person":
                self._person(at)
            case "role":
                User.objects.update(role=Role.AGENT if amount % 2 else Role.READ_ONLY)

    def _person(self, at: datetime) -> User:
        found, _made = User.objects.get_or_create(
            email=f"{at:%Y%m%d}@example.com", defaults={"created_at": at}
        )
        return found


START_OF_RULES = date(2020, 1, 1)


@pytest.mark.django_db
@held(6)
@given(edits=st.lists(EDIT, min_size=1, max_size=14))
def test_refreshing_what_changed_is_computing_everything(
    business: Business, edits: list[tuple[str, int, int, int]]
) -> None:
    with refreshed(Listener, edits):
        pass


@pytest.mark.faults
@pytest.mark.django_db
@held(100)
@given(edits=st.lists(EDIT, min_size=4, max_size=40))
def test_refreshing_is_computing_everything_for_long(
    business: Business, edits: list[tuple[str, int, int, int]]
) -> None:
    with refreshed(Listener, edits):
        pass
