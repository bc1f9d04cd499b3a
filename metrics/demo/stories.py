"""The few whom one should meet: won back, about to renew, unanswered, gone quiet, lost."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from crm.models import Contract, LossReason
from metrics.demo.clock import Clock
from metrics.demo.history import CENT, Asking, History, Promise, Talk, Term
from metrics.demo.people import Person

OWNER, MANAGER, LUCIA, RAFAEL = range(4)
# Days ago, hour, kind, direction, what was noted.
Said = tuple[int, float, str, str, str]


def all_stories(clock: Clock) -> list[History]:
    """Those for which the window is long enough."""
    if clock.bad_days[0] < 240:
        return [_unanswered(clock)]
    beatriz = _won_back(clock)
    return [
        beatriz,
        _sister(clock, beatriz),
        _about_to_renew(clock),
        _unanswered(clock),
        _gone_quiet(clock),
        _lost_school(clock),
    ]


def _person(name: str, email: str, phone: str, **more: object) -> Person:
    values: dict[str, object] = {
        "number": 0,
        "is_company": False,
        "contact_name": name,
        "language": "es",
        "city": "València",
        "source": "escaparate",
        "birthday": None,
        "tags": [],
        "bicycle": "",
        "mean_gap": 60,
        "last_chance": 0.05,
        "buys": True,
        "warmth": 0.0,
    }
    return Person(name=name, email=email, phone=phone, **(values | more))  # type: ignore[arg-type]


def _talks(clock: Clock, said: Iterable[Said], by: int) -> list[Talk]:
    return [
        Talk(clock.ago(days, hour), kind, way, text, by) for days, hour, kind, way, text in said
    ]


def _answer(clock: Clock, kind: str, days_ago: int, score: int, comment: str) -> Asking:
    """Asked at ten that day, answered in the evening."""
    return Asking(kind, clock.ago(days_ago, 10), clock.ago(days_ago, 20.4), score, comment)


def _bad_month_began(clock: Clock) -> int:
    """So many days ago."""
    return (clock.today - clock.bad_month[0]).days


def _won_back(clock: Clock) -> History:
    """A detractor of the month of the brakes, a promise that was kept, and a promoter since."""
    back = _bad_month_began(clock)
    asked = back - 23  # that month's wave went out on its 24th
    person = _person(
        "Beatriz Nogueira",
        "beatriz.nogueira@correo.example",
        "+34612004417",
        language="pt-br",
        source="web",
        tags=["urbana"],
        bicycle="Gazelle Esprit",
    )
    story = History(person, clock.ago(back + 220, 17.4))
    story.notes = (
        "Va en bici al trabajo todos los días, también con lluvia: frenos y luces antes que nada. "
        "Prefiere que la llamen después de las cinco."
    )
    story.purchases = [
        (clock.ago(back + 220, 17.5), Decimal("64.00"), Decimal("19.50")),
        (clock.ago(back + 121, 18.2), Decimal("38.50"), Decimal("12.00")),
        (clock.ago(back - 6, 17.8), Decimal("79.00"), Decimal("31.00")),
        (clock.ago(asked - 3, 17.6), Decimal("-79.00"), Decimal(0)),
        (clock.ago(asked - 60, 18.1), Decimal("890.00"), Decimal("612.00")),
        (clock.ago(44, 17.9), Decimal("45.00"), Decimal("14.00")),
    ]
    said = (
        (back + 220, 17.4, "visit", "in", "Trae la Gazelle para una puesta a punto"),
        (back - 12, 9.8, "call", "in", "Los frenos nuevos chirrían; quedamos en llamarla"),
        (asked - 1, 17.2, "call", "out", "La llamo por su respuesta: pido disculpas y escucho"),
        (asked - 3, 17.5, "visit", "in", "Frenos Shimano montados; probados con ella en mojado"),
        (asked - 10, 17.3, "call", "out", "¿Qué tal los frenos? Perfectos; agradece la llamada"),
        (asked - 60, 18.0, "visit", "in", "Se lleva una Orbea Carpe para su pareja"),
        (9, 12.1, "visit", "in", "Vino con su hermana Luiza, que buscaba bici"),
    )
    story.talks = _talks(clock, said, LUCIA)
    story.talks[2].body = (
        "Le cambiamos los frenos el día 7 con pastillas de la partida Dinatek. Chirrían y en mojado "
        "casi no frenan. Lo que más le molestó: llamó el 13 y nadie le devolvió la llamada.\n\n"
        "Ofrecido: frenos nuevos sin coste, devolución de lo que pagó, y los probamos juntas."
    )
    story.askings = [
        _answer(
            clock,
            "nps",
            asked,
            3,
            "Os freios chiam desde o primeiro dia e ninguém me ligou de volta. Esperava mais de vocês.",
        ),
        _answer(clock, "csat", asked - 62, 5, "Voltei a confiar."),
        _answer(
            clock,
            "nps",
            26,
            9,
            "Erraram, ligaram, resolveram em dois dias e ainda perguntaram depois. "
            "Já indiquei para a minha irmã.",
        ),
    ]
    title = "Cambiar los frenos sin coste y probarlos con ella antes del viernes"
    made, kept = clock.ago(asked - 1, 17.3), clock.ago(asked - 3, 18)
    story.promises = [Promise(title, made, made + timedelta(days=4), kept, LUCIA)]
    on = clock.today - timedelta(days=asked - 3)
    story.amends = [(on, Decimal("48.00"), "Frenos nuevos y mano de obra: Beatriz Nogueira")]
    return story


def _sister(clock: Clock, beatriz: History) -> History:
    person = _person(
        "Luiza Nogueira",
        "luiza.nogueira@mail.example",
        "+34612118890",
        language="pt-br",
        source="recomendación",
        tags=["urbana"],
        bicycle="Conor WRC",
    )
    story = History(person, clock.ago(9, 12))
    story.purchases = [(clock.ago(6, 18.3), Decimal("429.00"), Decimal("286.00"))]
    said = [(9, 12.1, "visit", "in", "Viene recomendada por su hermana Beatriz")]
    story.talks = _talks(clock, said, LUCIA)
    story.tasks = [("Ajuste gratuito de la primera semana", clock.ahead(1, 19), True, LUCIA)]
    story.referrer = beatriz
    return story


def _about_to_renew(clock: Clock) -> History:
    """A courier company with fourteen bicycles, whose contract ends in three weeks."""
    person = _person(
        "Ciclomensajería Llebeig",
        "hola@ciclomensajeria-llebeig.example",
        "+34963215508",
        is_company=True,
        contact_name="Inma Peris",
        tags=["flota", "carga"],
        source="club ciclista",
    )
    end = clock.today + timedelta(days=20)
    story = History(person, clock.ago(358, 10))
    story.notes = (
        "Catorce bicis de carga. Revisión los martes antes de las ocho. Factura a fin de mes."
    )
    start = end - timedelta(days=365)
    story.terms = [Term(start, end, Decimal(240), Contract.Interval.MONTH)]
    for days in range(330, 0, -30):
        story.purchases.append((clock.ago(days, 12), Decimal(240), Decimal("61.00")))
    said = (
        (358, 10, "meeting", "", "Primera visita a su nave: catorce bicis, dos sin frenos"),
        (96, 8.2, "visit", "in", "Dos ruedas con radios rotos; listas para el mediodía"),
        (11, 9, "meeting", "", "Repaso del año: contentos con los plazos; quieren dos más"),
    )
    story.talks = _talks(clock, said, MANAGER)
    story.askings = [_answer(clock, "nps", 66, 9, "Nunca nos han dejado una bici parada.")]
    due = clock.ago(2, 18)
    story.tasks = [("Enviar la propuesta de renovación con dos bicis más", due, True, OWNER)]
    return story


def _unanswered(clock: Clock) -> History:
    """A detractor of three days ago to whom nobody has spoken yet."""
    person = _person(
        "Tom Whitaker",
        "tom.whitaker@mail.example",
        "+34655870143",
        language="en",
        source="web",
        bicycle="Brompton C Line",
    )
    story = History(person, clock.ago(190, 16))
    story.purchases = [
        (clock.ago(188, 16.2), Decimal("52.00"), Decimal("15.00")),
        (clock.ago(17, 11.5), Decimal("96.00"), Decimal("41.00")),
    ]
    said = (
        (190, 16, "email", "in", "Escribe desde la web: revisión de una Brompton"),
        (9, 10.4, "call", "in", "Pregunta por su rueda; no ha llegado el buje"),
    )
    story.talks = _talks(clock, said, RAFAEL)
    comment = "Eleven days for one wheel, and I always had to call to find out."
    story.askings = [_answer(clock, "nps", 3, 4, comment)]
    return story


def _gone_quiet(clock: Clock) -> History:
    """Came every other month for over a year, and not for five months."""
    person = _person(
        "Amparo Llopis Roig",
        "amparo.llopis@turia.example",
        "+34660412279",
        tags=["eléctrica"],
        bicycle="Tern HSD",
        source="recomendación",
    )
    story = History(person, clock.ago(470, 18))
    bought = (
        (468, "38.00"),
        (402, "72.50"),
        (344, "24.90"),
        (291, "110.00"),
        (236, "58.00"),
        (183, "33.40"),
        (154, "64.00"),
    )
    for days, amount in bought:
        total = Decimal(amount)
        cost = (total * Decimal("0.4")).quantize(CENT)
        story.purchases.append((clock.ago(days, 18.4), total, cost))
    said = (
        (470, 18, "visit", "in", "Entra por recomendación de una vecina"),
        (154, 18.3, "visit", "in", "Revisión de la Tern; nota la batería floja"),
    )
    story.talks = _talks(clock, said, LUCIA)
    title = "Llamar a Amparo: hace cinco meses que no viene, ¿la batería?"
    story.tasks = [(title, clock.ahead(0, 21), False, OWNER)]
    return story


def _lost_school(clock: Clock) -> History:
    """Left in the month of the brakes, and said why."""
    back = _bad_month_began(clock)
    person = _person(
        "Escuela Mar Azul",
        "secretaria@escuela-mar-azul.example",
        "+34963940021",
        is_company=True,
        contact_name="Vicent Climent",
        tags=["flota", "infantil"],
        source="folleto",
    )
    story = History(person, clock.ago(back + 206, 12))
    start = clock.today - timedelta(days=back + 200)
    term = Term(start, start + timedelta(days=365), Decimal(95), Contract.Interval.MONTH)
    term.cancelled_on = clock.today - timedelta(days=max(back - 24, 1))
    term.reason = LossReason.SERVICE
    story.terms = [term]
    for days in range(back + 198, back - 24, -30):
        story.purchases.append((clock.ago(days, 12.5), Decimal(95), Decimal("20.00")))
    said = (
        (back + 206, 12, "email", "in", "Piden mantenimiento para diez bicis de los talleres"),
        (
            back - 18,
            9.5,
            "call",
            "in",
            "Anula: tres bicis con los frenos malos y el curso empezado",
        ),
    )
    story.talks = _talks(clock, said, MANAGER)
    words = (
        "“Nos dijisteis el lunes, luego el miércoles, y el viernes los críos seguían sin bicis.”"
    )
    story.talks[1].body = words
    story.losses = [(clock.ago(back - 24, 10), LossReason.SERVICE, words)]
    return story
