"""What the workshop wants its figures to be, and what it changed meanwhile: one thing helped, one did not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from metrics import aims
from metrics.demo.clock import Clock
from metrics.periods import plus_months
from staff.models import User

# KPI, months ago, in the unit of the stored figure.
TARGETS = (
    ("nps", 14, "40"),
    ("nps", 5, "50"),
    ("customer_churn", 12, "0.05"),
    ("first_response_time", 14, "480"),
    ("first_response_time", 6, "240"),
    ("recontact_rate", 9, "0.15"),
    ("promise_kept", 10, "0.95"),
    ("response_rate", 10, "0.45"),
    ("average_ticket", 8, "90"),
)


@dataclass(frozen=True)
class Aimed:
    clock: Clock
    owner: User

    def write(self) -> None:
        self._targets()
        first, _last = self.clock.bad_month
        self._note(
            self.clock.asked_better_on,
            "Invitaciones más cortas, firmadas por Aurora",
            "Una sola pregunta en el correo y el nombre de quien reparó la bici.",
            ["response_rate"],
        )
        self._note(
            self.clock.coffee_on,
            "Café para quien espera",
            "Una cafetera y tres sillas junto al mostrador.",
            ["nps", "csat", "retention"],
        )
        self._note(
            first,
            "Llega una remesa de frenos defectuosos",
            "El proveedor lo reconoció seis semanas después. Devolvimos el dinero a quien lo pidió.",
            ["nps", "customer_churn", "recontact_rate"],
        )

    def _targets(self) -> None:
        month = self.clock.today.replace(day=1)
        for kpi, ago, value in TARGETS:
            from_on = plus_months(month, -ago)
            if from_on >= self.clock.first_day:
                aims.set_target(kpi=kpi, from_on=from_on, value=Decimal(value), by=self.owner)

    def _note(self, on: date, title: str, text: str, kpis: list[str]) -> None:
        if on > self.clock.first_day:
            aims.save_annotation(by=self.owner, on=on, title=title, text=text, kpis=kpis)
