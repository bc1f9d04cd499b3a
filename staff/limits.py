"""How often one address may do what costs something or could be tried out."""

from __future__ import annotations

import hashlib
import ipaddress
import time

from django.core.cache import cache
from django.http import HttpRequest

MISSES_A_MINUTE = 30


def too_often(request: HttpRequest, what: str, *, most: int, seconds: int) -> bool:
    """Count one more `what` for this visitor's address; True once it is more than `most` in `seconds`.

    Many people may share an address, so let `most` be generous; one person may have a whole IPv6
    network, which counts as one.
    """
    key = f"limit:{what}:{_visitor(request)}:{int(time.time()) // seconds}"
    cache.add(key, 0, timeout=2 * seconds)
    try:
        return cache.incr(key) > most
    except ValueError:  # it was thrown out between the two
        return False


def misses_too_often(request: HttpRequest) -> bool:
    """Count one more unknown link for this address; True once it is too many for this minute.

    Only misses are counted: whoever holds a real link is never locked out by somebody else
    behind the same address, and a known link costs nothing.
    """
    return too_often(request, "miss", most=MISSES_A_MINUTE, seconds=60)


def _visitor(request: HttpRequest) -> str:
    address = request.META.get("REMOTE_ADDR", "")
    try:
        if (parsed := ipaddress.ip_address(address)).version == 6:
            address = str(ipaddress.ip_network((parsed.packed[:8] + bytes(8), 64)))
    except ValueError:
        pass
    return hashlib.sha256(address.encode()).hexdigest()[:32]
