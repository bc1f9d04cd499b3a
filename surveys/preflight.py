"""What is looked at before a survey is sent: each check says in words what it found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from babel.dates import format_date
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, to_locale

from mail.delivery import is_held, seconds_per_message
from mail.drafts import UNSUBSCRIBE
from staff import colour
from staff.models import Business
from staff.templatetags.vinculo import moment
from surveys import invitation_mail
from surveys.asking_hours import leaves_at
from surveys.audience import Preview
from surveys.invitation_mail import Body, body_of
from surveys.models import Survey, SurveyVersion

_LINKS = re.compile(r"[\ue000][^\s\"<]+|\{\{unsubscribe_url\}\}")


@dataclass(frozen=True)
class Check:
    """`tone` is good, watch or bad; what is bad should be put right before sending."""

    tone: str
    text: str


def checks(
    *, business: Business, survey: Survey, version: SurveyVersion, preview: Preview
) -> list[Check]:
    """Whether the mails can leave, be left, be read."""
    bodies = [
        body_of(business=business, survey=survey, version=version, language=language)
        for language in preview.languages
    ]
    return [
        _server(preview.invited),
        *_hours(business),
        _unsubscribe(bodies),
        _links(bodies),
        _contrast(business),
        _sender(business),
    ]


def _server(recipients: int) -> Check:
    if is_held():
        return Check(
            "watch",
            _("No mail server is set up. The e-mails wait in the outbox, where you can read them."),
        )
    minutes = ceil(recipients * seconds_per_message() / 60)
    words = ngettext(
        "The mail server is set up: the e-mails leave within about %(minutes)s minute.",
        "The mail server is set up: the e-mails leave within about %(minutes)s minutes.",
        minutes,
    )
    return Check("good", words % {"minutes": number_format(minutes)})


def _hours(business: Business) -> list[Check]:
    """Nothing to say in the hours in which a survey may leave."""
    now = timezone.now()
    at = leaves_at(business, now)
    if at <= now:
        return []
    words = _("These are quiet hours: the e-mails leave %(when)s.")
    return [Check("watch", words % {"when": moment(at)})]


def _unsubscribe(bodies: list[Body]) -> Check:
    if all(UNSUBSCRIBE in body.text and UNSUBSCRIBE in body.html for body in bodies):
        return Check("good", _("Every e-mail says how to get no more surveys."))
    return Check("bad", _("A link for getting no more surveys is missing."))


def _links(bodies: list[Body]) -> Check:
    if all(set(_LINKS.findall(body.text)) == set(_LINKS.findall(body.html)) for body in bodies):
        return Check("good", _("Every score is a link, the same with and without formatting."))
    return Check("bad", _("The links with and without formatting are not the same."))


def _contrast(business: Business) -> Check:
    if colour.contrast(business.colour, colour.PAPER) >= colour.READABLE:
        return Check("good", _("Your colour can be read on white."))
    shown = colour.readable_on(colour.PAPER, business.colour)
    return Check(
        "watch",
        _("Your colour %(own)s is too faint to be read; customers see %(shown)s instead.")
        % {"own": business.colour, "shown": shown},
    )


def _sender(business: Business) -> Check:
    if business.email:
        return Check("good", _("The sender is %(address)s.") % {"address": business.email})
    return Check("watch", _("There is no sender address yet. Give one in the settings."))


def sample(
    *,
    business: Business,
    survey: Survey,
    version: SurveyVersion,
    language: str,
    name: str,
    link: str = "#",
) -> Body:
    """The real mail in one language, with links that lead nowhere, or all to `link`."""
    until = timezone.localtime(timezone.now() + timedelta(days=survey.expires_after_days)).date()
    body = body_of(business=business, survey=survey, version=version, language=language)
    words = format_date(until, "long", locale=to_locale(language))
    return invitation_mail.sample(body, language=language, name=name, until=words, link=link)
