"""How what this room knows of a customer, or of a contact, is merged."""

from django.utils.translation import gettext_lazy as _

from crm.merging import moves, register


def register_rules() -> None:
    """Called from SupportConfig.ready."""
    register(
        [
            moves("support.ticket.customer", _("tickets")),
            moves("support.ticket.contact", _("tickets")),
            moves("support.message.contact"),
            moves("support.participant.contact"),
        ]
    )
