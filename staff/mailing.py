"""Who our own mails come from, and in whose words they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formataddr

from django.conf import settings
from django.utils import timezone, translation

from staff.models import Business, User


@contextmanager
def in_words_of(user: User, business: Business) -> Iterator[str]:
    """In their language, which is given, and the business's time: a worker knows neither."""
    language = user.language or business.language
    with translation.override(language), timezone.override(business.zone):
        yield language


def sender(business: Business | None) -> str:
    """`Name <address>` of the business; the installation's default while it has no address."""
    if business is None or not business.email:
        return str(settings.DEFAULT_FROM_EMAIL)
    return formataddr((business.name, business.email))
