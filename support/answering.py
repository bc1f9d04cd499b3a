"""Staff who answer from their mail program: what they may cause with their own keyed address.

The key says whose answer it is meant to be; only From of that person's own address makes it one.
Anything else, and anything of which it isn't plain what is new in it, stays inside as a note: a
notice quotes what the customer must not see.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils import translation
from django.utils.translation import gettext as _

from mail.models import InboundEmail
from mail.parsing import ParsedMail, reply_text
from staff.models import User
from staff.refusals import Refusal
from support.actions.conversation import add_note, reply
from support.files import FileDraft
from support.models import Message
from support.reply_keys import Kind
from support.threading import OfStaff

# A quoted line, or the line that our mails begin with.
_QUOTED = re.compile(r"^[^\S\n]*(?:>|[>*|\s]{0,40}##-)", re.MULTILINE)
_SIGNATURE = re.compile(r"\n[^\S\n]*-- ?(?:\n.*)?$", re.DOTALL)


def answer_of_staff(
    inbound: InboundEmail, mail: ParsedMail, place: OfStaff, files: Sequence[FileDraft]
) -> Message:
    """What an answer with somebody's own key becomes; it carries the mail that it came by."""
    user, text = place.user, written(mail)
    with translation.override(user.language or None):
        if not _is_from(mail, user):
            message = _kept(place, mail, files, _not_theirs(user, mail), by=None)
        elif _QUOTED.search(text):
            message = _kept(
                place, mail, files, _("what is new in it can’t be told apart."), by=user
            )
        elif place.key.kind == Kind.STAFF_NOTE:
            message = add_note(ticket=place.ticket, text=text or mail.subject, by=user, files=files)
        else:
            message = _replied(inbound, mail, place, files)
    facts = {"from_name": mail.sender.name[:200], "from_address": mail.sender.address[:254]}
    Message.objects.filter(pk=message.pk).update(inbound=inbound, **facts)
    return message


def written(mail: ParsedMail) -> str:
    """What they wrote, without what it quotes and without their signature."""
    new, _quoted = reply_text(mail.text)
    return _SIGNATURE.sub("", f"\n{new}", count=1).strip()


def _is_from(mail: ParsedMail, user: User) -> bool:
    return {one.address for one in mail.from_addresses} == {user.email}


def _not_theirs(user: User, mail: ParsedMail) -> str:
    return _("it came to %(name)s’s own reply address, but from %(address)s.") % {
        "name": user,
        "address": mail.sender.address or "?",
    }


def _replied(
    inbound: InboundEmail, mail: ParsedMail, place: OfStaff, files: Sequence[FileDraft]
) -> Message:
    """A public reply; when that can't be, a note that says so, and nothing is lost."""
    try:
        return reply(
            ticket=place.ticket,
            text=written(mail),
            by=place.user,
            # What is shown inside a mail is a logo far more often than something for the customer.
            files=[one for one in files if not one.is_inline],
            once_key=f"mail.inbound:{inbound.pk}",
        )
    except Refusal as refusal:
        return _kept(place, mail, files, str(refusal), by=place.user)


def _kept(
    place: OfStaff, mail: ParsedMail, files: Sequence[FileDraft], why: str, *, by: User | None
) -> Message:
    """A note with the whole mail in it."""
    heading = _("This arrived by mail and was not sent to the customer: %(why)s") % {"why": why}
    return add_note(
        ticket=place.ticket, text=f"{heading}\n\n{mail.text.strip()}", by=by, files=files
    )
