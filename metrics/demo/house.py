"""The workshop itself: its people, and what they have to do today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from crm.actions.custom_fields import add_field
from crm.models import Customer, CustomField, Task
from metrics.demo import words
from metrics.demo.clock import Clock
from staff import actions as staff_actions
from staff.access import Role
from staff.models import Business, User
from surveys.models import AskingRules

OWNER_EMAIL = "owner@demo.example"
PASSWORD = "bicis-en-valencia"  # noqa: S105 - printed, and only ever for made-up data
TEAM = (
    ("marc@demo.example", "Marc Ferrer", Role.MANAGER, "es"),
    ("lucia@demo.example", "Lucía Ortega", Role.AGENT, "es"),
    ("rafael@demo.example", "Rafael Costa", Role.AGENT, "pt-br"),
    ("gestoria@demo.example", "Gestoría Soler", Role.READ_ONLY, "es"),
)


def found() -> None:
    """Set the workshop up, with its team; the owner signs in with PASSWORD."""
    owner = staff_actions.set_up(
        name="Taller Aurora",
        time_zone="Europe/Madrid",
        currency="EUR",
        languages=["es", "pt-br", "en"],
        language="es",
        owner_email=OWNER_EMAIL,
        owner_name="Aurora Vidal",
        password=PASSWORD,
    )
    # In the language of the browser: whoever tries it may not read Spanish.
    User.objects.filter(pk=owner.pk).update(language="")
    # The same password for all: hashed once, because hashing is slow on purpose.
    User.objects.bulk_create(
        User(email=email, name=name, role=role, language=language, password=owner.password)
        for email, name, role, language in TEAM
    )
    Business.objects.update(
        email="hola@taller-aurora.example",
        postal_address="Carrer de Sueca 41, 46006 València",
    )
    # Whoever tries it at night sees its surveys leave.
    AskingRules.objects.create(pk=1, quiet_until=0, quiet_from=24, asks_on_weekends=True)
    # What `loading` fills in for those who ride.
    add_field(label="Bicicleta", kind=CustomField.Kind.TEXT, by=owner)


def things_to_do(
    clock: Clock, team: Sequence[User], random: Random, known: Sequence[Customer]
) -> Iterator[Task]:
    """Tasks and promises around today, for customers among `known`."""
    ahead, ago = clock.ahead, clock.ago
    # when it is due, promised or not, and whose of the team
    plan = [
        (ahead(0, 20), True, 0),
        (ahead(0, 21), False, 2),
        (ahead(0, 21), True, 3),
        (ago(1, 13), False, 0),
        (ago(3, 18), True, 2),
        (ahead(1), False, 0),
        (ahead(1), True, 1),
        (ahead(2), False, 2),
        (ahead(3), True, 3),
        (ahead(5), False, 1),
        (ahead(8), True, 0),
        (None, False, 0),
    ]
    for due, is_promise, whose in plan:
        title = random.choice(words.PROMISES if is_promise else words.TASKS)
        by = team[whose % len(team)]
        yield Task(
            title=title,
            customer=random.choice(known),
            owner=by,
            due_at=due,
            is_promise=is_promise,
            created_by=by,
            created_at=clock.ago(4),
        )
