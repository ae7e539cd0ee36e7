"""The providers of email that are known, what each of them carries, and how their addresses read.

Sources: the APIs' own references as of November 2026, and the limits that django-anymail found.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from amiable.plugins.channels._hosts import is_near
from amiable.plugins.channels._smtp_client import smtp_config

# The name under which our key travels with a message.
METADATA = "amiable"


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.

    `places` = where it is reached, by region ("" = when the address names none); with "{region}"
    for any region. `user`, `secret` = what the two halves of the address's credentials are called
    by its API ("" = it has none). `keeps_id` = headers with which it keeps our Message-ID, None
    when it writes its own: our id then stands in References, by which answers find it. `headers` =
    the only ones it takes beside those it has fields for, None = any. `metadata` = it gives our key
    back in its reports; `tracking` = each message may say that nobody watches its opening;
    `pictures` = it carries pictures inside a message; `fills_in` = what opens a field that it would
    fill in, whatever stood there. `proof` = how its calls prove themselves:
    our secret, its signature (option `signing`), a signature and our secret, or not at all.
    """

    code: str
    label: str
    places: Mapping[str, str]
    user: str = ""
    secret: str = "api_key"  # noqa: S105 - the name of a field
    over: Literal["api", "smtp"] = "api"
    keeps_id: Mapping[str, str] | None = None
    headers: frozenset[str] | None = None
    metadata: bool = True
    tracking: bool = True
    pictures: bool = True
    fills_in: str = ""
    proof: Literal["secret", "signature", "both", "none"] = "secret"
    options: Mapping[str, str] = field(default_factory=dict)  # of the address -> of the API


PROVIDERS: Mapping[str, Provider] = {
    "brevo": Provider(
        "brevo", "Brevo", {"": "https://api.brevo.com/v3/"},
        tracking=False, pictures=False, fills_in="{{",
    ),
    # The relay takes a message as it was frozen, pictures too.
    "brevo+smtp": Provider(
        "brevo", "Brevo", {"": "smtp-relay.brevo.com"}, "user", "password", "smtp", tracking=False
    ),
    "mailjet": Provider(
        "mailjet", "Mailjet",
        {"": "https://api.mailjet.com/v3.1/", "us": "https://api.us.mailjet.com/v3.1/"},
        "api_key", "secret_key",
    ),
    "postmark": Provider(
        "postmark", "Postmark", {"": "https://api.postmarkapp.com/"}, "", "server_token",
        keeps_id={"X-PM-KeepID": "true"}, options={"stream": "message_stream"},
    ),
    "mailgun": Provider(
        "mailgun", "Mailgun",
        {"": "https://api.mailgun.net/v3/", "eu": "https://api.eu.mailgun.net/v3/"},
        # Its signature covers a moment and a token, not the words.
        keeps_id={}, proof="both", options={"domain": "sender_domain"},
    ),
    "sparkpost": Provider(
        "sparkpost", "SparkPost",
        {"": "https://api.sparkpost.com/api/v1/", "eu": "https://api.eu.sparkpost.com/api/v1/"},
        fills_in="{{", options={"subaccount": "subaccount"},
    ),
    "mailersend": Provider(
        "mailersend", "MailerSend", {"": "https://api.mailersend.com/v1/"}, "", "api_token",
        headers=frozenset({"in-reply-to"}), metadata=False, fills_in="{{",
        proof="signature",
    ),
    "scaleway": Provider(
        "scaleway", "Scaleway",
        {"": "https://api.scaleway.com/transactional-email/v1alpha1/regions/fr-par/"},
        "project_id", "secret_key",
        metadata=False, tracking=False, pictures=False, proof="none",
    ),
    # Its SMTP interface takes the frozen bytes; the API would need boto3 for nothing more.
    "ses": Provider(
        "ses", "Amazon SES", {"{region}": "email-smtp.{region}.amazonaws.com"},
        "user", "password", "smtp", tracking=False, proof="both",
    ),
}  # fmt: skip
SCHEMES = frozenset(PROVIDERS)
_COMMON = {"endpoint", "timeout", "ca_file"}
_OWN = {
    "brevo+smtp": {"api_key"}, "ses": {"configuration_set", "topic", "sns"},
    "mailgun": {"signing"}, "mailersend": {"signing", "inbound"},
}  # fmt: skip


