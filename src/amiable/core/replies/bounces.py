"""Delivery reports: RFC 3464, and the ways of servers that never read it.

Standard reports are read field by field. Otherwise the text is searched up to the copy of our
message for addresses that stand where servers name recipients, with the words behind them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from amiable.core.replies import bounce_reasons as reasons
from amiable.core.replies.headers import addresses, decoded, first_address, message_ids
from amiable.core.replies.mail import Outcome, RecipientReport
from amiable.core.replies.mime import Part, header_fields

MAX_RECIPIENTS = 50
_REPORTS = {"message/delivery-status", "message/global-delivery-status"}
_RECEIPT = "message/disposition-notification"
_ID_FIELDS = {
    "text/rfc822-headers": "message-id", "message/rfc822-headers": "message-id",
    _RECEIPT: "original-message-id",
}  # fmt: skip
_REJECTED = re.compile(r"\(rejected\)|was automatically rejected|refused by the recipient", re.I)
_ACTIONS: dict[str, Outcome] = {
    "delivered": "delivered", "relayed": "delivered", "expanded": "expanded", "delayed": "delayed",
}  # fmt: skip
_SENDER = re.compile(
    r"mailer-?daemon|^post_?master|^poostmaster|mdaemon|^mail-?delivery|^mailerdaemon|^mail-daemon|"
    r"^bounce|^majordomo|^gateway|^smtpd?@|^administrator@",
    re.I,
)
_SENDER_NAME = re.compile(
    r"mail ?delivery|mailer.?daemon|postmaster|delivery (?:sub)?system|internet mail|"
    r"mail (?:system|"
    r"administrator)|system administrator|administrateur|syst[èe]me|microsoft (?:outlook|exchange)",
    re.I,
)
_SUBJECT = re.compile(
    r"undeliver|returned mail|delivery (?:status|notif|fail|report|has|delay|problem|error|"
    r"warning)|"
    r"failure notice|mail (?:delivery|could not|failure|system error|not delivered|delivering)|"
    r"(?:message|mail|e-?mail) (?:you sent )?(?:delayed|delivery|undeliverable|not delivered|"
    r"status|"
    r"returned|could not)|non.?(?:remis|d[ée]livr|distribu)|nondeliverable|non.?delivery|"
    r"not delivered|"
    r"returned (?:to sender|message)|permanent (?:delivery )?(?:failure|error)|"
    r"warning: (?:could not|"
    r"message)|[ée]chec (?:de |d.)(?:la )?(?:remise|distribution|envoi|livraison)|"
    r"notification d.[ée]tat|message non|retour (?:de courrier|à l.exp)|user unknown|unknown user|"
    r"error sending|could not send|bounced? (?:mail|message)|mail error|unzustellbar|"
    r"mancata consegna|unable to deliver|"
    r"address (?:error|unknown|rejected)|quota|mailbox (?:full|unavailable)|delayed mail|"
    r"notice de non|"
    r"avis de non|rejected|could not be delivered|\bdsn\b|ndn|failed|"
    r"n.a pas (?:pu [êe]tre|[ée]t[ée]) (?:remis|distribu|d[ée]livr|achemin)|onbestelbaar|"
    r"no se (?:puede|pudo|ha podido) entregar|impossibile recapitare",
    re.I,
)
_TEXT = re.compile(
    r"(?:could|can) ?not be (?:delivered|sent)|(?:couldn|wasn|can)[’']t be (?:delivered|sent)|"
    r"undeliverable|not delivered|did not reach|not be reached|unable to deliver|delivery (?:to|"
    r"has|of).{0,80}"
    r"fail|fail.{0,60}deliver|wasn.t able to deliver|(?:permanent|fatal) (?:fatal )?error|"
    r"returned (?:message|mail|below|to)|could not deliver|cannot deliver|not able to be delivered|"
    r"was (?:rejected|refused|undeliverable|not delivered)|user unknown|unknown user|no such user|"
    r"n.a (?:pas )?(?:encore )?(?:pu|[ée]t[ée]).{0,30}(?:[êe]tre )?(?:remis|distribu|d[ée]livr|"
    r"transmis|achemin)|"
    r"impossible de (?:remettre|d[ée]livrer|distribuer|transmettre)|(?:remise|distribution) .{0,40}"
    r"[ée]chou|[ée]chec d|has been delayed|not yet been delivered|undelivered|mailbox.{0,30}full|"
    r"did not receive|non remis|quota exceeded|does not exist|delivery attempt|"
    r"(?:nicht|konnten?) .{0,60}(?:zugestellt|zugestellt werden|erreicht werden)|unzustellbar|"
    r"no se (?:puede|pudo|ha podido) entregar|non .{0,20}(?:consegnat|recapitat)|"
    r"impossibile recapitare|had (?:\w+ ){0,2}errors|(?<!\d)5[05]\d[ -]#?5\.\d\.\d|"
    r"niet .{0,30}(?:bezorgd|afgeleverd)|n[ãa]o foi poss[íi]vel entregar|"
    r"bo[îi]te .{0,80}d[ée]sactiv",
    re.I,
)
_ANSWER = re.compile(r"\s*(?:re|tr|fwd?|aw|rép)\s?:", re.I)
# Where the report ends and the copy of our message begins.
_COPY = re.compile(
    r"^[ \t>]{0,8}(?:[-=*_]{2,60} ?(?:this is a copy|below this line|(?:begin |"
    r"start of )?(?:original|"
    r"returned|unsent|undelivered|the header|message (?:header|follows|text)|message d.origine|"
    r"en-t[êe]te|forwarded message|text of|header of|your (?:original )?message).{0,80})|"
    r"(?:original (?:message|mail)(?: headers?| follows)?|(?:the )?(?:headers?|text|"
    r"first \d+ \w+) (?:of|"
    r"from) (?:the |your )?(?:original|message|returned).{0,60}|message headers? follow.{0,20}|"
    r"(?:en-t[êe]tes?|texte) (?:du|de) (?:votre )?message.{0,60}|(?:your )?(?:original )?message "
    r"(?:follows|is included|text)[^!\n]{0,40})[ :.]*$|(?:received|return-path|message-id|x-mailer|"
    r"mime-version|dkim-signature): ?\S)",
    re.I | re.M,
)
_ANY = r"[^\s<>()\[\]\",;:]{1,64}@[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,9}"
_ALONE = re.compile(
    rf"^[ \t>*•-]{{0,12}}(?:[\w:.-]{{1,80}}:)?[<\"'(]{{0,2}}(?P<to>{_ANY})[>\"')]{{0,2}}"
    rf"(?:<mailto:[^>]{{1,300}}>)?\.?[ \t]*(?:\((?:expanded|generated|was|reason|"
    rf"courriel)[^)]{{0,300}}\)?|"
    r"[:;,.]|\.\.\.|$|-|–|(?:user|unknown|invalid|mailbox|delivery|host|was|is|does|on|:)\b).*$",
    re.I | re.M,
)
_NAMED = re.compile(
    rf"(?<![\w@.-])(?:(?:original address|(?:failed|intended|original|final|invalid|unknown|"
    rf"bad)?[ -]?(?:recipients?|"
    rf"destinataires?|address(?:es)?|adresses?|users?|mailbox|utilisateur|account|compte|"
    rf"userid|error-for)"
    rf"(?: (?:address|name|unknown|inconnue?))?(?: is| was| not known)?|rcpt to|delivery to|"
    rf"(?:message|mail|e-?mail) (?:to|for|pour|[àa])|sent to|envoy[ée] [àa])(?![\w.+-])"
    rf"|(?:to|[àa]|an|for|from|para|bo[îi]te de)(?=[\s:=<\"'«“(\[])"
    rf"|for user|permanent errors|delivery failed|failed \d+ attempts|mailbox is full"
    rf"|unknown user|user unknown|no such user(?: here)?|couldn't deliver to|deliver to|"
    rf"5[05]\d[ -](?:5\.\d\.\d{{1,3}} )?)"
    rf"[ \t]{{0,4}}[:=]?[ \t]{{0,20}}(?:rfc822;)?[ \t]?[<\"'«“(\[]{{0,2}}"
    rf"(?:smtp:)?(?P<to>{_ANY})",
    re.I,
)


@dataclass(slots=True)
class Report:
    """What a delivery report says; `is_standard` = by RFC 3464."""

    recipients: list[RecipientReport] = field(default_factory=list)
    returned_id: str = ""
    is_standard: bool = False
    words: str = ""  # what showed that it is one


def read_report(root: Part, text: str) -> Report | None:
    """The delivery report in a mail, None when it is none. `text` = its readable text."""
    blocks = [part for part in root.walk() if part.content_type in _REPORTS]
    if not blocks and is_rejection(root, text):
        blocks = [part for part in root.walk() if part.content_type == _RECEIPT]
    if blocks:
        recipients = _standard(blocks, text)
        if recipients:
            return Report(recipients, returned_id(root, text), is_standard=True)
    if not (blocks or _is_bounce(root, text)):
        return None
    words = _TEXT.search(text[:5000]) or _SUBJECT.search(decoded(root.get("subject")))
    found = _from_text(root, text)
    return Report(found, returned_id(root, text), words=words[0][:80] if words else "")


def is_rejection(root: Part, text: str) -> bool:
    """Whether a mail in the shape of a receipt says that nobody gets ours: so do mail filters
    (RFC 5429, 2.1) and Dovecot when a mailbox is full."""
    return _REJECTED.search(f"{root.get('auto-submitted')}\n{text[:2000]}") is not None


def returned_id(root: Part, text: str) -> str:
    """Message-ID of our message: from its copy, or as the text cites it, "" when not there."""
    for part in root.walk():
        for value in _ids_in(part):
            return value
    copy = _COPY.search(text)
    found = re.search(
        r"^[ \t>]{0,8}(?:original[- ])?message-id[ \t]{0,4}:[ \t]{0,4}(<[^<>\s]{1,300}>)",
        text[copy.start() :] if copy else text,
        re.I | re.M,
    ) or re.search(r"message-id[ \t]{0,4}:?[ \t]{0,4}(<[^<>\s]{1,300}>)", text[:50_000], re.I)
    return next(iter(message_ids(found[1])), "") if found else ""


def _ids_in(part: Part) -> list[str]:
    if part.content_type == "message/rfc822":
        return [one for child in part.children[:1] for one in message_ids(child.get("message-id"))]
    if name := _ID_FIELDS.get(part.content_type):
        fields = header_fields(part.decoded().lstrip(b"\n"))
        return [one for found, value in fields if found == name for one in message_ids(value)]
    return []


def _standard(blocks: list[Part], text: str) -> list[RecipientReport]:
    """Per-recipient groups of message/delivery-status (RFC 3464, 2.3)."""
    found = []
    for block in blocks[:5]:
        groups = re.split(rb"\n[ \t]*\n", block.decoded().lstrip(b"\n"))
        for group in groups[: MAX_RECIPIENTS + 1]:
            fields = dict(reversed(header_fields(group)))
            if "action" in fields or "final-recipient" in fields or "original-recipient" in fields:
                found.append(_recipient(fields, text))
    return found[:MAX_RECIPIENTS]


def _recipient(fields: dict[str, str], text: str) -> RecipientReport:
    final = first_address(fields.get("final-recipient", ""))
    original = first_address(fields.get("original-recipient", ""))
    diagnostic = re.sub(r"\s+", " ", fields.get("diagnostic-code", ""))[:1000]
    status_field = fields.get("status", "")
    status = reasons.status_in(status_field) or reasons.status_in(diagnostic)
    action = re.split(r"[\s;(]", fields.get("action", "").strip().lower())[0]
    words = f"{diagnostic} {status_field}"
    reason = (
        reasons.reason_of(words, status) if action not in _ACTIONS or action == "delayed" else ""
    )
    if (
        reason in {"", "unreachable", "system"}
        and len(words.strip()) < 40
        and action not in _ACTIONS
    ):
        reason = reasons.reason_of(_report_text(text)[:1500], status) or reason
    outcome = _ACTIONS.get(action) or reasons.outcome_of(status, reason)
    return RecipientReport(
        recipient=original or final or first_address(diagnostic),
        outcome=outcome,
        status=status,
        reason=reason,
        diagnostic=decoded(diagnostic),
        final_recipient=final if original and final != original else "",
    )


def _is_bounce(root: Part, text: str) -> bool:
    """A daemon wrote, or nobody did (empty return path), and the words are those of a failure."""
    if root.get("x-failed-recipients"):
        return True
    sender = next(iter(addresses(root.get_all("from"))), None)
    address = sender.address if sender else root.get("from")[:300]
    name = sender.name if sender else ""
    is_daemon = bool(_SENDER.search(address)) or bool(_SENDER_NAME.search(name))
    subject = decoded(root.get("subject"))
    is_answer = bool(root.get("in-reply-to")) or bool(_ANSWER.match(subject))
    failing = _TEXT.search(text[:5000]) is not None
    titled = _SUBJECT.search(subject) is not None
    if is_daemon:
        return failing or (titled and not is_answer)
    nobody = root.get("return-path").strip() == "<>"
    if not failing or not (nobody or (titled and not is_answer)):
        return False
    return (titled or _has_copy(root)) and bool(_from_text(root, text))


def _report_text(text: str) -> str:
    copy = _COPY.search(text, 1)
    return text[: copy.start()] if copy and copy.start() > 20 else text[:20_000]


def _from_text(root: Part, text: str) -> list[RecipientReport]:
    """Recipients named in the words of the report, each with the words that follow its name."""
    report = _report_text(text)[:20_000]
    ours = _own_addresses(root)
    places: dict[str, int] = {}
    for header in root.get_all("x-failed-recipients")[:5]:
        for one in addresses([header]):
            places[one.address] = max(0, report.lower().find(one.address))
    # An address of ours is named as recipient only by a report of what we sent to ourselves; some
    # servers write whom they could not reach where others write whom they delivered to.
    ways = ((_ALONE, ours), (_NAMED, ours), (_ALONE, _senders(root)), (_NAMED, _parties(root)))
    for pattern, passed_over in ways:
        for found in pattern.finditer(report) if not places else ():
            address = first_address(found["to"].rstrip(".'>"))
            if address and address not in passed_over and len(places) < MAX_RECIPIENTS:
                places.setdefault(address, found.start("to"))
    if not places:
        places = {address: 0 for address in _copied_recipients(root, text) if address not in ours}
    return [_described(address, _words_behind(report, address, places), report)
            for address in places]  # fmt: skip


def _words_behind(report: str, address: str, places: dict[str, int]) -> str:
    """What the report says of one recipient: up to the next one, else all of it."""
    start = places[address]
    later = sorted(place for place in places.values() if place > start)
    own = report[start : later[0] if later else start + 1500]
    if not start:
        return report[:3000]
    transcript = [
        line
        for line in report.split("\n")
        if address in line.lower() and line not in own and len(line) > len(address) + 12
    ]
    return " ".join([own[len(address) :], *transcript[:5]])


def _described(address: str, words: str, report: str) -> RecipientReport:
    status = reasons.status_in(words) or reasons.status_in(report)
    reason = reasons.reason_of(words, status)
    if reason in {"", "unreachable", "system"}:
        reason = reasons.reason_of(report[:1500], status) or reason
    outcome = reasons.outcome_of(status, reason, words=report)
    diagnostic = re.sub(r"\s+", " ", words).strip(" :<>")[:500]
    return RecipientReport(address, outcome, status, reason, diagnostic)


def _senders(root: Part) -> set[str]:
    return {one.address for one in addresses([*root.get_all("from"), *root.get_all("sender")])}


def _own_addresses(root: Part) -> set[str]:
    """Addresses in a report that are ours or the server's, not the failed recipient's."""
    return _parties(root, "delivered-to", "x-original-to", "envelope-to")


def _parties(root: Part, *more: str) -> set[str]:
    """Who wrote a report to whom, and their postmasters; `more` = further headers that say so."""
    names = ("to", "from", "sender", "return-path", "reply-to", "errors-to", *more)
    found = {one.address for name in names for one in addresses(root.get_all(name))}
    return found | {"postmaster@" + one.partition("@")[2] for one in found}


def _has_copy(root: Part) -> bool:
    """Whether a message, or its headers, came back as a part."""
    return any("rfc822" in part.content_type for part in root.walk())


def _copied_recipients(root: Part, text: str) -> list[str]:
    """To: of the copy of our message, the last resort."""
    for part in root.walk():
        if part.content_type == "message/rfc822" and part.children:
            return [one.address for one in addresses(part.children[0].get_all("to"))]
        if part.content_type.endswith("rfc822-headers"):
            fields = header_fields(part.decoded().lstrip(b"\n"))
            return [one.address for one in addresses([v for n, v in fields if n == "to"])]
    copy = _COPY.search(text, 1)
    raw = text[copy.start() :][:20_000] if copy else ""
    found = re.search(r"^[ \t>]{0,8}to: ?(.{1,500})$", raw, re.I | re.M)
    return [one.address for one in addresses([found[1]])] if found else []
