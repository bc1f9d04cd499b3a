"""Secrets of customers: the link of an invitation, the form's nonce, the browser that answered."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, TimestampSigner

from staff.tokens import hashed
from surveys.models import Invitation, Response, SurveyVersion

_NONCES = TimestampSigner(salt="surveys.answer")
_PUBLIC = TimestampSigner(salt="surveys.public")
_PROOFS = TimestampSigner(salt="surveys.proof")
# Nobody has a public form open for longer, and nobody reads it and presses faster.
PUBLIC_OLDEST, PUBLIC_FASTEST = timedelta(days=2), timedelta(seconds=2)
# For so long may whoever has answered say more; of an anonymous answer, while the page is open.
PROOF_LASTS, ANONYMOUS_PROOF_LASTS = timedelta(hours=24), timedelta(hours=1)


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
    return now < until and matches(secret, digest)


def matches(secret: str, digest: str) -> bool:
    """Whether `secret` is the one whose hash was kept."""
    return bool(secret and digest) and secrets.compare_digest(hashed(secret), digest)


@dataclass(frozen=True)
class Rendered:
    """A public form as it was shown: which words, where, which one, and whether just now."""

    version_id: int
    origin: str
    key: str
    is_fresh: bool


def new_public_nonce(version: SurveyVersion, origin: str) -> str:
    return _PUBLIC.sign(f"{version.pk}.{origin}.{secrets.token_urlsafe(12)}")


def read_public_nonce(nonce: str) -> Rendered | None:
    """None when it is none of ours, or too old."""
    try:
        version_id, origin, key = _PUBLIC.unsign(nonce, max_age=PUBLIC_OLDEST).split(".")
    except (BadSignature, ValueError):
        return None
    try:
        _PUBLIC.unsign(nonce, max_age=PUBLIC_FASTEST)
        is_fresh = True
    except BadSignature:
        is_fresh = False
    return Rendered(int(version_id), origin, key, is_fresh)


def proof_of(response: Response) -> str:
    """For the page of thanks alone: whoever holds it gave this answer. It stands in no address."""
    return _PROOFS.sign(str(response.pk))


def proven(proof: str) -> Response | None:
    """The answer that counts, for whoever gave it not long ago."""
    try:
        response_id = int(_PROOFS.unsign(proof, max_age=PROOF_LASTS))
        counted = Response.objects.counted().select_related("survey", "version")
        found = counted.filter(pk=response_id).first()
        if found is not None and found.is_anonymous:
            _PROOFS.unsign(proof, max_age=ANONYMOUS_PROOF_LASTS)
    except (BadSignature, ValueError):
        return None
    return found
