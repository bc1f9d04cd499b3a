"""Who our own mails come from."""

from email.utils import formataddr

from django.conf import settings

from staff.models import Business


def sender(business: Business | None) -> str:
    """`Name <address>` of the business; the installation's default while it has no address."""
    if business is None or not business.email:
        return str(settings.DEFAULT_FROM_EMAIL)
    return formataddr((business.name, business.email))
