"""What the board writes: whether an address wants to hear of a suggestion, and that it is done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mail.actions import queue_email, queue_emails
from mail.drafts import Draft
from mail.letterhead import frame
from mail.models import OutgoingEmail
from staff.models import Business
from support.letters import A_WHILE, MOST_IN_A_WHILE, hard_bounced, is_a_persons
from support.models import BoardFollower, Participant, Suggestion, SystemMail, Ticket


def ask_to_confirm(follower: BoardFollower, token: str) -> OutgoingEmail | None:
    """Ask an address that somebody typed in; nothing that a stranger wrote goes with it.

    None where it must not be written to: too much of late, a machine's, one that bounced.
    """
    address = follower.address
    recent = SystemMail.objects.filter(address=address, at__gt=timezone.now() - A_WHILE)
    if not is_a_persons(address) or hard_bounced([address]) or recent.count() >= MOST_IN_A_WHILE:
        return None
    SystemMail.objects.create(address=address)
    link = settings.BASE_URL + reverse("support:board-following", args=[token])
    with translation.override(_language(follower.language)):
        subject = _("Do you want to hear when it is done?")
        draft = _draft("board_confirm", address, subject, {"link": link})
    return queue_email(draft)


def tell_done(suggestion: Suggestion) -> list[OutgoingEmail]:
    """Tell whoever proposed it and whoever follows it that it is done, once each; nothing if it isn't.

    The caller holds the suggestion's row.
    """
    if suggestion.state != Suggestion.State.DONE:
        return []
    languages = dict(_proposers(suggestion))
    followers = list(
        BoardFollower.objects.filter(
            suggestion=suggestion, confirmed_at__isnull=False, told_at=None
        )
    )
    languages |= {one.address: one.language for one in followers}
    link = settings.BASE_URL + reverse("support:public-suggestion", args=[suggestion.pk])
    values = {"link": link, "title": suggestion.title, "answer": suggestion.answer}
    drafts = []
    for address, language in sorted(languages.items()):
        with translation.override(_language(language)):
            subject = _("It is done: %(title)s") % {"title": suggestion.title}
            once = f"support.suggestion:{suggestion.pk}:done:{_short(address)}"
            about = ("support.suggestion", suggestion.pk)
            drafts.append(
                _draft("board_done", address, subject, values, once_key=once, about=about)
            )
    BoardFollower.objects.filter(pk__in=[one.pk for one in followers]).update(
        told_at=timezone.now()
    )
    return queue_emails(drafts)


def _proposers(suggestion: Suggestion) -> Iterator[tuple[str, str]]:
    """(address, language) of those in whose tickets it came, or one that was joined with it."""
    asked = Participant.objects.filter(
        Q(ticket__suggestion=suggestion) | Q(ticket__suggestion__merged_into=suggestion),
        role=Participant.Role.REQUESTER,
        removed_at=None,
    ).exclude(ticket__state=Ticket.State.SPAM)
    for participant in asked.select_related("ticket", "contact"):
        contact = participant.contact
        yield (
            participant.address,
            (contact.language if contact else "") or participant.ticket.language,
        )


def _draft(template: str, address: str, subject: str, values: dict[str, Any], **more: Any) -> Draft:
    business = Business.objects.get(pk=1)
    language = translation.get_language() or business.language
    context = {**frame(business), "language": language, "subject": subject, **values}
    return Draft(
        stream=OutgoingEmail.Stream.REPLIES,
        to_address=address,
        subject=subject,
        text=render_to_string(f"support/mail/{template}.txt", context).strip() + "\n",
        html=render_to_string(f"support/mail/{template}.html", context),
        language=language,
        is_automatic=True,
        **more,
    )


def _language(code: str) -> str:
    known = {one for one, _name in settings.LANGUAGES}
    return code if code in known else Business.objects.values_list("language", flat=True).get(pk=1)


def _short(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:32]
