"""Drafts for tests: a survey mail unless told otherwise."""

from typing import Any

from mail.drafts import UNSUBSCRIBE, Draft
from mail.models import OutgoingEmail


def draft(number: int = 0, **fields: Any) -> Draft:
    values: dict[str, Any] = {
        "stream": OutgoingEmail.Stream.SURVEYS,
        "to_address": f"maria{number}@example.com",
        "subject": "How did we do?",
        "text": f"Answer here. Unsubscribe: {UNSUBSCRIBE}",
        "html": f'<a href="{UNSUBSCRIBE}">Unsubscribe</a>',
    }
    return Draft(**{**values, **fields})
