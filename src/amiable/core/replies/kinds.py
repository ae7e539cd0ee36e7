"""Who wrote an incoming mail, a person or a machine, and in the second case which sort of machine.

Headers decide before subjects, and subjects before words: a person who writes "je suis absent"
is a reply. RFC 3834 (automatic answers), 5965 (complaints), 8098 (read receipts), 2369 (lists).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from amiable.core.replies.bounces import is_rejection, read_report, returned_id
from amiable.core.replies.headers import decoded, message_ids
from amiable.core.replies.mail import Detail, Kind, RecipientReport
from amiable.core.replies.mime import Part, header_fields
from amiable.core.sentences import Sentence

_REPLY = re.compile(r"\s{0,10}(?:(?:re|rép|rép\.|réf|aw|sv|antw|r)(?:\[\d+\])? ?: ?)", re.I)
_AUTO_SUBJECT = re.compile(
    r"automatic reply|auto(?:matic)?[ -]?(?:reply|response|answer|resp)|"
    r"out[ -]of[ -](?:the[ -])?office|"
    r"\booo\b|r[ée]ponse[s]? (?:automatique|auto\b|d.absence)|message (?:automatique|d.absence)|"
    r"^auto ?:|absen(?:ce|t|te) (?:du bureau|de courrier|notification|message|jusqu|prolong|pour|"
    r"au|"
    r"temporaire|cong)|^absen(?:ce|t|te)\b.{0,40}$|notification d.absence|^\W{0,3}away\b|"
    r"away (?:until|from (?:the|my) (?:office|desk|mail))|vacation (?:reply|message|notice)|"
    r"on (?:vacation|"
    r"annual leave|holiday|leave)\b|en cong[ée]s?\b|^cong[ée]s?\b|abwesen|autorespon|auto-respon|"
    r"r[ée]pondeur|afwezig|fuori ufficio|assente|fuera de (?:la )?oficina|office closed|fermeture "
    r"(?:annuelle|estivale|pour cong)|i am away|currently away|ferm[ée] pour cong|"
    r"automatische antwort|automatisch antwoord|respuesta autom[áa]tica|risposta automatica|"
    r"resposta autom[áa]tica|^ausen(?:cia|te)|^au[ßs]er haus|^(?:je suis|nous sommes) absent|"
    r"is out of the office|est absente? du bureau|en vacaciones|im urlaub|afwezigheid",
    re.I,
)
_VACATION = re.compile(
    r"(?:je (?:suis|serai)|nous (?:sommes|serons)|actuellement|sera|est)\b.{0,40}\b(?:absente?s?|"
    r"en cong"
    r"|en vacances|en arr[êe]t|indisponible|ferm[ée]e?s?|en d[ée]placement|hors du bureau|"
    r"en formation)|"
    r"out of (?:the )?office|on (?:annual |maternity |paternity |parental |sick |holiday |"
    r"vacation )?"
    r"(?:leave|vacation|holiday)|(?:i am|i'm|i will be|we are|currently) .{0,30}(?:away|out\b|"
    r"unavailable|"
    r"travell?ing|closed)|de retour (?:le|au|[àa] partir)|(?:return|back) (?:to the office|"
    r"in the office|"
    r"on|to work)|limited access|acc[èe]s (?:limit[ée]|restreint)|mon absence|my absence|"
    r"mes cong[ée]s|"
    r"cong[ée]s? (?:maternit|annuel|pay|d.[ée]t)|fermeture|abwesen|will respond .{0,60}return|"
    r"r[ée]ponse d.absence|jusqu.au .{0,30}inclus|absente? (?:du|jusqu)|\ben (?:cong[ée]s?|"
    r"vacances)\b|(?:sont|seront|est|sera) ferm[ée]|vacation|annual leave|"
    r"nicht im (?:b[üu]ro|hause)|au[ßs]er haus|im urlaub|abwesend|fuera de la oficina|"
    r"de vacaciones|\bausente|fuori ufficio|in ferie|\bassente|afwezig|op vakantie|de f[ée]rias",
    re.I,
)
_CHALLENGE = re.compile(
    r"mailinblack|mail ?in ?black|challenge[ -]response|spamarrest|boxbe|(?:cliqu|click).{0,120}"
    r"(?:authentifi|confirm|valid|verif|v[ée]rif|release|deliver|prouver|prove)|(?:confirm|prove|"
    r"verify|"
    r"prouv|authentifi).{0,60}(?:you are (?:a )?(?:human|person|not a)|que vous (?:[êe]tes|"
    r"n.[êe]tes)|"
    r"your (?:message|identity|email)|votre (?:message|identit|adresse|envoi))|(?:message|"
    r"e-?mail|courriel)"
    r".{0,80}(?:mis en attente|en attente de validation|quarantine|held|on hold)|approved senders?|"
    r"liste blanche|white-?list|captcha|bitdefender spam challenge|sender (?:verification|"
    r"validation)",
    re.I,
)
_TICKET = re.compile(
    r"\[?(?:ticket|case|request|incident|demande|dossier|r[ée]f(?:[ée]rence)?|issue|case id)[ -]?"
    r"(?:n[°ºo]\.? ?|id|number|no\.?|#|:)? ?[:#]? ?[A-Z]{0,6}-?\d{3,}|(?:accus[ée]|"
    r"confirmation) (?:de |of )?"
    r"(?:bonne )?r[ée]ce?ption|nous (?:avons bien re[çc]u|accusons r[ée]ception)|(?:your|"
    r"votre) (?:request|"
    r"demande|message|e-?mail|courriel|ticket) .{0,40}(?:has been (?:received|logged|created)|"
    r"a (?:bien )?[ée]t[ée]"
    r" (?:re[çc]u|enregistr|pris|cr[ée]))|we have received your|thank you for (?:contacting|"
    r"your (?:e-?mail|"
    r"message|enquiry|request))|merci (?:de nous avoir|pour votre (?:message|e-?mail|demande))|"
    r"sera trait[ée]|"
    r"(?:do not|ne pas) r[ée]pl?[yo]|ne pas r[ée]pondre",
    re.I,
)
_RECEIPT_SUBJECT = re.compile(
    r"^(?:lu|read|non lu|not read|gelesen|le[ií]do|letto|accus[ée] de (?:lecture|"
    r"r[ée]ception \(affich)|"
    r"read[- ](?:receipt|notification)|return receipt|disposition notification|"
    r"confirmation de lecture)"
    r"(?: ?:|\b.{0,80}$)",
    re.I,
)
_RECEIPT_TEXT = re.compile(
    r"was (?:read|displayed|deleted (?:without|unread)|opened) |a [ée]t[ée] (?:lu|affich|ouvert|"
    r"supprim)|"
    r"return receipt|accus[ée] de (?:lecture|r[ée]ception)|"
    r"no guarantee that the message has been read|"
    r"n'indique pas (?:que|n[ée]cessairement)|receipt (?:for the mail|only acknowledges)",
    re.I,
)
_COMPLAINT = re.compile(
    r"^(?:complaint about message from|abuse report|email feedback report|spam complaint|"
    r"fbl (?:report|notification)|client tos notification)",
    re.I,
)
_AUTO_HEADERS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply",
    "x-auto-response", "x-ms-exchange-inbox-rules-loop", "x-autogenerated", "x-out-of-office",
    "x-fc-machinegenerated", "x-auto-replied", "autoresponder", "x-vacation", "x-auto-reply",
)  # fmt: skip


_AUTO_PRECEDENCE = re.compile(r"auto[_-]?reply|auto_?response", re.I)


@dataclass(slots=True)
class Sorted:
    """The kind of a mail, why, and what comes with that kind."""

    kind: Kind
    detail: Detail
    evidence: list[Sentence] = field(default_factory=list)
    recipients: list[RecipientReport] = field(default_factory=list)
    returned_id: str = ""


@dataclass(frozen=True, slots=True)
class _Seen:
    root: Part
    subject: str
    text: str
    full_text: str
    has_files: bool

    @property
    def is_thread(self) -> bool:
        return bool(self.root.get("in-reply-to") or self.root.get("references"))


def sort(root: Part, *, text: str, full_text: str, has_files: bool) -> Sorted:
    """Kind and detail of a parsed mail. `text` = the writer's own words, `full_text` = all."""
    seen = _Seen(root, decoded(root.get("subject"))[:500], text[:20_000], full_text, has_files)
    questions: tuple[Callable[[_Seen], Sorted | None], ...] = (
        _complaint, _receipt, _bounce, _automatic, _list, _empty,
    )  # fmt: skip
    for question in questions:
        if found := question(seen):
            return found
    return _written(seen)


