"""What stays of an address when its person is erased: a keyed hash that still says "no more mail".

Whoever has the address again can be recognised by it; whoever has only the hash learns nothing
without the SECRET_KEY. It is written as an address of a domain that can't exist (RFC 2606).
"""

from __future__ import annotations

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat
from django.utils.crypto import salted_hmac

DOMAIN = "erased.invalid"


def pseudonym(address: str) -> str:
    digest = salted_hmac("mail.pseudonyms", address.strip().lower(), algorithm="sha256")
    return f"{digest.hexdigest()[:48]}@{DOMAIN}"


def nobodys_address() -> Concat:
    """An expression for rows whose address need not be recognised: another one for each row."""
    return Concat(Value("row-"), Cast(F("pk"), CharField()), Value(f"@{DOMAIN}"))
