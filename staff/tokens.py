"""Secrets that stand in links: the link has the token, the database only its hash."""

import hashlib
import secrets


def new_token(bits: int = 256) -> str:
    """Random bits that say nothing of whom they were given to, fit for an address."""
    return secrets.token_urlsafe(bits // 8)


def hashed(token: str) -> str:
    """What is kept of a token: looking for this reveals nothing by its timing."""
    return hashlib.sha256(token.encode()).hexdigest()
