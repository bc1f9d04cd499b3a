"""Whether mail comes in: the question of the health page and `doctor`."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mail import imap
from mail.models import InboundEmail, Mailbox, WebhookDelivery
from staff import health
from staff.formats import moment, number
from staff.health import Finding

# A server that is away for a moment is nobody's business.
PATIENCE = timedelta(minutes=5)
# Stored mail that nobody has sorted after so long: no worker does it.
STUCK = timedelta(minutes=10)


def register() -> None:
    health.register("mail_in", gettext_lazy("Incoming mail"), look)


def look() -> Finding:
    """Each mailbox in a sentence; not well when one fails or something is missing."""
    mailboxes = list(Mailbox.objects.filter(is_active=True).prefetch_related("folders"))
    sentences, troubles = [sentence(mailbox) for mailbox in mailboxes], stuck()
    if not mailboxes and not troubles:
        return Finding(
            ok=None,
            detail=_("No mailbox is read."),
            advice=_("Add one under Settings, Mailboxes, so that customers can write."),
        )
    if troubles or any(is_failing(mailbox) for mailbox in mailboxes):
        advice = _("Look at Settings, Mailboxes, and at the inbox.")
        return Finding(ok=False, detail=" ".join(sentences + troubles), advice=advice)
    aside = InboundEmail.objects.quarantined().count()
    if not aside:
        return Finding(ok=True, detail=" ".join(sentences))
    words = ngettext("%(count)s mail is set aside.", "%(count)s mails are set aside.", aside)
    return Finding(
        ok=None,
        detail=" ".join([*sentences, words % {"count": number(aside)}]),
        advice=_("Somebody should look at the inbox."),
    )


def is_failing(mailbox: Mailbox) -> bool:
    """For longer than a moment, or one of its folders, or something is missing."""
    since = mailbox.failing_since
    if since is not None and since <= timezone.now() - PATIENCE:
        return True
    return any(folder.error or folder.missing for folder in mailbox.folders.all())


def sentence(mailbox: Mailbox) -> str:
    """Last message, how the numbers agree, since when it fails."""
    folders = mailbox.folders.all()
    last = mailbox.last_message_at
    parts = [_("last mail %(when)s") % {"when": moment(last)} if last else _("no mail yet")]
    compared = [folder for folder in folders if folder.reconciled_at]
    if compared:
        there = sum(folder.on_server or 0 for folder in compared)
        missing = sum(folder.missing or 0 for folder in compared)
        numbers = {
            "there": number(there),
            "stored": number(there - missing),
            "missing": number(missing),
        }
        words = _("on the server %(there)s = stored %(stored)s + missing %(missing)s")
        parts.append(words % numbers)
    if mailbox.failing_since:
        what, _words = imap.explained(mailbox.error)
        when = _("can't be read since %(when)s") % {"when": moment(mailbox.failing_since)}
        parts.append(f"{when}: {what}")
    if unread := [folder.name for folder in folders if folder.error]:
        parts.append(_("folders that can't be read: %(names)s") % {"names": ", ".join(unread)})
    text = f"{mailbox.name}: {'; '.join(parts)}"
    return text if text.endswith(".") else f"{text}."


def stuck() -> list[str]:
    """Stored mail and calls that wait too long, and calls that could not be read."""
    found = []
    late = timezone.now() - STUCK
    if InboundEmail.objects.to_sort().filter(due_at__lte=late).exists():
        found.append(_("Received mail waits to be looked at."))
    failed = WebhookDelivery.objects.filter(state=WebhookDelivery.State.FAILED).count()
    if failed:
        found.append(
            ngettext(
                "%(count)s call of a provider could not be read.",
                "%(count)s calls of a provider could not be read.",
                failed,
            )
            % {"count": number(failed)}
        )
    return found
