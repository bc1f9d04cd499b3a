"""Referral links, and what comes through them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import referrals
from crm.actions.contacts import holder_of
from crm.actions.customers import create_customer
from crm.actions.interactions import log_interaction
from crm.actions.tasks import END_OF_DAY, create_task
from crm.models import Affiliation, Contact, Customer, Interaction, ReferralLink
from staff import audit
from staff.access import Role
from staff.models import Business, User
from staff.refusals import Refusal

# Whose interactions of this source and key were written by the form, so that twice is once.
SOURCE = "referral"


class LinkClosed(Refusal):
    message = gettext_lazy("This link no longer works.")


@transaction.atomic
def close_link(*, customer: Customer, by: User) -> None:
    """It no longer works; who came through it stays. Closed already is closed."""
    _switch(customer, by, timezone.now(), "close")


@transaction.atomic
def open_link(*, customer: Customer, by: User) -> None:
    """Make it, or let it work again at the same address."""
    if referrals.link_of(customer).closed_at is None:
        return
    _switch(customer, by, None, "open")


def _switch(customer: Customer, by: User, closed_at: datetime | None, verb: str) -> None:
    links = ReferralLink.objects.filter(customer=customer)
    if links.filter(closed_at__isnull=closed_at is not None).update(closed_at=closed_at):
        audit.record(by=by, action=f"referral.{verb}", target=customer)


@transaction.atomic
def take_referral(
    *,
    link: ReferralLink,
    name: str,
    email: str = "",
    phone: str = "",
    message: str = "",
    language: str = "",
    once_key: str,
) -> Customer | None:
    """Somebody came through a link: a lead, brought by its customer, and a task to call them.

    Whoever is known by the e-mail already stays who they are: it goes on their timeline. The
    customer themselves makes nothing (None). The same `once_key` again changes nothing. Raises
    LinkClosed, NotAnEmail, NotAPhone or NameMissing.
    """
    link = ReferralLink.objects.select_for_update().get(pk=link.pk)
    if link.closed_at is not None:
        raise LinkClosed
    told = Interaction.objects.filter(external_source=SOURCE, external_id=once_key)
    if before := told.select_related("customer").first():
        return before.customer
    referrer, business = link.customer, Business.objects.get(pk=1)
    holder = holder_of(email) if email else None
    customer = _customer_of(holder) if holder else None
    if customer == referrer:
        return None
    # What stays in the books is in the business's language.
    with translation.override(business.language), timezone.override(business.zone):
        if customer is None:
            customer = create_customer(
                name=name,
                email=email,
                phone=phone,
                language=language,
                source=SOURCE,
                referred_by=referrer,
                by=None,
            )
            brought = _("Brought %(name)s") % {"name": customer.name}
            # Not a word of theirs: it does not count as contact.
            _log(referrer, brought, direction=Interaction.Direction.NONE)
        summary = _("Came through the link of %(name)s") % {"name": referrer.name}
        _log(customer, summary, body=message, contact=holder, once_key=once_key)
        _ask_to_call(customer, referrer)
    return customer


def _customer_of(contact: Contact) -> Customer | None:
    places = Affiliation.objects.filter(contact=contact, until=None).select_related("customer")
    first = places.order_by("-is_primary", "pk").first()
    return first.customer if first else None


def _log(
    customer: Customer,
    summary: str,
    *,
    body: str = "",
    contact: Contact | None = None,
    once_key: str = "",
    direction: str = Interaction.Direction.IN,
) -> None:
    log_interaction(
        customer=customer,
        kind=Interaction.Kind.REFERRAL,
        direction=direction,
        by=None,
        summary=summary,
        body=body,
        contact=contact,
        external_source=SOURCE if once_key else "",
        external_id=once_key,
    )


def _ask_to_call(customer: Customer, referrer: Customer) -> None:
    """Whoever looks after one of them, else the longest-serving owner of the business."""
    owner = customer.owner or referrer.owner
    if owner is None or not owner.is_active:
        people = User.objects.filter(is_active=True)
        owner = people.filter(role=Role.OWNER).order_by("pk").first()
    tomorrow = timezone.localdate() + timedelta(days=1)
    create_task(
        title=_("Get in touch: %(name)s, brought by %(referrer)s")
        % {"name": customer.name, "referrer": referrer.name},
        customer=customer,
        owner=owner,
        due_at=datetime.combine(tomorrow, END_OF_DAY, tzinfo=timezone.get_current_timezone()),
        by=None,
    )
