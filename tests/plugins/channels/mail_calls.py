"""Calls as email providers make them, from the samples: each proved in that provider's own way."""

from __future__ import annotations

import base64
import functools
import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from amiable.plugins.inbound import HookRequest
from amiable.plugins.registry import plugins
from tests.plugins.channels.http_servers import Gateway

SAMPLES = Path(__file__).parents[2] / "samples" / "email_api"
SECRET, SIGNING, INBOUND = "the secret of our address", "the-signing-key", "the-inbound-key"
KEY, ID = "7:12/reminder_1/1:345", "0102018f-ref-1"
PATH = "/hooks/channels/email_api/"
TOPIC = "arn:aws:sns:eu-west-3:123456789012:amiable"
ADDRESSES = {
    "brevo": "brevo://:key@", "mailjet": "mailjet://user:key@", "postmark": "postmark://:key@",
    "sparkpost": "sparkpost://:key@", "mailgun": f"mailgun://:key@?signing={SIGNING}",
    "mailersend": f"mailersend://:key@?signing={SIGNING}&inbound={INBOUND}",
    "ses": f"ses://AKIA:key@eu-west-3?topic={TOPIC}",
}  # fmt: skip
CASES = sorted((path.parent.name, path.stem) for path in SAMPLES.glob("*/*.json"))
REPORTS = [case for case in CASES if not case[1].startswith(("nothing", "reply"))]
REPLIES = [*[case for case in CASES if case[1] == "reply"], ("mailgun", "reply"),
           ("mailgun", "reply-parsed")]  # fmt: skip
JSON = {"content-type": "application/json"}


def config(provider: str, **changed) -> dict[str, Any]:
    own = plugins("channels")["email_api"].configure(ADDRESSES[provider])
    return {**own, "hook_url": "https://x.example" + PATH, "hook_secret": SECRET, **changed}


def hook(request: HookRequest, configured: dict[str, Any]):
    return plugins("channels")["email_api"].hook(request, configured)


def call(provider: str, name: str, *, key=KEY, provider_id=ID) -> HookRequest:
    """The sample `name` of a provider as a call about the message `key`."""
    if provider == "mailgun" and name.startswith("reply"):
        return mailgun_reply(parsed=name == "reply-parsed")
    tag = base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
    text = (SAMPLES / provider / f"{name}.json").read_text()
    for mark, value in (
        ("@KEY@", key), ("@ID@", provider_id), ("@BARE@", provider_id.strip("<>")), ("@TAG@", tag),
    ):  # fmt: skip
        text = text.replace(mark, value)
    return PROVED.get(provider, _with_secret)(text)


def _with_secret(text: str) -> HookRequest:
    return HookRequest("POST", PATH, JSON, {"secret": SECRET}, text.encode())


def _mailgun(text: str) -> HookRequest:
    token, stamp = "a" * 50, "1795334401"
    signature = hmac.new(SIGNING.encode(), f"{stamp}{token}".encode(), sha256).hexdigest()
    for mark, value in (("@TOKEN@", token), ("@TIMESTAMP@", stamp), ("@SIGNATURE@", signature)):
        text = text.replace(mark, value)
    return HookRequest("POST", PATH, JSON, {"secret": SECRET}, text.encode())


def _mailersend(text: str) -> HookRequest:
    secret = INBOUND if json.loads(text)["type"] == "inbound.message" else SIGNING
    signature = hmac.new(secret.encode(), text.encode(), sha256).hexdigest()
    return HookRequest("POST", PATH, {**JSON, "signature": signature}, {}, text.encode())


def _ses(text: str) -> HookRequest:
    return sns({"Type": "Notification", "Message": text, "Subject": "Amazon SES"})


PROVED = {"mailgun": _mailgun, "mailersend": _mailersend, "ses": _ses}


def raw_reply() -> str:
    """The same answer of a customer as in the samples, as its sender wrote it."""
    return json.loads((SAMPLES / "mailersend" / "reply.json").read_text())["data"]["raw"]


def mailgun_reply(*, parsed: bool) -> HookRequest:
    """A route of Mailgun: a form with the whole message, or with its parts."""
    token, stamp = "b" * 50, "1795334402"
    signature = hmac.new(SIGNING.encode(), f"{stamp}{token}".encode(), sha256).hexdigest()
    fields = {"token": token, "timestamp": stamp, "signature": signature,
              "recipient": "compta@vauban.example", "sender": "ap@client.example"}  # fmt: skip
    file = b""
    if parsed:
        headers = [["From", "Léa Duval <ap@client.example>"], ["To", "compta@vauban.example"],
                   ["Subject", "Re: Rappel : facture n° 42"], ["Message-Id", "<r1@client.example>"],
                   ["In-Reply-To", "<m2@vauban.example>"],
                   ["References", "<m2@vauban.example>"]]  # fmt: skip
        fields |= {"message-headers": json.dumps(headers), "attachment-count": "1",
                   "body-plain": "Payé hier, voir l’avis ci-joint.\r\n"}  # fmt: skip
        file = (
            b'--xx\r\nContent-Disposition: form-data; name="attachment-1"; filename="avis.pdf"\r\n'
            b"Content-Type: application/pdf\r\n\r\n%PDF-1.7\n\x00\xff\r\n"
        )
    else:
        fields["body-mime"] = raw_reply()
    body = b"".join(
        f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    )
    headers = {"content-type": "multipart/form-data; boundary=xx"}
    return HookRequest("POST", PATH, headers, {"secret": SECRET}, body + file + b"--xx--\r\n")


@functools.cache
def key_of_amazon() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@functools.cache
def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key_of_amazon().public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1)).sign(key_of_amazon(), hashes.SHA256())
    )  # fmt: skip
    return built.public_bytes(serialization.Encoding.PEM)


CERTIFICATE = f"https://sns.eu-west-3.amazonaws.com/SimpleNotificationService-{'0a' * 16}.pem"


def sns(told: dict[str, str], *, version="2", key=None, secret=SECRET, **changed) -> HookRequest:
    """A call of Amazon SNS, signed over the fields that its documentation lists."""
    told = {"MessageId": "22b80b92", "TopicArn": TOPIC, "Timestamp": "2026-11-22T08:00:01.000Z",
            **told}  # fmt: skip
    names = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn",
             "Type")  # fmt: skip
    signed = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = (key or key_of_amazon()).sign(signed.encode(), padding.PKCS1v15(), digest)
    whole = {**told, "SignatureVersion": version, "SigningCertURL": CERTIFICATE,
             "Signature": base64.b64encode(signature).decode(), **changed}  # fmt: skip
    headers = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": told["Type"]}
    return HookRequest("POST", PATH, headers, {"secret": secret}, json.dumps(whole).encode())


def amazon(status=200) -> Gateway:
    """Amazon SNS on loopback: its certificate, and confirmations."""

    def answer(request: HookRequest):
        if request.path.endswith(".pem"):
            return status, certificate().decode()
        return status, "<ConfirmSubscriptionResponse/>"

    return Gateway(answer)
