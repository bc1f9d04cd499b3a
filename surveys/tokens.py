"""Secrets of customers: the link of an invitation, the form's nonce, the browser that answered."""

import secrets
from datetime import datetime

from django.core.signing import BadSignature, TimestampSigner

from staff.tokens import hashed
from surveys.models import Invitation

_NONCES = TimestampSigner(salt="surveys.answer")


def new_nonce(invitation: Invitation) -> str:
    """Proof that this very form was rendered, and when: no cookie is needed for it."""
    return _NONCES.sign(f"{invitation.pk}-{secrets.token_urlsafe(6)}")


def is_nonce_of(invitation: Invitation, nonce: str) -> bool:
    try:
        value = _NONCES.unsign(nonce)
    except BadSignature:
        return False
    return value.split("-", 1)[0] == str(invitation.pk)


def same(secret: str, digest: str, *, until: datetime, now: datetime) -> bool:
    """Whether `secret` is the one whose hash was kept, and still in time."""
    if not secret or not digest or now >= until:
        return False
    return secrets.compare_digest(hashed(secret), digest)
