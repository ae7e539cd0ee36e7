"""Tokens in the address that answers are sent to: they lead to a case, and nobody can make one.

A token is the case's number masked, and the first bytes of its HMAC: no number can be read in it,
and trying to guess one takes 2^64 letters.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from django.utils.crypto import salted_hmac

_TAG, _ID = 8, 6  # bytes


def token_of(case_id: int) -> str:
    """23 letters and digits, the same for a case whenever it is asked."""
    number = case_id.to_bytes(_ID, "big")
    tag = _digest("tag", number)[:_TAG]
    return base64.b32encode(tag + _masked(tag, number)).decode("ascii").rstrip("=").lower()


def token_case(token: str) -> int | None:
    """The case of a token, in whatever case its letters came back; None when it is none of ours."""
    padded = token.upper() + "=" * (-len(token) % 8)
    try:
        raw = base64.b32decode(padded)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _TAG + _ID:
        return None
    number = _masked(raw[:_TAG], raw[_TAG:])
    if not hmac.compare_digest(_digest("tag", number)[:_TAG], raw[:_TAG]):
        return None
    return int.from_bytes(number, "big")


def with_token(address: str, case_id: int) -> str:
    """The address with the case's token after a plus sign; unchanged when it has no room for it."""
    local, _, domain = address.rpartition("@")
    longer = f"{local}+{token_of(case_id)}"
    return f"{longer}@{domain}" if len(longer) <= 64 else address


def _masked(tag: bytes, number: bytes) -> bytes:
    mask = _digest("mask", tag)
    return bytes(a ^ b for a, b in zip(number, mask, strict=False))


def _digest(purpose: str, value: bytes) -> bytes:
    return salted_hmac(f"amiable.reply.{purpose}", value, algorithm="sha256").digest()
