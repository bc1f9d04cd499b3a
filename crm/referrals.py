"""A customer's own link: who comes through it was brought by them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm import registry
from crm.merging import customer_of_referral_link
from crm.models import Customer, ReferralLink

# Nothing that sounds or looks like something else: links are said on the phone, too.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 10


def link_of(customer: Customer) -> ReferralLink:
    """Their link, made when first asked for; closed ones stay closed."""
    link = ReferralLink.objects.filter(customer=customer).first()
    while link is None:
        try:
            with transaction.atomic():
                link = ReferralLink.objects.create(customer=customer, slug=new_slug())
        except IntegrityError:  # made a moment ago by somebody else, or one in 10^14
            link = ReferralLink.objects.filter(customer=customer).first()
    return link


def find(slug: str) -> ReferralLink | None:
    """The link of this address, also of a customer who was merged into another one."""
    links = ReferralLink.objects.select_related("customer")
    link = links.filter(slug=slug).first()
    if link is None:
        link = links.filter(customer=customer_of_referral_link(slug)).first()
    return link


def urls_of(customer_ids: Iterable[int]) -> dict[int, str]:
    """The links of many at once, made where there were none; closed ones are left out."""
    wanted = set(customer_ids)
    there = ReferralLink.objects.filter(customer__in=wanted)
    missing = wanted - set(there.values_list("customer_id", flat=True))
    ReferralLink.objects.bulk_create(
        [ReferralLink(customer_id=pk, slug=new_slug()) for pk in sorted(missing)],
        ignore_conflicts=True,  # made a moment ago by somebody else
    )
    return {link.customer_id: url_of(link) for link in there.filter(closed_at=None)}


def new_slug() -> str:
    return "".join(secrets.choice(ALPHABET) for _n in range(LENGTH))


def url_of(link: ReferralLink) -> str:
    """Always below BASE_URL: what a browser calls this server proves nothing."""
    return f"{settings.BASE_URL}{reverse('crm:refer', args=[link.slug])}"


def shown_name(customer: Customer) -> str:
    """What strangers read: a person's first name, a company's whole one."""
    if customer.kind == Customer.Kind.COMPANY:
        return customer.name
    return customer.name.split()[0]


def page_of(customer: Customer) -> str:
    return reverse("crm:referral", args=[customer.pk])


def register() -> None:
    """Called from CrmConfig.ready."""
    registry.CUSTOMER_ACTIONS.register(
        registry.CustomerAction("crm.referral", _("Referral link"), page_of, order=60)
    )
