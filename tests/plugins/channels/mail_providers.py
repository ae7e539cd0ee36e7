"""APIs of email providers on loopback: they check what the documented ones check, keep what they
take as plain facts, and answer in each one's own shape."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from email.utils import getaddresses, parseaddr
from typing import Any

from amiable.plugins.inbound import HookRequest
from amiable.plugins.registry import plugins
from tests.plugins.channels.http_servers import Gateway

SECRET, USER = "s3cr3t-key-of-the-tests", "account-17"
# How the address of each provider carries them.
CREDENTIALS = {"mailjet": f"{USER}:{SECRET}", "scaleway": f"{USER}:{SECRET}"}
APIS = ("brevo", "mailjet", "mailersend", "mailgun", "postmark", "scaleway", "sparkpost")
JSON = {"Content-Type": "application/json"}


def address_of(provider: str, port: int, options: str = "") -> str:
    credentials = CREDENTIALS.get(provider, f":{SECRET}")
    return f"{provider}://{credentials}@?endpoint=http://127.0.0.1:{port}/v3/{options}"


def configured(provider: str, port: int, options: str = "") -> dict[str, Any]:
    return plugins("channels")["email_api"].configure(address_of(provider, port, options))


@dataclass
class Taken:
    """A message as a provider understood it."""

    sender: tuple[str, str]
    to: list[str]
    cc: list[str]
    reply_to: list[str]
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    files: dict[str, bytes] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    key: str = ""
    watched: bool | None = None  # None = a message cannot say
    bcc: list[str] = field(default_factory=list)


class MailApi:
    """The API of one provider; `refused` = addresses it does not take."""

    def __init__(self, provider: str, refused=()) -> None:
        self.provider = provider
        self.refused = set(refused)
        self.taken: list[Taken] = []
        self.gateway = Gateway(self.answer)
        self.running = self.gateway.running

    def answer(self, request: HookRequest):
        proof, wrong = PROOFS[self.provider]
        if not proof(request.headers):
            # Some providers repeat the key they do not know.
            return 401, json.dumps({**wrong, "key": SECRET}), JSON
        taken = READERS[self.provider](request)
        answer = ANSWERS[self.provider](self, taken, len(self.taken) + 1)
        if answer[0] < 300:
            self.taken.append(taken)
        return answer

    def bad(self, taken: Taken) -> list[str]:
        return [one for one in (*taken.to, *taken.cc, *taken.bcc) if one in self.refused]


def _basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


PROOFS = {
    "postmark": (
        lambda h: h.get("x-postmark-server-token") == SECRET,
        {"ErrorCode": 10, "Message": "No Account or Server API tokens were supplied"},
    ),
    "brevo": (
        lambda h: h.get("api-key") == SECRET,
        {"code": "unauthorized", "message": "Key not found"},
    ),
    "mailjet": (
        lambda h: h.get("authorization") == _basic(USER, SECRET),
        {"ErrorIdentifier": "1", "StatusCode": 401, "ErrorMessage": "API key authentication"},
    ),
    "mailgun": (
        lambda h: h.get("authorization") == _basic("api", SECRET),
        {"message": "Forbidden"},
    ),
    "sparkpost": (
        lambda h: h.get("authorization") == SECRET,
        {"errors": [{"message": "Unauthorized."}]},
    ),
    "mailersend": (
        lambda h: h.get("authorization") == f"Bearer {SECRET}",
        {"message": "Unauthenticated."},
    ),
    "scaleway": (
        lambda h: h.get("x-auth-token") == SECRET,
        {"type": "denied_authentication", "method": "api_key"},
    ),
}


def _body(request: HookRequest, path: str) -> dict[str, Any]:
    assert request.path == f"/v3/{path}", request.path
    assert request.headers["content-type"] == "application/json"
    return json.loads(request.body)


def _pair(text: str) -> tuple[str, str]:
    return parseaddr(text)


def _list(text: str) -> list[str]:
    return [address for _, address in getaddresses([text]) if address]


def _emails(rows, name="email") -> list[str]:
    return [row[name] for row in rows or ()]


def _bytes(rows, name, content) -> dict[str, bytes]:
    return {row[name]: base64.b64decode(row[content], validate=True) for row in rows or ()}


def _postmark(request: HookRequest) -> Taken:
    told = _body(request, "email")
    headers = {row["Name"]: row["Value"] for row in told.get("Headers", ())}
    if headers.pop("X-PM-KeepID", None) != "true":
        headers.pop("Message-ID", None)
    files = told.get("Attachments", ())
    key = told.get("Metadata", {}).get("amiable", "")
    assert len(key) <= 80
    return Taken(
        _pair(told["From"]), _list(told["To"]), _list(told.get("Cc", "")),
        _list(told.get("ReplyTo", "")), told["Subject"], told["TextBody"],
        told.get("HtmlBody", ""), headers,
        _bytes([row for row in files if "ContentID" not in row], "Name", "Content"),
        {row["ContentID"].removeprefix("cid:"): base64.b64decode(row["Content"])
         for row in files if "ContentID" in row},
        key, told["TrackOpens"] or told["TrackLinks"] != "None",
        _list(told.get("Bcc", "")),
    )  # fmt: skip


def _brevo(request: HookRequest) -> Taken:
    told = _body(request, "smtp/email")
    headers = dict(told.get("headers", {}))
    return Taken(
        # A name with signs of its own comes encoded, which Brevo undoes.
        (str(make_header(decode_header(told["sender"].get("name", "")))), told["sender"]["email"]),
        _emails(told["to"]), _emails(told.get("cc")), [told["replyTo"]["email"]] if "replyTo" in told else [],
        told["subject"], told["textContent"], told.get("htmlContent", ""), headers,
        _bytes(told.get("attachment"), "name", "content"),
        key=json.loads(headers.pop("X-Mailin-custom", "{}")).get("amiable", ""),
        bcc=_emails(told.get("bcc")),
    )  # fmt: skip


def _mailjet(request: HookRequest) -> Taken:
    told = _body(request, "send")
    (one,) = told["Messages"]
    one = {**told["Globals"], **one}
    reserved = {"message-id", "date", "subject", "from", "to", "cc", "reply-to"}
    assert not reserved & {name.lower() for name in one.get("Headers", {})}
    return Taken(
        (one["From"].get("Name", ""), one["From"]["Email"]), _emails(one["To"], "Email"),
        _emails(one.get("Cc"), "Email"), [one["ReplyTo"]["Email"]] if "ReplyTo" in one else [],
        one["Subject"], one["TextPart"], one.get("HTMLPart", ""), one.get("Headers", {}),
        _bytes(one.get("Attachments"), "Filename", "Base64Content"),
        _bytes(one.get("InlinedAttachments"), "ContentID", "Base64Content"),
        json.loads(one.get("EventPayload", "{}")).get("amiable", ""),
        (one["TrackOpens"], one["TrackClicks"]) != ("disabled", "disabled"),
        _emails(one.get("Bcc"), "Email"),
    )  # fmt: skip


def _form(request: HookRequest) -> EmailMessage:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    return BytesParser(policy=default).parsebytes(head + request.body)


def _mailgun(request: HookRequest) -> Taken:
    domain, _, rest = request.path.removeprefix("/v3/").partition("/")
    assert rest == "messages"
    fields: dict[str, str] = {}
    files: dict[str, dict[str, bytes]] = {"inline": {}, "attachment": {}}
    if request.headers["content-type"].startswith("multipart/"):
        for part in _form(request).iter_parts():
            name = part.get_param("name", header="content-disposition")
            octets = part.get_payload(decode=True)
            if part.get_filename():
                files[name][part.get_filename()] = octets
            else:
                joined = fields[name] + ", " if name in fields else ""
                fields[name] = joined + octets.decode().replace("\r\n", "\n")
    else:
        from urllib.parse import parse_qs

        fields = {name: ", ".join(v) for name, v in parse_qs(request.body.decode()).items()}
    sender = _pair(fields["from"])
    assert sender[1].endswith(domain)
    headers = {name[2:]: value for name, value in fields.items() if name.startswith("h:")}
    return Taken(
        sender, _list(fields["to"]), _list(fields.get("cc", "")),
        _list(headers.pop("Reply-To", "")), fields["subject"], fields["text"],
        fields.get("html", ""), headers, files["attachment"], files["inline"],
        fields.get("v:amiable", ""), (fields["o:tracking-opens"], fields["o:tracking-clicks"]) != ("no", "no"),
        _list(fields.get("bcc", "")),
    )  # fmt: skip


def _sparkpost(request: HookRequest) -> Taken:
    told = _body(request, "transmissions/")
    content = told["content"]
    headers = dict(content.get("headers", {}))
    shown = _list(told["recipients"][0]["address"]["header_to"])
    cc = _list(headers.pop("Cc", ""))
    everybody = [row["address"]["email"] for row in told["recipients"]]
    return Taken(
        _pair(content["from"]), shown, cc, _list(content.get("reply_to", "")), content["subject"],
        content["text"], content.get("html", ""), headers,
        _bytes(content.get("attachments"), "name", "data"),
        _bytes(content.get("inline_images"), "name", "data"), told.get("metadata", {}).get("amiable", ""),
        told["options"]["open_tracking"] or told["options"]["click_tracking"],
        [one for one in everybody if one not in {*shown, *cc}],
    )  # fmt: skip


def _mailersend(request: HookRequest) -> Taken:
    told = _body(request, "email")
    assert "headers" not in told, "of the larger plans only"
    files = told.get("attachments", ())
    return Taken(
        (told["from"].get("name", ""), told["from"]["email"]), _emails(told["to"]),
        _emails(told.get("cc")), [told["reply_to"]["email"]] if "reply_to" in told else [],
        told["subject"], told["text"], told.get("html", ""),
        {"In-Reply-To": told["in_reply_to"]} if "in_reply_to" in told else {},
        _bytes([row for row in files if row["disposition"] == "attachment"], "filename", "content"),
        _bytes([row for row in files if row["disposition"] == "inline"], "id", "content"),
        watched=told["settings"]["track_opens"] or told["settings"]["track_clicks"],
        bcc=_emails(told.get("bcc")),
    )  # fmt: skip


def _scaleway(request: HookRequest) -> Taken:
    told = _body(request, "emails")
    assert told["project_id"] == USER
    headers = {row["key"]: row["value"] for row in told.get("additional_headers", ())}
    return Taken(
        (told["from"].get("name", ""), told["from"]["email"]), _emails(told["to"]),
        _emails(told.get("cc")), _list(headers.pop("Reply-To", "")), told["subject"], told["text"],
        told.get("html", ""), headers, _bytes(told.get("attachments"), "name", "content"),
        bcc=_emails(told.get("bcc")),
    )  # fmt: skip


READERS = {
    "postmark": _postmark, "brevo": _brevo, "mailjet": _mailjet, "mailgun": _mailgun,
    "sparkpost": _sparkpost, "mailersend": _mailersend, "scaleway": _scaleway,
}  # fmt: skip


def _postmark_says(api: MailApi, taken: Taken, number: int):
    bad = ", ".join(api.bad(taken)).lower()
    because = (
        f"inactive addresses: {bad}. Inactive recipients are ones that have generated a hard "
        "bounce or a spam complaint."
    )
    if bad and len(api.bad(taken)) == len(taken.to + taken.cc + taken.bcc):
        words = (
            f"You tried to send to a recipient that has been marked as inactive.\nFound {because}"
        )
        return 422, json.dumps({"ErrorCode": 406, "Message": words}), JSON
    words = f"Message OK, but will not deliver to these {because}" if bad else "OK"
    told = {"To": ", ".join(taken.to), "SubmittedAt": "2026-11-22T08:00:00Z",
            "MessageID": f"pm-{number}", "ErrorCode": 0, "Message": words}  # fmt: skip
    return 200, json.dumps(told), JSON


def _brevo_says(api: MailApi, taken: Taken, number: int):
    if api.bad(taken):
        told = {"code": "invalid_parameter", "message": "email is not valid in to"}
        return 400, json.dumps(told), JSON
    return 201, json.dumps({"messageId": f"<2026.{number}@smtp-relay.mailin.fr>"}), JSON


def _mailjet_says(api: MailApi, taken: Taken, number: int):
    if api.bad(taken):
        wrong = {"ErrorIdentifier": "x", "ErrorCode": "mj-0013", "StatusCode": 400,
                 "ErrorMessage": '"nobody" is an invalid email address.',
                 "ErrorRelatedTo": ["To[0].Email"]}  # fmt: skip
        return 400, json.dumps({"Messages": [{"Status": "error", "Errors": [wrong]}]}), JSON
    rows = {
        name: [
            {"Email": one, "MessageUUID": "u", "MessageID": 5000 + 10 * number + i,
             "MessageHref": "h"}
            for i, one in enumerate(people)
        ]
        for name, people in (("To", taken.to), ("Cc", taken.cc), ("Bcc", taken.bcc))
    }  # fmt: skip
    return 200, json.dumps({"Messages": [{"Status": "success", **rows}]}), JSON


def _mailgun_says(api: MailApi, taken: Taken, number: int):
    if api.bad(taken):
        told = {"message": "to parameter is not a valid address. please check documentation"}
        return 400, json.dumps(told), JSON
    own = taken.headers.get("Message-Id", f"<mg-{number}@mailgun.example>")
    return 200, json.dumps({"id": own, "message": "Queued. Thank you."}), JSON


def _sparkpost_says(api: MailApi, taken: Taken, number: int):
    bad, total = len(api.bad(taken)), len(taken.to + taken.cc + taken.bcc)
    if bad == total:
        told = {"errors": [{"message": "At least one valid recipient is required", "code": "5002"}]}
        return 400, json.dumps(told), JSON
    told = {"total_rejected_recipients": bad, "total_accepted_recipients": total - bad,
            "id": f"1166{number}"}  # fmt: skip
    return 200, json.dumps({"results": told}), JSON


def _mailersend_says(api: MailApi, taken: Taken, number: int):
    bad = api.bad(taken)
    everybody = len(bad) == len(taken.to + taken.cc + taken.bcc)
    headers = {} if everybody else {"X-Message-Id": f"ms-{number}"}
    if not bad:
        return 202, "", {**headers, "Content-Type": "text/html; charset=UTF-8"}
    rows = [{"email": one, "name": "", "reasons": ["hard_bounced"]} for one in bad]
    kind = "ALL_SUPPRESSED" if everybody else "SOME_SUPPRESSED"
    told = {"message": "", "warnings": [{"type": kind, "warning": "", "recipients": rows}]}
    return 202, json.dumps(told), {**headers, **JSON}


def _scaleway_says(api: MailApi, taken: Taken, number: int):
    if api.bad(taken):
        told = {"type": "invalid_arguments", "details": [{"argument_name": "to"}]}
        return 400, json.dumps(told), JSON
    rows = [
        {"id": f"sw-{number}-{i}", "mail_rcpt": one, "status": "new"}
        for i, one in enumerate(taken.to + taken.cc + taken.bcc)
    ]
    return 200, json.dumps({"emails": rows}), JSON


ANSWERS = {
    "postmark": _postmark_says, "brevo": _brevo_says, "mailjet": _mailjet_says,
    "mailgun": _mailgun_says, "sparkpost": _sparkpost_says, "mailersend": _mailersend_says,
    "scaleway": _scaleway_says,
}  # fmt: skip
