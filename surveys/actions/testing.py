"""The mail of a survey to whoever wants to see it in their own mailbox before customers do."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mail.actions import queue_email
from mail.drafts import Draft
from mail.models import OutgoingEmail
from staff.access import Role
from staff.models import Business, User
from staff.refusals import Refusal
from surveys import preflight
from surveys.actions.surveys import latest_version
from surveys.models import Survey

# So many in so long: a test is for a look, not for a sending.
MOST, WITHIN = 10, timedelta(hours=1)
ABOUT = "surveys.survey"


class TestedOften(Refusal):
    message = gettext_lazy("That were ten tests within an hour. Wait a little before the next one.")


def can_test(user: User) -> bool:
    return user.has_role(Role.AGENT)


@transaction.atomic
def send_test(*, survey: Survey, language: str, by: User) -> OutgoingEmail:
    """Queue the mail, in this language, to the one who asks for it. Its scores lead to a look at
    the answer page, where nothing counts. Raises TestedOften."""
    business = Business.objects.get(pk=1)
    sent = OutgoingEmail.objects.about(ABOUT, [survey.pk]).filter(
        to_address=by.email, created_at__gt=timezone.now() - WITHIN
    )
    if sent.count() >= MOST:
        raise TestedOften
    body = preflight.sample(
        business=business,
        survey=survey,
        version=latest_version(survey),
        language=language,
        name=by.name,
        link=_look(survey, language),
    )
    draft = Draft(
        stream=OutgoingEmail.Stream.ACCOUNT,
        to_address=by.email,
        to_name=by.name,
        subject=_("Test: %(subject)s") % {"subject": body.subject},
        text=body.text,
        html=body.html,
        language=language,
        about=(ABOUT, survey.pk),
    )
    return queue_email(draft)


def _look(survey: Survey, language: str) -> str:
    return f"{settings.BASE_URL}{reverse('surveys:answer-look', args=[survey.pk, language])}"
