"""Who they are: drawn at random, but as people in Valencia are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import TypeVar

from crm.folding import fold
from metrics.demo import words

Choice = TypeVar("Choice")

# How often they come (mean days between purchases), and how likely each purchase is the last.
HABITS = (
    ("loyal", 26, 55, 0.025),
    ("regular", 42, 92, 0.045),
    ("occasional", 20, 140, 0.1),
    ("once", 12, 0, 1.0),
)
NEVER_BUY = 0.22
COMPANIES = 0.1
DOMAINS = ("correo.example", "buzon.example", "mail.example", "turia.example")


def weighted(random: Random, options: Sequence[tuple[Choice, int]]) -> Choice:
    values, weights = zip(*options, strict=True)
    found: Choice = random.choices(values, weights)[0]
    return found


@dataclass(slots=True)
class Person:
    """A customer to be, and the person whom one reaches there."""

    number: int
    is_company: bool
    name: str
    contact_name: str
    language: str
    email: str
    phone: str
    city: str
    source: str
    birthday: date | None
    tags: list[str]
    bicycle: str
    mean_gap: float
    last_chance: float
    buys: bool
    # How they feel in general: added to the chance of a high score.
    warmth: float


def draw(random: Random, number: int, taken: set[str]) -> Person:
    """`taken` holds the addresses given out in this batch, which stay unique by the number."""
    language = random.choices(("es", "pt-br", "en"), (72, 14, 14))[0]
    first = random.choice(words.FIRST_NAMES[language])
    surnames = random.sample(words.SURNAMES[language], 2)
    contact = f"{first} {surnames[0]}"
    if language == "es":
        contact = f"{first} {' '.join(surnames)}"
    is_company = random.random() < COMPANIES
    name = company(random, number) if is_company else contact
    habit = weighted(random, [(habit, habit[1]) for habit in HABITS])
    if is_company:
        habit = HABITS[0]
    tags = random.sample(words.TAGS[:6], random.choices((0, 1, 2), (40, 45, 15))[0])
    if is_company:
        tags = ["flota", *tags[:1]]
    return Person(
        number=number,
        is_company=is_company,
        name=name,
        contact_name=contact,
        language=language,
        email=address(random, contact if not is_company else "", name, number, taken),
        phone=f"+346{random.randint(0, 99_999_999):08}" if random.random() < 0.9 else "",
        city=weighted(random, words.CITIES),
        source=weighted(random, words.SOURCES),
        birthday=birthday(random) if not is_company and random.random() < 0.45 else None,
        tags=tags,
        bicycle=random.choice(words.BICYCLES) if random.random() < 0.5 else "",
        mean_gap=habit[2],
        last_chance=habit[3],
        buys=is_company or random.random() > NEVER_BUY,
        warmth=random.gauss(0, 0.12),
    )


def company(random: Random, number: int) -> str:
    name = random.choice(words.COMPANIES).format(random.choice(words.COMPANY_NAMES))
    return name if number < 1000 else f"{name} {number}"


def address(random: Random, contact: str, company_name: str, number: int, taken: set[str]) -> str:
    """A person's own, or with a blank `contact` a company's; one in eight has none."""
    if random.random() < 0.12:
        return ""
    if contact:
        local = ".".join(fold(contact).split()[:2])
        domain = random.choice(DOMAINS)
    else:
        local, domain = "hola", fold(company_name).replace(" ", "-") + ".example"
    email = f"{local}@{domain}"
    if number >= 1000 or email in taken:
        email = f"{local}{number}@{domain}"
    taken.add(email)
    return email


def birthday(random: Random) -> date:
    return date(random.randint(1955, 2004), random.randint(1, 12), random.randint(1, 28))
