"""Answers of whoever opens the public page, stands at the kiosk or meets the widget: no customer's."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from staff.refusals import Refusal
from staff.tokens import hashed, new_token
from surveys import agents
from surveys.actions.answering import (
    AlreadyAnswered,
    Confirmation,
    Outcome,
    change,
    may_change,
    new_response,
)
from surveys.models import Response, Survey
from surveys.tokens import PUBLIC_OLDEST, Rendered

# Makes a form that was pressed twice one answer, by the constraint on what is known elsewhere.
SOURCE = "public form"


class AlreadySent(Refusal):
    """This very form was sent before, and nothing tells any more which answer it became."""


@dataclass(frozen=True)
class Sent:
    """A public form as it came in; `is_crowd` when many come from where it came from."""

    said: Confirmation
    rendered: Rendered
    language: str
    is_crowd: bool = False


def confirm_public(*, survey: Survey, sent: Sent, given: Response | None = None) -> Outcome:
    """Take an answer that belongs to no customer, or hold what no person sent.

    `given` is the answer of this browser so far: it is changed within a day, else it raises
    AlreadyAnswered. The same form again is the same answer, or raises AlreadySent.
    """
    now = timezone.now()
    if given is not None:
        if not may_change(given, sent.said.secret, now) or sent.said.hidden_field:
            raise AlreadyAnswered
        with transaction.atomic():
            return Outcome(change(given, sent.said, now))
    response = new_response(survey, sent.said, now)
    response.version_id = sent.rendered.version_id
    response.origin = sent.rendered.origin
    response.language = sent.language
    if reason := _suspicion(sent):
        response.validity, response.validity_reason = Response.Validity.HELD, reason
    return _keep_anonymous(response, sent) if response.is_anonymous else _keep(response, sent)


def _suspicion(sent: Sent) -> str:
    """Why this was probably sent by a program; blank: a person did."""
    if sent.said.hidden_field:
        return "hidden_field"
    if sent.said.agent in agents.SCANNERS:
        return "scanner_agent"
    if sent.is_crowd:
        return "many_answers"
    return "too_fast" if sent.rendered.is_fresh else ""


def _keep(response: Response, sent: Sent) -> Outcome:
    secret = new_token(192)
    response.edit_hash = hashed(secret)
    response.external_source, response.external_id = SOURCE, sent.rendered.key
    try:
        with transaction.atomic():
            response.save(force_insert=True)
    except IntegrityError:
        # Pressed twice: the browser shows what the second press brings, so that gets the secret.
        with transaction.atomic():
            first = Response.objects.select_for_update().get(
                external_source=SOURCE, external_id=sent.rendered.key
            )
            first.edit_hash = hashed(secret)
            first.save(update_fields=["edit_hash"])
        return Outcome(first, secret)
    return Outcome(response, secret)


def _keep_anonymous(response: Response, sent: Sent) -> Outcome:
    """Nothing in the row may tell which form it was; that it was sent is remembered elsewhere."""
    key = f"surveys.sent:{sent.rendered.key}"
    if not cache.add(key, "sent", timeout=PUBLIC_OLDEST.total_seconds()):
        raise AlreadySent
    try:
        response.save(force_insert=True)
    except Exception:
        cache.delete(key)
        raise
    return Outcome(response)
