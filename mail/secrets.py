"""Passwords of mailboxes: at rest only encrypted, with a key that stays outside the database.

`cryptography` is 8 MB that most processes never need, so it is imported when first asked.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.encoding import force_bytes

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Unreadable(Exception):
    """It was encrypted with another SECRET_KEY: somebody has to type it again."""


def encrypt(secret: str) -> str:
    """The secret as text that only this installation can read; "" stays ""."""
    return _ciphers().encrypt(secret.encode()).decode() if secret else ""


def decrypt(encrypted: str) -> str:
    """What `encrypt` was given, also under a key of SECRET_KEY_FALLBACKS; raises Unreadable."""
    from cryptography.fernet import InvalidToken

    if not encrypted:
        return ""
    try:
        return _ciphers().decrypt(encrypted.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def _ciphers() -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet(
        [Fernet(_key(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


def _key(secret: str | bytes) -> bytes:
    """A key for this purpose alone: nothing else signed or encrypted with SECRET_KEY shares it."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"vinculo mail.secrets")
    return base64.urlsafe_b64encode(derived.derive(force_bytes(secret)))
