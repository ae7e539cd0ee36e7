"""Calls of Amazon SNS that carry what Amazon SES tells (SNS developer guide, "Verifying the
signatures of Amazon SNS messages").

A signature proves that Amazon sent a call, not for whom: our secret in the address proves that.
The certificate is fetched from Amazon's own hosts only, and only for a call that knows the secret;
a subscription is confirmed at an address that we make ourselves.
"""

from __future__ import annotations

import base64
import binascii
import functools
import http.client
import json
import re
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate

from amiable.plugins.channels._email_api_ses import ses_answer
from amiable.plugins.inbound import HookAnswer, HookRefusedError, HookRequest

LARGEST, SECONDS = 65_536, 10
_CERTIFICATE = re.compile(
    r"https://(sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?)(/SimpleNotificationService-[0-9a-f]{32}\.pem)"
)
_TOPIC = re.compile(r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]{3,40}):\d{12}:[\w-]{1,256}")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
_HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}


def notified(request: HookRequest, config: Mapping[str, Any]) -> HookAnswer:
    """What a call that knows our secret brings. Raises HookRefusedError: 403 for a signature or a
    topic that is not right, 400 for what cannot be read, 503 while Amazon cannot be asked."""
    told = _object(request.body)
    topic = _verified(told, config)
    try:
        if told["Type"] == "SubscriptionConfirmation":
            _confirm(told, topic, config)
        if told["Type"] != "Notification" or not told["Message"].startswith("{"):
            return HookAnswer()  # "Successfully validated SNS topic for Amazon SES"
        return ses_answer(_object(told["Message"].encode()))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise HookRefusedError("the call cannot be read", status=400) from error


def _object(octets: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise HookRefusedError("the call cannot be read", status=400) from error
    if not isinstance(whole, dict):
        raise HookRefusedError("the call cannot be read", status=400)
    return whole


def _verified(told: Mapping[str, Any], config: Mapping[str, Any]) -> re.Match[str]:
    """The topic of a call whose signature is Amazon's. Raises HookRefusedError."""
    names = _SIGNED.get(str(told.get("Type")))
    source = _CERTIFICATE.fullmatch(str(told.get("SigningCertURL")))
    topic = _TOPIC.fullmatch(str(told.get("TopicArn")))
    digest = _HASHES.get(str(told.get("SignatureVersion")))
    if not names or not source or not topic or not digest:
        raise HookRefusedError("this is no call of Amazon SNS")
    if config["topic"] and config["topic"] != topic[0]:
        raise HookRefusedError("this topic is not ours")
    signed = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
    base = config["sns"] or f"https://{source[1]}"
    try:
        key = _key(base + source[2], config["ca_file"])
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise HookRefusedError("the certificate of this call cannot be fetched", 503) from error
    try:
        signature = base64.b64decode(str(told.get("Signature")), validate=True)
        key.verify(signature, signed.encode(errors="replace"), PKCS1v15(), digest())
    except (InvalidSignature, binascii.Error) as error:
        raise HookRefusedError("the signature of this call is not Amazon's") from error
    return topic


@functools.lru_cache(maxsize=16)
def _key(url: str, ca_file: str) -> RSAPublicKey:
    """The key of a certificate of Amazon's. Raises OSError, HTTPException and ValueError."""
    key = load_pem_x509_certificate(_get(url, ca_file)).public_key()
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")
    return key


def _confirm(told: Mapping[str, Any], topic: re.Match[str], config: Mapping[str, Any]) -> None:
    """Subscribe our address to the topic. Raises HookRefusedError while Amazon cannot be asked."""
    domain = "amazonaws.com.cn" if topic[1] == "aws-cn" else "amazonaws.com"
    base = config["sns"] or f"https://sns.{topic[2]}.{domain}"
    query = {"Action": "ConfirmSubscription", "TopicArn": topic[0], "Token": told["Token"]}
    try:
        _get(f"{base}/?{urlencode(query)}", config["ca_file"])
    except (OSError, http.client.HTTPException) as error:
        raise HookRefusedError("the subscription cannot be confirmed now", 503) from error


def _get(url: str, ca_file: str) -> bytes:
    """A short document of Amazon's. Raises OSError for anything but a plain answer."""
    parts = urlsplit(url)
    host = parts.netloc
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=ca_file or None)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, timeout=SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, timeout=SECONDS)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
        answer = connection.getresponse()
        octets = answer.read(LARGEST)
    finally:
        connection.close()
    if answer.status != 200:
        raise OSError(f"status {answer.status}")
    return octets
