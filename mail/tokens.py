"""Unsubscribe links: 256 random bits in the link, only their hash in the lookup column."""

import hashlib
import secrets

from django.conf import settings
from django.urls import reverse


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What OutgoingEmail.unsubscribe_hash holds for a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def unsubscribe_url(token: str) -> str:
    return f"{settings.BASE_URL}{reverse('mail:unsubscribe', args=[token])}"
