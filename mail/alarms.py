"""What a stopped sender is told of: to the owners by mail, on the health page, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mail import actions
from mail.drafts import Draft
from mail.models import OutgoingEmail, SenderGate
from staff import health
from staff.access import Role
from staff.formats import moment, number
from staff.health import Finding
from staff.mailing import in_words_of
from staff.models import Business, User


def register() -> None:
    health.register("mail_senders", gettext_lazy("Senders"), look)


@dataclass(frozen=True)
class Alarm:
    """A sender that stands still, and why, in a sentence."""

    address: str
    why: str


def standing() -> list[Alarm]:
    return [Alarm(gate.address, why(gate)) for gate in SenderGate.objects.exclude(paused_at=None)]


def look() -> Finding:
    paused = standing()
    if not paused:
        return Finding(ok=True, detail=_("No sender stands still."))
    return Finding(
        ok=False,
        detail=" ".join(f"{alarm.address}: {alarm.why}" for alarm in paused),
        advice=_("Look at the outbox: find out which addresses came back, then let it go on."),
    )


def why(gate: SenderGate) -> str:
    """Why it stands still, since when, in a sentence; blank when it doesn't."""
    if gate.paused_at is None:
        return ""
    facts = {
        "when": moment(gate.paused_at),
        "sent": number(gate.pause_facts.get("sent", 0)),
        "bounced": number(gate.pause_facts.get("bounced", 0)),
        "complained": number(gate.pause_facts.get("complained", 0)),
    }
    if gate.pause_reason == SenderGate.Pause.BOUNCES:
        words = _("Of %(sent)s messages %(bounced)s came back. Paused since %(when)s.")
    elif gate.pause_reason == SenderGate.Pause.COMPLAINTS:
        words = _("Of %(sent)s messages %(complained)s were marked as spam. Paused since %(when)s.")
    else:
        words = _("Somebody paused it. Paused since %(when)s.")
    return words % facts


def tell_owners(gate: SenderGate) -> None:
    """One mail to each owner; it is account mail, which no pause holds back."""
    business = Business.objects.get(pk=1)
    owners = User.objects.filter(role=Role.OWNER, is_active=True)
    actions.queue_emails([_draft(gate, owner, business) for owner in owners])


def _draft(gate: SenderGate, owner: User, business: Business) -> Draft:
    with in_words_of(owner, business) as language:
        outbox = settings.BASE_URL + reverse("mail:outbox")
        parts = [
            _("Surveys and outreach from %(address)s are paused.") % {"address": gate.address},
            why(gate),
            _("Replies and account mail still leave."),
            _("Sending on would make other mail servers distrust everything you write."),
            _("See what came back, and let it go on:") + f"\n{outbox}",
        ]
        return Draft(
            stream=OutgoingEmail.Stream.ACCOUNT,
            to_address=owner.email,
            to_name=owner.name,
            subject=_("Mail from %(address)s is paused") % {"address": gate.address},
            text="\n\n".join(parts) + "\n",
            language=language,
            is_automatic=True,
            once_key=f"mail.sendergate:{gate.pk}:{gate.paused_at:%Y%m%d%H%M%S%f}:{owner.pk}",
        )
