"""What a business arranges for itself over two years: fields of its own, tiers, segments, links, doubts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random

from django.utils import translation
from django.utils.translation import gettext as _

from crm import duplicates, loyalty, search
from crm.actions.custom_fields import add_field
from crm.actions.interactions import log_interactions_bulk
from crm.actions.loyalty import create_tier
from crm.actions.referrals import SOURCE
from crm.actions.segments import save_segment
from crm.folding import fold
from crm.models import (
    Contact,
    ContactPoint,
    Customer,
    CustomField,
    Interaction,
    LoyaltyTier,
    ReferralLink,
    Tag,
)
from metrics.demo.clock import Clock
from staff.bulk import save_columns
from staff.models import Business, User

# Of the first of them; in a large demo the others have what its copies need.
KNOWN = 1000
SIZES = ("S", "M", "L", "XL")
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
LINKS, BROUGHT, TWINS = 12, 6, 6
# Seconds for looking for duplicates: the worker looks at the rest.
LOOKING = 2


@dataclass
class Room:
    """`known`: customers with a history, the oldest first."""

    clock: Clock
    business: Business
    team: Sequence[User]
    seed: int
    known: list[Customer] = field(init=False)

    def write(self) -> None:
        self.known = list(Customer.objects.order_by("pk")[:KNOWN])
        with translation.override(self.business.language):
            self._fields(Random(f"{self.seed}:fields"))
            self._twins(Random(f"{self.seed}:twins"))
            self._tiers()
            self._segments()
            self._links(Random(f"{self.seed}:links"))

    # --- Fields of one's own ---------------------------------------------------------------

    def _fields(self, random: Random) -> None:
        by, kinds = self.team[0], CustomField.Kind
        size = add_field(label="Talla", kind=kinds.CHOICE, choices=SIZES, by=by)
        length = add_field(label="Kilómetros al año", kind=kinds.NUMBER, by=by)
        check = add_field(label="Próxima revisión", kind=kinds.DATE, by=by)
        fetched = add_field(label="Recogemos la bici en casa", kind=kinds.YES_NO, by=by)
        riders = [one for one in self.known if "bicicleta" in one.custom]
        for rider in riders:
            rider.custom[size.key] = random.choices(SIZES, (20, 40, 30, 10))[0]
            if random.random() < 0.5:
                rider.custom[length.key] = str(random.randrange(3, 60) * 100)
            if random.random() < 0.4:
                day = self.clock.today + timedelta(days=random.randrange(-20, 120))
                rider.custom[check.key] = day.isoformat()
            if random.random() < 0.15:
                rider.custom[fetched.key] = True
        save_columns(riders, ["custom"])

    # --- Loyalty and segments --------------------------------------------------------------

    def _tiers(self) -> None:
        by = self.team[0]
        create_tier(name="Amigo del taller", min_tenure_days=180, by=by)
        create_tier(name="Rueda de plata", min_tenure_days=365, min_income=Decimal(150), by=by)
        create_tier(name="Rueda de oro", min_income=Decimal(600), by=by)
        loyalty.follow([one.pk for one in self.known], now=self.clock.now)
        if len(self.known) < KNOWN:
            LoyaltyTier.objects.update(applied_at=self.clock.now)

    def _segments(self) -> None:
        owner, manager, agent = (self.team[place % len(self.team)] for place in (0, 1, 2))
        gold = LoyaltyTier.objects.get(name="Rueda de oro")
        electric = Tag.objects.get(folded=fold("eléctrica"))
        for name, query, by, is_shared in (
            ("Ruedas de oro", f"tier={gold.pk}", owner, True),
            ("Flotas", "kind=company&stage=customer", manager, True),
            ("Sin noticias desde hace 90 días", "stage=customer&quiet=90", owner, True),
            ("Eléctricas que llevo yo", f"tag={electric.pk}&owner={agent.pk}", agent, False),
        ):
            save_segment(name=name, query=query, by=by, is_shared=is_shared)

    # --- Who brings whom -------------------------------------------------------------------

    def _links(self, random: Random) -> None:
        """Those who brought most have a link; some whom they brought came through it."""
        known = {one.pk: one for one in self.known}
        brought = [one for one in self.known if one.referred_by_id in known]
        referrers = list(dict.fromkeys(one.referred_by_id for one in brought))[:LINKS]
        ReferralLink.objects.bulk_create(
            ReferralLink(
                customer_id=pk,
                slug="".join(random.choices(LETTERS, k=10)),
                created_at=known[pk].created_at,
            )
            for pk in referrers
            if pk is not None
        )
        came = [one for one in brought if one.referred_by_id in referrers][-BROUGHT:]
        log_interactions_bulk(
            told for one in came for told in self._told(one, known[one.referred_by_id or 0])
        )

    def _told(self, one: Customer, referrer: Customer) -> list[Interaction]:
        words = {
            one.pk: _("Came through the link of %(name)s") % {"name": referrer.name},
            referrer.pk: _("Brought %(name)s") % {"name": one.name},
        }
        return [
            Interaction(
                customer_id=pk,
                kind=Interaction.Kind.REFERRAL,
                direction=Interaction.Direction.IN if pk == one.pk else "",
                occurred_at=one.created_at,
                created_at=one.created_at,
                summary=summary,
                external_source=SOURCE if pk == one.pk else "",
                external_id=f"demo-{one.pk}" if pk == one.pk else "",
            )
            for pk, summary in words.items()
        ]

    # --- Written down twice ----------------------------------------------------------------

    def _twins(self, random: Random) -> None:
        """Leads who are customers under another spelling: the queue of duplicates has them to find."""
        people = [one for one in self.known if one.kind == Customer.Kind.PERSON and one.city]
        points = ContactPoint.objects.filter(
            kind=ContactPoint.Kind.PHONE, contact__customers__in=[one.pk for one in people]
        )
        phones = dict(points.values_list("contact__customers", "value"))
        bought = [
            one for one in people if one.stage == Customer.Stage.CUSTOMER and one.pk in phones
        ]
        leads = [one for one in people if one.stage == Customer.Stage.LEAD]
        both = min(TWINS, len(bought), len(leads))
        twins = list(zip(random.sample(bought, both), random.sample(leads, both), strict=True))
        for place, (one, lead) in enumerate(twins):
            lead.name = spelt_otherwise(one.name, place)
            lead.name_folded, lead.city = fold(lead.name)[:200], one.city
            Contact.objects.filter(customers=lead).update(name=lead.name, language=one.language)
            held = ContactPoint.objects.filter(contact__customers=lead)
            held.filter(kind=ContactPoint.Kind.PHONE).update(value=phones[one.pk])
        changed = [lead for _one, lead in twins]
        save_columns(changed, ["name", "name_folded", "city"])
        search.index([lead.pk for lead in changed])
        duplicates.search(LOOKING)


def spelt_otherwise(name: str, place: int) -> str:
    """As somebody in a hurry writes it: without accents, in capitals, surname first or last one left out."""
    first, *others = name.split()
    ways = (
        fold(name).title(),
        name.upper(),
        " ".join([*others, first]),
        " ".join([first, *others[:1]]),
    )
    return ways[place % len(ways)]
