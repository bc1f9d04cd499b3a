"""This room's actions in words, and its pages, for the trail of changes."""

from django.utils.translation import gettext_lazy as _

from staff import audit


def register() -> None:
    audit.shown_at(
        {
            "mail.outgoingemail": "mail:message",
            "mail.inboundemail": "mail:received",
            "mail.mailbox": "mail:mailbox",
        }
    )
    audit.name_fields(
        {
            "folders": _("folders"),
            "password": _("password"),
            "messages": _("messages"),
            "why": _("why"),
        }
    )
    audit.describe(
        {
            "outgoing_email.cancel": _("withdrew a message"),
            "outgoing_email.retry": _("sent a message again"),
            "outgoing_email.retry_many": _("sent failed messages again"),
            "inbound_email.retry": _("had a received mail tried again"),
            "inbound_email.ignore": _("decided that a received mail needs nothing"),
            "webhook_delivery.retry": _("had a provider's call tried again"),
            "mailbox.add": _("added a mailbox"),
            "mailbox.change": _("changed a mailbox"),
            "mailbox.choose_folders": _("chose the folders of a mailbox"),
            "mailbox.pause": _("paused a mailbox"),
            "mailbox.resume": _("had a mailbox read again"),
            "mailbox.remove": _("removed a mailbox"),
            "sender_gate.pause": _("paused a sender"),
            "sender_gate.go_on": _("let a sender go on"),
            "sender_gate.set_rate": _("set how fast a sender may send"),
            "suppression.create": _("stopped writing to an address"),
            "suppression.release": _("let an address be written to again"),
            "suppression.restore": _("stopped writing to an address again"),
        }
    )
