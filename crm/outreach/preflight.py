"""What is looked at before an outreach leaves: each check says in words what it found."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.models import Outreach
from crm.outreach.audience import Preview
from mail.delivery import is_held, seconds_per_message
from staff.models import Business


@dataclass(frozen=True)
class Check:
    """`tone` is good, watch or bad; what is bad should be put right before sending."""

    tone: str
    text: str


def checks(*, outreach: Outreach, business: Business, preview: Preview) -> list[Check]:
    return [
        _server(preview.written),
        Check("good", _("Every e-mail says how to get no more of them.")),
        _consent(outreach, business),
        _sender(business),
        _address(business),
    ]


def _server(readers: int) -> Check:
    if is_held():
        return Check(
            "watch",
            _("No mail server is set up. The e-mails wait in the outbox, where you can read them."),
        )
    minutes = ceil(readers * seconds_per_message() / 60)
    words = ngettext(
        "The mail server is set up: the e-mails leave within about %(minutes)s minute.",
        "The mail server is set up: the e-mails leave within about %(minutes)s minutes.",
        minutes,
    )
    return Check("good", words % {"minutes": number_format(minutes)})


def _consent(outreach: Outreach, business: Business) -> Check:
    if outreach.purpose == Outreach.Purpose.CHANGE:
        words = _("A change that concerns them may be told without consent. Offers may not.")
        return Check("watch", words)
    words = ngettext(
        "Only those who agreed to news get it, and nobody twice within %(days)s day.",
        "Only those who agreed to news get it, and nobody twice within %(days)s days.",
        business.outreach_pause_days,
    )
    return Check("good", words % {"days": business.outreach_pause_days})


def _sender(business: Business) -> Check:
    if business.email:
        return Check("good", _("The sender is %(address)s.") % {"address": business.email})
    return Check("watch", _("There is no sender address yet. Give one in the settings."))


def _address(business: Business) -> Check:
    if business.postal_address:
        return Check("good", _("Your postal address stands at its foot."))
    return Check("watch", _("There is no postal address yet. Many countries require one."))
