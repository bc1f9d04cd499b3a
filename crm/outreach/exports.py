"""The messages of outreach as a file: who got what, who was left out and why, what came of it."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.exports.lists import words
from crm.exports.looks import Person
from crm.models import OutreachMessage
from crm.outreach.results import KINDS
from mail.models import OutgoingEmail
from staff.exports import Column, ExportList, column, register


def messages(query: QueryDict, _user: Person) -> Any:
    """As the page of an outreach filters them; of all outreach without one."""
    found = OutreachMessage.objects.all()
    outreach, kind, reason = (query.get(name, "") for name in ("outreach", "kind", "reason"))
    if outreach:
        usable = outreach.isdecimal() and len(outreach) < 19
        found = found.filter(outreach=int(outreach)) if usable else found.none()
    if kind in KINDS:
        found = found.filter(KINDS[kind])
    return found.filter(reason=reason) if reason else found


def columns(_query: QueryDict, _user: Person) -> list[Column]:
    return [
        column("outreach", _("Outreach"), "outreach__name"),
        column("customer", _("Customer"), "customer__name"),
        column("contact", _("Contact"), "contact__name"),
        column("language", _("Language")),
        column("state", _("State"), show=words(OutreachMessage.State.choices)),
        column("reason", _("Reason"), show=words(OutreachMessage.Reason.choices)),
        column(
            "mail",
            _("State of the e-mail"),
            "outgoing__state",
            show=words(OutgoingEmail.State.choices),
        ),
        column("queued_at", pgettext_lazy("outreach", "Written")),
        column("answered_at", pgettext_lazy("outreach", "Answered")),
        column("came_back_at", _("Came back")),
    ]


def register_list() -> None:
    """Called from CrmConfig.ready."""
    register(ExportList("outreach_messages", _("messages of ours"), messages, columns))
