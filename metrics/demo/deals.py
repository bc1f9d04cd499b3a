"""What the workshop is selling at the moment: deals in every stage, some won, some lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.utils.translation import gettext_lazy

from crm.actions.deals.places import STEP
from crm.actions.deals.rows import timeline_words
from crm.actions.interactions import log_interactions_bulk
from crm.actions.pipelines import first_pipeline
from crm.models import Customer, Deal, Interaction, LossReason, Stage, StageChange
from metrics.demo.clock import Clock
from staff.models import User

State = Deal.State


@dataclass(frozen=True)
class Plan:
    title: str
    euros: int | None
    stage: int
    # For how many days it has been in this stage; the stages before took eight days each.
    days: int
    expected: int | None = None  # in so many days
    whose: int = 2
    state: str = State.OPEN
    reason: str = ""
    note: str = ""


PLANS = (
    Plan("Revisión anual de la flota", 1450, 0, 2, 20),
    Plan("Dos bicicletas de carga", 6800, 0, 5, 30, whose=3),
    Plan("Bicicleta eléctrica urbana", 2190, 0, 19, None),
    Plan("Equipar la escuela infantil", None, 0, 1, None, whose=1),
    Plan("Restaurar una Orbea de 1978", 380, 0, 8, 12),
    Plan("Cinco eléctricas para reparto", 9500, 1, 6, 15, whose=1),
    Plan("Contrato de mantenimiento", 720, 1, 3, 10),
    Plan("Bicis para las visitas guiadas", 5400, 1, 27, -4, whose=3),
    Plan("Ruedas a medida", 640, 1, 11, 6),
    Plan("Alquiler de verano para el hotel", 3600, 2, 4, 7, whose=1),
    Plan("Tándem para dos jubilados", 1850, 2, 9, 3, whose=2),
    Plan("Gravel con grupo nuevo", 2750, 2, 16, -2, whose=0),
    Plan("Portabebés y revisión", 310, 0, 3, 9, whose=3),
    Plan("Taller en la empresa: doce bicis", 1080, 0, 4, 25, whose=1),
    Plan("Cambio a transmisión por correa", 540, 0, 6, 14),
    Plan("Motor nuevo para una Gazelle", 1320, 1, 5, 8, whose=3),
    Plan("Aparcabicis para la comunidad", 2400, 1, 8, 21, whose=1),
    Plan("Revisión antes del Camino de Santiago", 190, 1, 2, 5),
    Plan("Renovar la flota del hostal", 7800, 2, 6, 18, whose=0),
    Plan("Bicicleta para la vuelta al cole", 420, 2, 3, 4, whose=2),
    Plan("Segunda batería", 690, 2, 5, 6, whose=3),
    Plan("Ruedas de carbono", 1480, 2, 8, state=State.WON, whose=0),
    Plan("Plan de mantenimiento del club", 960, 1, 6, state=State.WON, whose=1),
    Plan(
        *("Alquiler para un rodaje", 1200, 1, 11),
        state=State.LOST,
        reason=LossReason.SERVICE,
        note="Tardamos cinco días en mandarles el presupuesto.",
    ),
    Plan("Tres bicis para la familia", 1290, 2, 12, state=State.WON),
    Plan("Puesta a punto para el equipo", 860, 1, 9, state=State.WON, whose=3),
    Plan("Bicicleta plegable", 790, 2, 7, state=State.WON, whose=1),
    Plan(
        *("Cargo con caja para pan", 4200, 1, 14),
        state=State.LOST,
        reason=LossReason.COMPETITOR_PRICE,
        note="En otra tienda se la dejan por 600 € menos.",
    ),
    Plan("Carrito para el perro", 260, 0, 10, state=State.LOST, reason=LossReason.NO_NEED),
)
DAYS_BEFORE = 8
CLOSED_AGO = 5


def write(
    clock: Clock, team: Sequence[User], random: Random, known: Sequence[Customer], currency: str
) -> None:
    """Deals with customers among `known`, their history, and what the timelines tell of them."""
    stages = list(first_pipeline().stages.all())
    deals = []
    for place, plan in enumerate(PLANS):
        customer = random.choice(known)
        deals.append(
            _deal(
                plan,
                place=place,
                clock=clock,
                team=team,
                stages=stages,
                customer=customer,
                currency=currency,
            )
        )
    Deal.objects.bulk_create(deals)
    StageChange.objects.bulk_create(
        change
        for plan, deal in zip(PLANS, deals, strict=True)
        for change in _history(plan, deal, stages)
    )
    log_interactions_bulk([told for deal in deals for told in _told(deal)])


def _deal(
    plan: Plan,
    *,
    place: int,
    clock: Clock,
    team: Sequence[User],
    stages: Sequence[Stage],
    customer: Customer,
    currency: str,
) -> Deal:
    closed = clock.ago(CLOSED_AGO) if plan.state != State.OPEN else None
    moved = (closed or clock.now) - timedelta(days=plan.days, hours=2)
    expected = None if plan.expected is None else clock.today + timedelta(days=plan.expected)
    return Deal(
        customer=customer,
        title=plan.title,
        stage=stages[plan.stage],
        state=plan.state,
        amount=None if plan.euros is None else Decimal(plan.euros),
        currency=currency,
        rate=Decimal(1),
        owner=team[plan.whose % len(team)],
        expected_on=expected,
        opened_at=moved - timedelta(days=DAYS_BEFORE * plan.stage),
        moved_at=moved,
        closed_at=closed,
        lost_reason=plan.reason,
        lost_note=plan.note,
        position=place * STEP,
    )


def _history(plan: Plan, deal: Deal, stages: Sequence[Stage]) -> list[StageChange]:
    """Into each stage up to its own, then perhaps its end."""
    before: list[Stage | None] = [None, *stages]
    changes = [
        _change(deal, deal.opened_at + timedelta(days=DAYS_BEFORE * step), before[step], stage)
        for step, stage in enumerate(stages[: plan.stage + 1])
    ]
    if deal.closed_at:
        changes.append(_change(deal, deal.closed_at, deal.stage, deal.stage, deal.state))
    return changes


def _change(
    deal: Deal, at: datetime, before: Stage | None, after: Stage, state: str = State.OPEN
) -> StageChange:
    return StageChange(deal=deal, at=at, before=before, after=after, state=state, by=deal.owner)


WORDS = {
    State.OPEN: gettext_lazy("New deal: %(deal)s"),
    State.WON: gettext_lazy("Deal won: %(deal)s"),
    State.LOST: gettext_lazy("Deal lost: %(deal)s · %(reason)s"),
}


def _told(deal: Deal) -> list[Interaction]:
    moments = [(State.OPEN, deal.opened_at)]
    if deal.closed_at:
        moments.append((State(deal.state), deal.closed_at))
    return [
        Interaction(
            customer_id=deal.customer_id,
            kind=Interaction.Kind.DEAL,
            occurred_at=at,
            created_at=at,
            summary=timeline_words(deal, WORDS[state]),
            by=deal.owner,
            about_model=Deal._meta.label_lower,
            about_id=deal.pk,
        )
        for state, at in moments
    ]
