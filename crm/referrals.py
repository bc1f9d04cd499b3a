"""A customer's own link: who comes through it was brought by them."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm import registry
from crm.models import Customer, ReferralLink

# Nothing that sounds or looks like something else: links are said on the phone, too.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 10


def link_of(customer: Customer) -> ReferralLink:
    """Their link, made when first asked for; closed ones stay closed."""
    link = ReferralLink.objects.filter(customer=customer).first()
    while link is None:
        slug = "".join(secrets.choice(ALPHABET) for _n in range(LENGTH))
        try:
            with transaction.atomic():
                link = ReferralLink.objects.create(customer=customer, slug=slug)
        except IntegrityError:  # made a moment ago by somebody else, or one in 10^14
            link = ReferralLink.objects.filter(customer=customer).first()
    return link


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
