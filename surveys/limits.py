"""How often one address may open links that don't exist."""

import hashlib
import time

from django.core.cache import cache
from django.http import HttpRequest

MISSES_A_MINUTE = 30


def misses_too_often(request: HttpRequest) -> bool:
    """Count one more unknown link for this address; True once it is too many for this minute.

    Only misses are counted: whoever holds a real link is never locked out by somebody else
    behind the same address, and a known link costs nothing.
    """
    address = hashlib.sha256(request.META.get("REMOTE_ADDR", "").encode()).hexdigest()[:32]
    key = f"surveys.miss:{address}:{int(time.time()) // 60}"
    cache.add(key, 0, timeout=120)
    try:
        return cache.incr(key) > MISSES_A_MINUTE
    except ValueError:  # it was thrown out between the two
        return False
