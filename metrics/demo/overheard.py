"""What is said without a name: stars on other sites, and a thumb on the tablet beside the till."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from metrics.demo.clock import Clock
from metrics.demo.followed import SITES
from surveys.actions.surveys import latest_version, stock_survey
from surveys.models import Response, Review, Survey

GOOD = (
    "Me arreglaron el cambio mientras tomaba un café. Volveré.",
    "Trato cercano y precio honrado.",
    "Entregaron la bici el día que dijeron, y limpia.",
    "Te explican lo que hacen y por qué. Muy recomendable.",
    "",
    "",
)
FAIR = ("Buen trabajo, aunque hubo que esperar un día más.", "Bien, algo justo de espacio.", "")
BAD = (
    "Las pastillas nuevas chirriaban a la semana y tuve que volver dos veces.",
    "Llamé tres veces y nadie me dijo cuándo estaría la bici.",
)
# The tablet has stood there for so many months; reviews reach back to the beginning.
TABLET_MONTHS = 9


@dataclass
class Overheard:
    clock: Clock
    seed: int

    def write(self) -> None:
        """The same whatever the number of customers: strangers don't say whose they are."""
        random = Random(f"{self.seed}:overheard")
        months = self.clock.months()
        Review.objects.bulk_create(
            [one for month, after in months for one in self._reviews(month, after, random)]
        )
        latest = months[-TABLET_MONTHS:]
        Response.objects.bulk_create(
            [one for month, after in latest for one in self._answers(month, after, random)]
        )

    def _is_bad(self, month: date) -> bool:
        """In the month of the faulty brakes, and the one after it."""
        first, after = self.clock.bad_month
        return month in {first, after}

    def _days(self, month: date, after: date) -> tuple[int, int]:
        first = max(0, (month - self.clock.first_day).days)
        return first, min(self.clock.days, (after - self.clock.first_day).days - 1)

    def _reviews(self, month: date, after: date, random: Random) -> list[Review]:
        first, last = self._days(month, after)
        weights = (30, 10, 25, 20, 15) if self._is_bad(month) else (2, 2, 8, 28, 60)
        found = []
        for _ in range(random.randint(4, 8)):
            stars = random.choices((1, 2, 3, 4, 5), weights)[0]
            said = BAD if stars < 3 else FAIR if stars == 3 else GOOD
            site, _url, _language = random.choices(SITES, (3, 1))[0]
            found.append(
                Review(
                    site=site,
                    rating=stars,
                    text=random.choice(said),
                    at=self.clock.instant(random.randint(first, last), random),
                )
            )
        return found

    def _answers(self, month: date, after: date, random: Random) -> list[Response]:
        first, last = self._days(month, after)
        survey = stock_survey(Survey.Kind.NPS)
        version = latest_version(survey)
        weights = (3, 1, 1, 2, 3, 5, 7, 12, 22, 24, 20)
        if self._is_bad(month):
            weights = (8, 5, 6, 7, 8, 10, 12, 14, 14, 9, 7)
        answers = []
        for _ in range(random.randint(9, 16)):
            at = self.clock.instant(random.randint(first, last), random)
            answers.append(
                Response(
                    survey=survey,
                    kind=survey.kind,
                    version=version,
                    score=random.choices(range(11), weights)[0],
                    answered_at=at,
                    created_at=at,
                    origin=Response.Origin.KIOSK,
                    language="es",
                )
            )
        return answers
