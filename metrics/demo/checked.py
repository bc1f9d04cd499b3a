"""The workshop's own look at itself: trainings held, two check-ups finished and one begun, objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from crm.models import Cost
from metrics import check_ups
from metrics.check_ups import Answered
from metrics.demo.clock import Clock
from metrics.models import CheckUp, Objective, Training, TrainingHours
from metrics.periods import DAY
from staff.access import Role
from staff.models import Business, User

ABOUT = (
    ("Frenos y suspensión, y trato con clientes molestos", "Ana y el proveedor; casos reales.", 6),
    ("Escuchar antes de diagnosticar", "Preguntas abiertas en el mostrador y al teléfono.", 3),
    ("Explicar un presupuesto", "Qué decir, qué enseñar y cuándo llamar.", 2.5),
)
MISSION = "Que nadie deje la bici en casa por no fiarse de ella."
VISION = "Ser en tres años el taller que el barrio recomienda sin pensarlo."
FIRST_VALUE = "Reparamos bien y a buen precio."
VALUE = "Reparamos bien, decimos cuándo estará y lo cumplimos; si algo falla, respondemos."
# Of each question: the mark and the words of the first round, and of the second.
SAID: dict[str, tuple[tuple[int, str], tuple[int, str]]] = {
    "listening": (
        (1, "Solo cuando alguien se queja."),
        (2, "Una encuesta tras cada reparación; falta preguntar a quien no vuelve."),
    ),
    "channels": (
        (1, "Teléfono y mostrador; nadie lo apunta."),
        (2, "Correo, teléfono y la tableta; las quejas tienen dueño."),
    ),
    "kpis": ((0, "La caja del mes."), (2, "NPS, abandono y promesas cumplidas, cada lunes.")),
    "training": ((1, "Un curso al año, de mecánica."), (2, "Tres cursos, uno de trato.")),
    "review": ((0, ""), (2, "Media hora cada lunes con las cifras delante.")),
    "situation": (
        (1, "De los habituales, de memoria."),
        (2, "Sabemos quién está por volver y quién calla."),
    ),
    "experience": ((0, "Nos lo dicen en el bar."), (3, "NPS y satisfacción cada mes.")),
    "budget": ((0, "No hay partida."), (1, "Algo para café y disculpas; falta un presupuesto.")),
}
BEGUN = {"listening": (2, "Añadida la tableta del mostrador.")}


def hold_trainings(clock: Clock, team: Sequence[User]) -> None:
    """Each course in the ledger was one: who was there. And one that is to come."""
    courses = Cost.objects.filter(purpose=Cost.Purpose.TRAINING).order_by("on", "pk")
    for place, cost in enumerate(courses):
        title, about, hours = ABOUT[place % len(ABOUT)]
        training = Training.objects.create(
            title=title,
            about=about,
            planned_on=cost.on - 14 * DAY,
            held_on=cost.on,
            cost=cost,
            made_by=team[0],
        )
        there = team[: 2 + place % max(1, len(team) - 1)]
        TrainingHours.objects.bulk_create(
            TrainingHours(training=training, user=user, hours=Decimal(str(hours))) for user in there
        )
    Training.objects.create(
        title="Motores eléctricos: diagnóstico delante del cliente",
        about="Con el mecánico del importador.",
        planned_on=clock.today + 23 * DAY,
        made_by=team[0],
    )


@dataclass(frozen=True)
class Checked:
    """After the figures are computed, which the rounds freeze."""

    now: datetime

    def write(self) -> None:
        business = Business.current()
        owner = User.objects.filter(is_active=True, role__gte=Role.MANAGER).order_by("pk").first()
        if business is None or owner is None:
            return
        for at, months in enumerate((13, 7)):
            value = (FIRST_VALUE, VALUE)[at]
            answers = {question: said[at] for question, said in SAID.items()}
            self._round(business, owner, timedelta(days=30 * months), value, answers)
        current = check_ups.begin(by=owner)
        CheckUp.objects.filter(pk=current.pk).update(begun_at=self.now - DAY)
        check_ups.save(check_up=current, texts={}, answers=_answered(BEGUN))
        self._objectives(business, owner)

    def _round(
        self,
        business: Business,
        owner: User,
        ago: timedelta,
        value: str,
        answers: Mapping[str, tuple[int, str]],
    ) -> None:
        at = self.now - ago
        current = check_ups.begin(by=owner)
        texts = {"mission": MISSION, "vision": VISION, "value_proposition": value}
        check_ups.save(check_up=current, texts=texts, answers=_answered(answers))
        check_ups.finish(check_up=current, by=owner, now=at, zone=business.zone)
        CheckUp.objects.filter(pk=current.pk).update(begun_at=at - 3 * DAY)

    def _objectives(self, business: Business, owner: User) -> None:
        """One that came out, one that is on its way, one that only people can tell."""
        today = self.now.astimezone(business.zone).date()
        for title, kpi, value, set_ago, due in (
            (
                "Que conteste la mitad de quienes reciben la encuesta",
                "response_rate",
                "0.5",
                210,
                -40,
            ),
            ("Cumplir lo que prometemos", "promise_kept", "0.9", 60, 75),
            ("Cada reparación se explica antes de cobrarla", "", None, 200, -20),
        ):
            objective, _stroke = check_ups.add_objective(
                by=owner,
                title=title,
                due_on=today + due * DAY,
                now=self.now - set_ago * DAY,
                zone=business.zone,
                kpi=kpi,
                value=Decimal(value) if value else None,
            )
            Objective.objects.filter(pk=objective.pk).update(made_at=self.now - set_ago * DAY)
        check_ups.judge_objectives(now=self.now, zone=business.zone)


def _answered(answers: Mapping[str, tuple[int, str]]) -> dict[str, Answered]:
    return {question: Answered(words, mark) for question, (mark, words) in answers.items()}
