"""Whether mail comes in: the question of the health page and `doctor`."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, Sum
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
    """Each mailbox in a sentence or two; not well when one fails or something is missing."""
    mailboxes = list(
        Mailbox.objects.filter(is_active=True).annotate(
            on_server=Sum("folders__on_server"),
            stored=Sum("folders__stored"),
            missing=Sum("folders__missing"),
        )
    )
    failing = Q(folders__error__gt="") | Q(failing_since__lte=timezone.now() - PATIENCE)
    bad = set(Mailbox.objects.filter(failing, is_active=True).values_list("pk", flat=True))
    bad |= {mailbox.pk for mailbox in mailboxes if mailbox.missing}
    sentences = [sentence(mailbox) for mailbox in mailboxes]
    troubles = stuck()
    if not mailboxes and not troubles:
        return Finding(
            ok=None,
            detail=_("No mailbox is read."),
            advice=_("Add one under Settings, Mailboxes, so that customers can write."),
        )
    if bad or troubles:
        advice = _("Look at Settings, Mailboxes, and at the inbox.")
        return Finding(ok=False, detail=" ".join(sentences + troubles), advice=advice)
    aside = InboundEmail.objects.quarantined().count()
    if aside:
        words = ngettext(
            "%(count)s mail is set aside.", "%(count)s mails are set aside.", aside
        ) % {"count": number(aside)}
        sentences.append(words)
        return Finding(
            ok=None, detail=" ".join(sentences), advice=_("Somebody should look at the inbox.")
        )
    return Finding(ok=True, detail=" ".join(sentences))


def sentence(mailbox: Mailbox) -> str:
    """Last message, how the numbers agree, since when it fails."""
    parts = [
        _("last mail %(when)s") % {"when": moment(mailbox.last_message_at)}
        if mailbox.last_message_at
        else _("no mail yet")
    ]
    counts: tuple[int | None, int | None, int | None] = (
        getattr(mailbox, "on_server", None),
        getattr(mailbox, "stored", None),
        getattr(mailbox, "missing", None),
    )
    if counts[0] is not None:
        parts.append(
            _("on the server %(there)s = stored %(stored)s + missing %(missing)s")
            % {
                "there": number(counts[0]),
                "stored": number(counts[1] or 0),
                "missing": number(counts[2] or 0),
            }
        )
    if mailbox.failing_since:
        what, _words = imap.explained(mailbox.error)
        parts.append(
            _("can't be read since %(when)s") % {"when": moment(mailbox.failing_since)}
            + f": {what}"
        )
    folders = [folder.name for folder in mailbox.folders.exclude(error="")] if parts else []
    if folders:
        parts.append(_("folders that can't be read: %(names)s") % {"names": ", ".join(folders)})
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