def _complaint(seen: _Seen) -> Sorted | None:
    is_report = any(one.content_type == "message/feedback-report" for one in seen.root.walk())
    declared = seen.root.parameters.get("report-type", "").lower() == "feedback-report"
    if is_report or declared or _COMPLAINT.match(seen.subject):
        known = returned_id(seen.root, seen.full_text)
        return Sorted("other", "complaint", [Sentence("mail.complaint")], returned_id=known)
    return None


def _receipt(seen: _Seen) -> Sorted | None:
    kinds = [one for one in seen.root.walk()
             if one.content_type == "message/disposition-notification"]  # fmt: skip
    declared = seen.root.parameters.get("report-type", "").lower() == "disposition-notification"
    told = _RECEIPT_SUBJECT.match(seen.subject) and _RECEIPT_TEXT.search(seen.text)
    if not (kinds or declared or told) or (kinds and is_rejection(seen.root, seen.full_text)):
        return None
    fields = dict(header_fields(kinds[0].decoded().lstrip(b"\n"))) if kinds else {}
    ids = message_ids(fields.get("original-message-id", ""))
    known = ids[0] if ids else returned_id(seen.root, seen.full_text)
    return Sorted("other", "read_receipt", [Sentence("mail.read_receipt")], returned_id=known)


def _bounce(seen: _Seen) -> Sorted | None:
    report = read_report(seen.root, seen.full_text)
    if report is None:
        return None
    if report.is_standard:
        reason = Sentence("mail.bounce_report")
    else:
        reason = Sentence("mail.bounce_text", {"words": report.words})
    return Sorted("bounce", "", [reason], report.recipients, report.returned_id)


