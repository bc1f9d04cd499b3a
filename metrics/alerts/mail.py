"""What an alert says by mail, to those who want to be told, each in their own language."""

from __future__ import annotations

from urllib.parse import urljoin

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from mail.actions import queue_emails
from mail.drafts import Draft
from mail.letterhead import frame
from mail.models import OutgoingEmail
from metrics import showing
from metrics.choosing import query_of
from metrics.definitions import Definition
from metrics.models import Alert, AlertEvent
from metrics.periods import Period
from staff.mailing import in_words_of
from staff.models import Business, User

State = Alert.State


def sentence(event: AlertEvent, definition: Definition, period: Period, currency: str) -> str:
    """ "In November 2026 Customer churn was 8.1%, above 5%"."""
    alert = event.alert
    end = alert.low if event.state == State.BELOW else alert.high
    told = {
        "name": definition.name,
        "period": showing.period_name(period),
        "value": showing.figure(definition, event.value, currency),
        "end": showing.figure(definition, None if end is None else float(end), currency),
    }
    if event.state == State.BELOW:
        return (
            _("%(name)s was %(value)s in %(period)s: below the %(end)s that you want at least.")
            % told
        )
    if event.state == State.ABOVE:
        return (
            _("%(name)s was %(value)s in %(period)s: above the %(end)s that you want at most.")
            % told
        )
    return _("%(name)s is back within its band: %(value)s in %(period)s.") % told


def tell(event: AlertEvent, definition: Definition, period: Period, business: Business) -> int:
    """Queue a mail to each who is told, inside the caller's transaction; how many."""
    people = event.alert.told.filter(is_active=True).order_by("pk")
    drafts = [_draft(event, definition, period, business, person) for person in people]
    if drafts:
        queue_emails(drafts)
    return len(drafts)


def _draft(
    event: AlertEvent, definition: Definition, period: Period, business: Business, person: User
) -> Draft:
    with in_words_of(person, business) as language:
        words = sentence(event, definition, period, business.currency)
        if event.state == State.INSIDE:
            subject = _("Back within its band: %(name)s") % {"name": definition.name}
        else:
            subject = _("Outside its band: %(name)s") % {"name": definition.name}
        path = f"{reverse('metrics:metric', args=[definition.kpi])}?{query_of(period)}"
        context = {
            **frame(business),
            "language": language,
            "subject": subject,
            "sentence": words,
            "n": event.n,
            "metric_url": urljoin(settings.BASE_URL, path),
            "alerts_url": urljoin(settings.BASE_URL, reverse("metrics:alert-list")),
        }
        return Draft(
            stream=OutgoingEmail.Stream.ACCOUNT,
            to_address=person.email,
            to_name=person.name,
            subject=subject,
            text=render_to_string("metrics/mail/alert.txt", context).strip() + "\n",
            html=render_to_string("metrics/mail/alert.html", context),
            language=language,
            is_automatic=True,
            once_key=f"metrics.alert:{event.pk}:{person.pk}",
        )
