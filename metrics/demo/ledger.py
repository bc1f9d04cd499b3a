"""What the workshop spent, month by month, by purpose and category."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from crm.models import Cost, Customer
from metrics.demo.clock import Clock
from metrics.demo.history import History

Purpose = Cost.Purpose
# purpose, category, euros a month, source that it was spent on, note
MONTHLY = (
    (Purpose.SERVICE, "salaries", 2450, "", "Taller y mostrador"),
    (Purpose.ACQUISITION, "salaries", 420, "", "Horas de captación y redes"),
    (Purpose.ACQUISITION, "advertising", 190, "web", "Anuncios en buscadores"),
    (Purpose.ACQUISITION, "advertising", 130, "instagram", "Publicaciones patrocinadas"),
    (Purpose.ACQUISITION, "software", 29, "web", "Página web y reservas"),
    (Purpose.SERVICE, "telephone", 45, "", "Línea y centralita"),
    (Purpose.SERVICE, "software", 35, "", "Caja y agenda"),
    (Purpose.SERVICE, "tools", 110, "", "Herramienta y consumibles"),
    (Purpose.EXPERIENCE, "other", 60, "", "Café, agua y lavado de cortesía"),
)


def costs(clock: Clock, random: Random, scale: float, currency: str) -> list[Cost]:
    """Everything spent up to today; `scale`: how many times larger than with 600 customers."""
    return [one for one in _lines(clock, random, scale, currency) if one.on <= clock.today]


def _lines(clock: Clock, random: Random, scale: float, currency: str) -> Iterator[Cost]:
    def cost(on: date, amount: float, **values: Any) -> Cost:
        kept = Decimal(amount * scale).quantize(Decimal("0.01"))
        return Cost(on=on, amount=kept, currency=currency, **values)

    bad_month, _after = clock.bad_month
    for month, after in clock.months():
        for purpose, category, amount, source, note in MONTHLY:
            grown = amount * random.uniform(0.94, 1.07)
            line = cost(month, grown, purpose=purpose, category=category, source=source, note=note)
            line.until = after
            yield line
        yield from _occasional(cost, month, random)
        if month == bad_month:
            yield cost(
                month + timedelta(days=16),
                780,
                purpose=Purpose.SERVICE,
                category="other",
                note="Campaña de recogida de las pastillas Dinatek",
            )
            yield cost(
                month + timedelta(days=24),
                310,
                purpose=Purpose.EXPERIENCE,
                category="print",
                note="Carta de disculpa y vale de revisión gratuita",
            )


def _occasional(cost: Callable[..., Cost], month: date, random: Random) -> Iterator[Cost]:
    if month.month in {3, 9}:
        yield cost(
            month + timedelta(days=9),
            240,
            purpose=Purpose.ACQUISITION,
            category="print",
            source="folleto",
            note="Folletos de revisión de temporada",
        )
    if month.month in {4, 10}:
        yield cost(
            month + timedelta(days=19),
            520,
            purpose=Purpose.ACQUISITION,
            category="events",
            source="club ciclista",
            note="Marcha popular con el club",
        )
    if month.month in {2, 6, 11}:
        yield cost(
            month + timedelta(days=random.randint(3, 24)),
            290,
            purpose=Purpose.TRAINING,
            category="events",
            note="Curso: frenos y suspensión; trato con clientes molestos",
        )


def amends(
    histories: Sequence[History], customers: Sequence[Customer], currency: str
) -> Iterator[Cost]:
    """What it cost to make up for what had gone wrong with each customer."""
    for history, customer in zip(histories, customers, strict=True):
        for on, amount, note in history.amends:
            yield Cost(
                purpose=Purpose.EXPERIENCE,
                category="other",
                amount=amount,
                currency=currency,
                on=on,
                customer=customer,
                note=note,
            )
