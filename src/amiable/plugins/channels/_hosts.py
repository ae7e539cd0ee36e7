"""Which hosts are near enough for a password to travel in clear."""

from __future__ import annotations

import ipaddress


def is_near(host: str) -> bool:
    """Whether a host is on this machine or network: a private address, or a name without a dot."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host