def provider_config(url: str) -> dict[str, Any]:
    """PROVIDER://USER:SECRET@REGION?endpoint=...&timeout=30&ca_file=... (docs/howto/
    connect-an-email-provider.md). `endpoint` = another place to reach it at: a proxy.

    Raises ValueError with what an address looks like; never with a part of the one given.
    """
    parts = urlsplit(url)
    provider = PROVIDERS[parts.scheme]
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    known = {*_COMMON, *provider.options, *_OWN.get(parts.scheme, ())}
    user, secret = unquote(parts.username or ""), unquote(parts.password or "")
    region = parts.hostname or ""
    place = provider.places.get(region) or provider.places.get("{region}", "").format(region=region)
    good = (
        secret and bool(user) == bool(provider.user) and not parts.path.strip("/")
        and (user + secret).isascii() and re.fullmatch(r"[a-z0-9-]*", region)
        and options.keys() <= known
        and place and (region or "{region}" not in provider.places)
        and re.fullmatch(r"[A-Za-z0-9_-]{0,64}", options.get("configuration_set", ""))
    )  # fmt: skip
    if not good:
        raise ValueError(_reads(parts.scheme, provider, known))
    config: dict[str, Any] = {
        "scheme": parts.scheme, "provider": provider.code, "region": region,
        "user": user, "password": secret,
        "timeout": float(options.get("timeout", 30)), "ca_file": options.get("ca_file", ""),
    }  # fmt: skip
    config |= {name: options.get(name, "") for name in known - _COMMON}
    endpoint = options.get("endpoint", "")
    if provider.over == "smtp":
        return {**config, "smtp": _relay(endpoint or f"smtp://{place}:587", config)}
    return {**config, "endpoint": _https(endpoint or place)}


def without_secrets(words: str, config: Mapping[str, Any]) -> str:
    """What another side said, without anything of ours that must never be shown."""
    own = [
        config.get(name) for name in ("password", "signing", "inbound", "api_key", "hook_secret")
    ]
    for each in (*own, config.get("smtp", {}).get("password")):
        secret = str(each or "")
        words = words.replace(secret, "***") if len(secret) > 3 else words
    return words


def relay_password(secret: str, region: str) -> str:
    """The password of Amazon's relay that a secret access key stands for (SES developer guide,
    "Obtaining SMTP credentials by converting existing AWS credentials")."""
    made = f"AWS4{secret}".encode()
    for said in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        made = hmac.digest(made, said.encode(), "sha256")
    return base64.b64encode(b"\x04" + made).decode()


def _reads(scheme: str, provider: Provider, known: set[str]) -> str:
    user = provider.user.upper() or ""
    regions = [region for region in provider.places if region]
    at = "REGION" if "{region}" in regions else f"[{'|'.join(regions)}]" if regions else ""
    return (
        f"an address of {provider.label} reads {scheme}://{user}:{provider.secret.upper()}@{at}"
        f"?..., with the options {', '.join(sorted(known))}; signs other than letters and digits "
        "are percent-encoded"
    )


def _https(endpoint: str) -> str:
    """The place of an API. Raises ValueError when the secret would travel there in clear."""
    parts = urlsplit(endpoint)
    near = parts.scheme == "http" and is_near(parts.hostname or ".")
    if not parts.hostname or parts.username or not (parts.scheme == "https" or near):
        raise ValueError("endpoint is an https:// address, or http:// on this network")
    return endpoint if endpoint.endswith("/") else f"{endpoint}/"


def _relay(endpoint: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """How to reach a relay: encrypted, but for a proxy on this network."""
    parts = urlsplit(endpoint)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.username or parts.query:
        raise ValueError("endpoint is smtp://host:port or smtps://host:port")
    password = config["password"]
    # A secret access key has 40 signs, a password of the relay 44.
    if config["provider"] == "ses" and len(password) == 40:
        password = relay_password(password, config["region"])
    tls = "auto" if is_near(parts.hostname) else "starttls"
    return {
        **smtp_config(endpoint),
        **({"tls": tls} if parts.scheme == "smtp" else {}),
        "user": config["user"], "password": password,
        "timeout": config["timeout"], "ca_file": config["ca_file"],
    }  # fmt: skip
