"""A mail of thanks to whoever is happy, with a referral link of their own."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from crm.actions.interactions import log_interaction
from crm.models import Customer, Interaction
from mail.actions import queue_email
from mail.models import OutgoingEmail, Suppression
from staff.models import Business
from support.actions.tickets import address_of
from surveys.models import FollowUp, Response
from surveys.thanks_mail import draft_of

# Who answers often is not thanked each time.
PAUSE = timedelta(days=90)


def thank(response: Response) -> datetime | None:
    """When the mail was put into the outbox; None: they have no address, left, or were thanked lately.

    Inside the caller's transaction; the mail's key makes it once per answer.
    """
    business = Business.current()
    if business is None or response.customer is None or _thanked_lately(response):
        return None
    address = _address(response)
    if not address or _has_left(address):
        return None
    name = "" if response.contact is None else response.contact.name
    if response.customer.kind == Customer.Kind.COMPANY and name == response.customer.name:
        name = ""  # nobody is greeted by a company's name
    queue_email(draft_of(response, business=business, address=address, name=name))
    with override(business.language):
        log_interaction(
            customer=response.customer,
            contact=response.contact,
            kind=Interaction.Kind.OUTREACH,
            direction=Interaction.Direction.OUT,
            channel="email",
            summary=_("Thanked for their answer, with their referral link"),
            by=None,
        )
    return timezone.now()


def _thanked_lately(response: Response) -> bool:
    recent = FollowUp.objects.filter(thanked_at__gt=timezone.now() - PAUSE)
    if response.contact_id is not None:
        return recent.filter(response__contact=response.contact_id).exists()
    return recent.filter(response__customer=response.customer_id).exists()


def _address(response: Response) -> str:
    """Where the survey went, if it went anywhere."""
    if response.contact is None or response.contact.erased_at is not None:
        return ""
    if response.invitation is not None:
        return response.invitation.address
    return address_of(response.contact)


def _has_left(address: str) -> bool:
    stream = OutgoingEmail.Stream.SURVEYS
    return bool(Suppression.objects.suppressed_addresses(stream, [address]))
