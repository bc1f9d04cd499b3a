"""Unsubscribe links."""

from django.conf import settings
from django.urls import reverse


def unsubscribe_url(token: str) -> str:
    return f"{settings.BASE_URL}{reverse('mail:unsubscribe', args=[token])}"