def _automatic(seen: _Seen) -> Sorted | None:
    """RFC 3834 first; then headers of programs older than it; then subjects."""
    submitted = seen.root.get("auto-submitted").lower()
    evidence = _auto_evidence(seen, submitted)
    if not evidence:
        return None
    words = f"{seen.subject}\n{seen.text}"
    detail: Detail = "automatic"
    if _CHALLENGE.search(words):
        detail = "challenge"
    elif _VACATION.search(words) or _AUTO_SUBJECT.search(seen.subject):
        detail = "vacation"
    elif _TICKET.search(words):
        detail = "ticket"
    elif not (submitted.startswith("auto-replied") or seen.is_thread or _names_reply(seen)):
        return Sorted("other", "automatic_mail", evidence)
    return Sorted("auto_reply", detail, evidence)


def _names_reply(seen: _Seen) -> bool:
    if _REPLY.match(seen.subject) or _AUTO_PRECEDENCE.search(seen.root.get("precedence")):
        return True
    return any(seen.root.get(one) for one in _AUTO_HEADERS)


def _auto_evidence(seen: _Seen, submitted: str) -> list[Sentence]:
    root = seen.root
    if submitted and not submitted.startswith("no"):
        return [Sentence("mail.auto_header", {"name": "Auto-Submitted"})]
    names = [name for name in _AUTO_HEADERS if root.get(name)]
    if _AUTO_PRECEDENCE.search(root.get("precedence")):
        names.append("precedence")
    if "vacation" in root.get("x-mailer").lower() or root.get("x-post-messageclass").startswith(
        "9"
    ):
        names.append("x-mailer")
    if root.get("return-path").strip() == "<>":
        names.append("return-path")
    titled = _AUTO_SUBJECT.search(_REPLY.sub("", seen.subject, count=1))
    if root.get("x-auto-response-suppress") and (titled or _VACATION.search(seen.text)):
        names.append("x-auto-response-suppress")
    found = [Sentence("mail.auto_header", {"name": name.title()}) for name in names[:3]]
    if titled and (found or not _REPLY.match(seen.subject)):
        found.append(Sentence("mail.auto_subject", {"words": titled[0][:80]}))
    challenge = _CHALLENGE.search(f"{seen.subject}\n{seen.text}")
    if not found and challenge and _is_machine(root):
        found.append(Sentence("mail.auto_text", {"words": challenge[0][:80]}))
    if not found and _is_machine(root) and _TICKET.search(f"{seen.subject}\n{seen.text}"):
        found.append(Sentence("mail.auto_header", {"name": "From"}))
    return found


def _is_machine(root: Part) -> bool:
    """An address nobody reads, or a filter's."""
    sender = root.get("from").lower()
    return re.search(r"no-?reply|ne-?pas-?repondre|nepasrepondre|donotreply|do-not-reply|noreponse|"
                     r"mailinblack|spamarrest|boxbe|autorespon|robot@|ticket|helpdesk",
                     sender) is not None  # fmt: skip


def _list(seen: _Seen) -> Sorted | None:
    """Lists and newsletters. A group address of a customer adds list headers to real answers."""
    if seen.is_thread or _REPLY.match(seen.subject):
        return None
    for name in ("list-id", "list-unsubscribe", "list-post", "x-mailing-list", "feedback-id"):
        if seen.root.get(name):
            return Sorted("other", "list", [Sentence("mail.list", {"name": name.title()})])
    if seen.root.get("precedence").strip().lower() in {"bulk", "list", "junk"}:
        return Sorted("other", "list", [Sentence("mail.list", {"name": "Precedence"})])
    return None


def _empty(seen: _Seen) -> Sorted | None:
    if seen.full_text.strip() or seen.has_files:
        return None
    return Sorted("other", "empty", [Sentence("mail.empty")])


def _written(seen: _Seen) -> Sorted:
    if seen.is_thread:
        return Sorted("reply", "", [Sentence("mail.thread")])
    answer = _REPLY.match(seen.subject)
    if answer:
        words = {"words": answer[0].strip()}
        return Sorted("reply", "", [Sentence("mail.subject_reply", words)])
    return Sorted("reply", "", [Sentence("mail.written")])
