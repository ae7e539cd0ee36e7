"""The API of AR24 as its public documentation describes it (https://developers.ar24.fr/doc/): forms
in, JSON out, each request signed with its date, each answer enciphered with that date.

AR24 is qualified for electronic registered delivery under eIDAS (article 44), which is what makes
its letters equal to those on paper (CPCE L100); only these (`eidas`) are sent. Their sender proves
who he is with a one-time password (RFC 6238), whose seed AR24 posts to him on paper.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import struct
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from amiable.core.replies.wording import fold
from amiable.plugins.base import Addressee

HOST, PATH = "app.ar24.fr", "/api"
PARIS = ZoneInfo("Europe/Paris")
_OPTIONS = frozenset({"user", "otp", "timeout", "ca_file"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_CIVILITIES = frozenset({"m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle", "mrs"})


def service_config(url: str) -> dict[str, Any]:
    """ar24://TOKEN:PRIVATE_KEY@app.ar24.fr/api?user=12345&otp=SEED&timeout=60&ca_file=...

    `user` = number of the sending account; `otp` = the seed of its one-time passwords, in base 32.
    sandbox.ar24.fr is for trials. ar24+http:// is for this machine only.
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host, plain = parts.hostname or HOST, parts.scheme == "ar24+http"
    good = (
        parts.username and parts.password and not options.keys() - _OPTIONS
        and re.fullmatch(r"\d{1,20}", options.get("user", ""))
        and seed_octets(options.get("otp", ""))
        and not (plain and host not in _LOOPBACK)
    )  # fmt: skip
    if not good:
        raise ValueError(
            "ar24://TOKEN:PRIVATE_KEY@app.ar24.fr/api?user=NUMBER&otp=SEED, with the options "
            f"{', '.join(sorted(_OPTIONS))}; the seed of one-time passwords is in base 32"
        )
    return {
        "secure": not plain,
        "host": host,
        "port": parts.port or (80 if plain else 443),
        "path": parts.path.rstrip("/") or PATH,
        "token": unquote(parts.username or ""),
        "private_key": unquote(parts.password or ""),
        "user": options["user"],
        "otp": options["otp"],
        "timeout": float(options.get("timeout", 60)),
        "ca_file": options.get("ca_file", ""),
    }


def seed_octets(seed: str) -> bytes:
    """A seed in base 32, written with or without spaces and padding; b"" when it is none."""
    text = re.sub(r"[\s=-]", "", seed).upper()
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return b""


def one_time_password(seed: str, at: datetime) -> str:
    """Six figures that change every 30 seconds (RFC 6238, HMAC-SHA-1)."""
    step = struct.pack(">Q", int(at.timestamp()) // 30)
    digest = hmac.new(seed_octets(seed), step, "sha1").digest()
    start = digest[-1] & 15
    (number,) = struct.unpack(">L", digest[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def stamp(at: datetime) -> str:
    """The date of a request: Paris time, good for ten minutes."""
    return at.astimezone(PARIS).strftime("%Y-%m-%d %H:%M:%S")


def signature(date: str, private_key: str) -> str:
    """The header that signs a request: its date, enciphered (AES-256-CBC, base 64)."""
    padder = PKCS7(128).padder()
    padded = padder.update(date.encode()) + padder.finalize()
    cipher = Cipher(algorithms.AES(_key(private_key)), modes.CBC(_vector(private_key)))
    encryptor = cipher.encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def opened(octets: bytes, date: str, private_key: str) -> bytes:
    """An answer in clear. Raises ValueError when it is not enciphered with this date and key."""
    raw = base64.b64decode(octets, validate=True)
    cipher = Cipher(algorithms.AES(_key(date + private_key)), modes.CBC(_vector(private_key)))
    decryptor, unpadder = cipher.decryptor(), PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(raw) + decryptor.finalize()) + unpadder.finalize()


def _key(text: str) -> bytes:
    """32 signs of the hexadecimal digest, as OpenSSL takes them from PHP."""
    return sha256(text.encode()).hexdigest()[:32].encode()


def _vector(private_key: str) -> bytes:
    hashed = sha256(private_key.encode()).hexdigest()
    return sha256(hashed.encode()).hexdigest()[:16].encode()


def reference_of(key: str) -> str:
    """The name our letter has over there (`ref_dossier`): the same for a key, and for no other."""
    return f"amiable-{sha256(key.encode()).hexdigest()[:24]}"


def mail_fields(
    addressee: Addressee, email: str, *, subject: str, reference: str, file_id: str
) -> list[tuple[str, str]]:
    """What is said of a letter and of whom it is for. A company's letter names the person where
    one is known, else the company alone."""
    person = addressee.person if addressee.is_professional else addressee.name
    first, last = name_parts(person) if person else ("", addressee.name)
    fields = [
        ("eidas", "1"), ("to_firstname", first), ("to_lastname", last), ("to_email", email),
        ("dest_statut", "professionnel" if addressee.is_professional else "particulier"),
        ("content", subject), ("ref_dossier", reference), ("attachment[0]", file_id),
    ]  # fmt: skip
    if addressee.is_professional:
        fields.append(("to_company", addressee.name))
    return fields


def name_parts(name: str) -> tuple[str, str]:
    """First and last name. Words in capitals are the last name when others are not; otherwise the
    first word is the first name: "DUPONT Jean", "Jean Dupont"."""
    words = [word for word in name.split() if fold(word).strip(".") not in _CIVILITIES]
    capitals = [word for word in words if word.isupper() and len(word) > 1]
    if capitals and len(capitals) < len(words):
        return " ".join(word for word in words if word not in capitals), " ".join(capitals)
    return (words[0], " ".join(words[1:])) if len(words) > 1 else ("", " ".join(words))


def moment(text: object) -> datetime | None:
    """A date as they write it ("2026-11-20 10:05:00", Paris time); None when it is none."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=PARIS)
    except ValueError:
        return None


def result_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object an answer holds; {} when it holds none."""
    found = body.get("result")
    return found if isinstance(found, Mapping) else {}
