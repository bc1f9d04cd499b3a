"""This room's actions in words, and its pages, for the trail of changes."""

from django.utils.translation import gettext_lazy as _

from staff import audit


def register() -> None:
    audit.shown_at({"mail.outgoingemail": "mail:message"})
    audit.describe(
        {
            "outgoing_email.cancel": _("withdrew a message"),
            "outgoing_email.retry": _("sent a message again"),
            "suppression.create": _("stopped writing to an address"),
            "suppression.release": _("let an address be written to again"),
        }
    )
