"""Each filter of customers in words; together they read as a sentence about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from crm.models import Customer, LoyaltyTier, Tag
from staff.formats import date_long, money
from staff.models import Business, User


def words_of(name: str, value: Any, *, how: str = "any") -> str:
    """`how` tells what becomes of several tags: any, all or none of them."""
    if name == "tag":
        return _tagged(value, how)
    if name in DAYS:
        return str(DAYS[name]) % {"day": date_long(value)}
    return str(WORDS[name](value))


def _tagged(tags: Sequence[Tag], how: str) -> str:
    quoted = [_("“%(tag)s”") % {"tag": tag} for tag in tags]
    joined = quoted[0]
    for more in quoted[1:]:
        words = _("%(some)s and %(more)s") if how == "all" else _("%(some)s or %(more)s")
        joined = words % {"some": joined, "more": more}
    sentence = _("not tagged %(tags)s") if how == "none" else _("tagged %(tags)s")
    return sentence % {"tags": joined}


def _of(owner: User | str) -> str:
    if owner == "none":
        return _("without an owner")
    return _("looked after by %(name)s") % {"name": owner}


def _tier(tier: LoyaltyTier | str) -> str:
    if tier == "none":
        return _("in no loyalty tier")
    return _("in the tier “%(name)s”") % {"name": tier}


def _quiet(days: Any) -> str:
    number = int(days)
    words = ngettext("quiet for %(days)s day", "quiet for %(days)s days", number)
    return words % {"days": number_format(number)}


def _money(amount: Decimal) -> str:
    business = Business.current()
    return money(amount, business.currency) if business else number_format(amount)


def _language(code: str) -> str:
    names: dict[str, Any] = dict(settings.LANGUAGES)
    return _("who speak %(language)s") % {"language": str(names[code])}


STAGES = {
    Customer.Stage.LEAD: pgettext_lazy("customers", "who are leads"),
    Customer.Stage.CUSTOMER: pgettext_lazy("customers", "who are customers"),
    Customer.Stage.LOST: pgettext_lazy("customers", "who are lost"),
}
KINDS = {
    Customer.Kind.PERSON: pgettext_lazy("customers", "who are persons"),
    Customer.Kind.COMPANY: pgettext_lazy("customers", "which are companies"),
}
DAYS: dict[str, Promise] = {
    "created_from": gettext_lazy("added from %(day)s"),
    "created_to": gettext_lazy("added until %(day)s"),
    "contact_from": gettext_lazy("last contact from %(day)s"),
    "contact_to": gettext_lazy("last contact until %(day)s"),
    "purchase_from": gettext_lazy("last purchase from %(day)s"),
    "purchase_to": gettext_lazy("last purchase until %(day)s"),
    "first_purchase_from": gettext_lazy("first purchase from %(day)s"),
    "first_purchase_to": gettext_lazy("first purchase until %(day)s"),
}
WORDS: dict[str, Callable[[Any], Any]] = {
    "stage": lambda stage: STAGES[stage],
    "owner": _of,
    "source": lambda source: _("found through “%(source)s”") % {"source": source},
    "kind": lambda kind: KINDS[kind],
    "language": _language,
    "city": lambda city: _("in %(city)s") % {"city": city},
    "country": lambda country: _("in %(country)s") % {"country": country},
    "quiet": _quiet,
    "value_min": lambda least: _("at least %(amount)s in 12 months") % {"amount": _money(least)},
    "value_max": lambda most: _("at most %(amount)s in 12 months") % {"amount": _money(most)},
    "bought": lambda value: _("who have bought") if value == "yes" else _("who have never bought"),
    "tier": _tier,
    "deal": lambda value: _("with an open deal") if value == "open" else _("without an open deal"),
    "promise": lambda _value: _("with a late promise"),
    "referred_by": lambda customer: _("referred by %(name)s") % {"name": customer},
    "archived": lambda _value: pgettext("customers", "archived"),
}
