"""How often the page may be asked: counted in this process, in windows, with bounded memory.

Tokens cannot be guessed; the limits keep somebody who tries from costing others their answers.
"""

from __future__ import annotations

import hashlib
import ipaddress
import threading
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest

MOST_KEPT = 20_000


@dataclass(slots=True)
class Limit:
    """At most `most` in `seconds` for each key, a digest; nothing else of it is kept."""

    most: int
    seconds: int
    counts: dict[bytes, int] = field(default_factory=dict)
    began: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def allows(self, key: str, *, now: float | None = None) -> bool:
        """Count one more for a key and say whether it is still within the limit.

        A window begins anew for everybody together, and when there is no more room to count.
        """
        now = time.monotonic() if now is None else now
        name = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12).digest()
        with self.lock:
            if now - self.began >= self.seconds or len(self.counts) >= MOST_KEPT:
                self.counts.clear()
                self.began = now
            self.counts[name] = self.counts.get(name, 0) + 1
            return self.counts[name] <= self.most


# A person with an office full of colleagues behind one address stays far below.
BY_ADDRESS = Limit(most=240, seconds=60)
BY_TOKEN = Limit(most=120, seconds=60)
MISSES = Limit(most=40, seconds=600)
FORMS = Limit(most=60, seconds=3600)
UPLOADS = Limit(most=10, seconds=3600)  # forms with files
CODES = Limit(most=20, seconds=3600)  # codes asked for from one address; links count in rows
LIMITS = (BY_ADDRESS, BY_TOKEN, MISSES, FORMS, UPLOADS, CODES)


def address_of(request: HttpRequest) -> str:
    """Who asks: the address of the connection, or the one that the configured number of proxies
    in front has added; an IPv6 network of 64 bits counts as one."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.PROXIES:
        told = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(told) >= settings.PROXIES:
            address = told[-settings.PROXIES] or address
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address) and not parsed.ipv4_mapped:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
