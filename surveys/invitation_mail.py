"""An invitation as a mail: the question itself, each score a link to the answer page.

The templates run once per version, language and sending business; each recipient's own parts
(link, name, date) are then put in as plain text, so a thousand mails cost hardly more than one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from html import escape

from babel.dates import format_date
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import to_locale

from crm.models import Customer
from mail.drafts import UNSUBSCRIBE, Draft
from mail.letterhead import frame
from mail.models import Mailbox, OutgoingEmail
from staff.models import Business
from support.reply_keys import read_mailboxes, reply_address
from surveys import texts
from surveys.models import Invitation, Survey, SurveyVersion
from surveys.replies import reply_key

# Stand for a recipient's own parts while the templates run: no person writes these characters.
LINK, GREETING, UNTIL = "\ue000link\ue000", "\ue000greeting\ue000", "\ue000until\ue000"
# How the once_key of either mail ends.
FIRST, REMINDER = ":first", ":reminder"


@dataclass(frozen=True)
class Body:
    """One mail without its recipient."""

    subject: str
    text: str
    html: str


@dataclass
class Renderer:
    """Renders the mails of one business; keeps what is the same for all who are asked alike."""

    business: Business
    _bodies: dict[tuple[int, str, bool], Body] = field(default_factory=dict)
    _dates: dict[tuple[datetime, str], str] = field(default_factory=dict)

    def draft(self, invitation: Invitation, token: str) -> Draft:
        """`invitation` needs its run, survey, customer and contact loaded."""
        return self._draft(invitation, token, is_reminder=False)

    def reminder(self, invitation: Invitation, token: str, *, first: str) -> Draft:
        """The same question once more, in the thread of the mail with the Message-ID `first`."""
        draft = self._draft(invitation, token, is_reminder=True)
        return replace(draft, headers={"In-Reply-To": first, "References": first})

    def _draft(self, invitation: Invitation, token: str, *, is_reminder: bool) -> Draft:
        language = invitation.language
        body = self._body(invitation.run.version, invitation.survey, language, is_reminder)
        link = answer_url(token)
        greeting = greeting_of(language, name_of(invitation))
        until = self._date(invitation.expires_at, language)
        # By which a reply finds back; who answers anonymously would give themselves away by one.
        key = "" if invitation.survey.is_anonymous else reply_key(invitation)
        return Draft(
            stream=OutgoingEmail.Stream.SURVEYS,
            to_address=invitation.address,
            to_name=invitation.contact.name,
            subject=body.subject,
            text=body.text.replace(LINK, link).replace(GREETING, greeting).replace(UNTIL, until),
            html=body.html.replace(LINK, link)
            .replace(GREETING, escape(greeting))
            .replace(UNTIL, escape(until)),
            language=language,
            about=("surveys.invitation", invitation.pk),
            thread_key=key,
            reply_to=reply_address(self._mailbox, key) if key else "",
            once_key=f"surveys.invitation:{invitation.pk}{REMINDER if is_reminder else FIRST}",
            expires_at=invitation.expires_at,
        )

    @cached_property
    def _mailbox(self) -> Mailbox | None:
        return next(iter(read_mailboxes().values()), None)

    def _body(
        self,
        version: SurveyVersion,
        survey: Survey,
        language: str,
        is_reminder: bool,
    ) -> Body:
        key = (version.pk, language, is_reminder)
        if key not in self._bodies:
            self._bodies[key] = body_of(
                business=self.business,
                survey=survey,
                version=version,
                language=language,
                is_reminder=is_reminder,
            )
        return self._bodies[key]

    def _date(self, instant: datetime, language: str) -> str:
        key = (instant, language)
        if key not in self._dates:
            day = timezone.localtime(instant, self.business.zone).date()
            self._dates[key] = str(format_date(day, "long", locale=to_locale(language)))
        return self._dates[key]


def answer_url(token: str) -> str:
    return str(settings.BASE_URL) + reverse("surveys:answer", args=[token])


def greeting_of(language: str, name: str) -> str:
    """ "Hello Ana," by the first word of the name, or without a name."""
    words = texts.MAIL[language]
    first, *_others = name.split() or [""]
    return words.greeting.replace("{name}", first) if first else words.greeting_unnamed


def name_of(invitation: Invitation) -> str:
    """Whom to greet: nobody by a company's name."""
    customer, name = invitation.customer, invitation.contact.name
    return "" if customer.kind == Customer.Kind.COMPANY and name == customer.name else name


def body_of(
    *,
    business: Business,
    survey: Survey,
    version: SurveyVersion,
    language: str,
    is_reminder: bool = False,
) -> Body:
    own = texts.of_version(version, survey.kind, language).named(business.name)
    words = texts.MAIL[language]
    if is_reminder:
        own = replace(own, intro=words.reminder)
    low, high = survey.scale
    context = {
        **frame(business, survey.colour),
        "language": language,
        "subject": own.subject,
        "texts": own,
        "words": words,
        "why": words.why.replace("{business}", business.name),
        "valid": words.valid.replace("{date}", UNTIL),
        "greeting": GREETING,
        "link": LINK,
        "scores": range(low, high + 1),
        "low": low,
        "high": high,
        "unsubscribe": UNSUBSCRIBE,
    }
    return Body(
        subject=own.subject,
        text=render_to_string("surveys/mail/invitation.txt", context),
        html=render_to_string("surveys/mail/invitation.html", context),
    )


def sample(body: Body, *, language: str, name: str, until: str, link: str = "#") -> Body:
    """The mail as `name` would get it, with links that lead nowhere: for a look before sending."""
    greeting = greeting_of(language, name)
    text = body.text.replace(GREETING, greeting).replace(UNTIL, until).replace(LINK, link)
    html = body.html.replace(GREETING, escape(greeting)).replace(UNTIL, escape(until))
    html = html.replace(LINK, link).replace(UNSUBSCRIBE, "#")
    return Body(body.subject, text.replace(UNSUBSCRIBE, "#"), html)
