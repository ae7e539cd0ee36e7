"""What an incoming email is once read: plain frozen data, nothing of the wire left in it.

`read_mail` makes these. Everything in them was sent by a stranger: texts are shown escaped,
attachments are kept and never opened, names are already safe to write on a disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from amiable.core.sentences import Sentence, declare, gettext_noop

Kind = Literal["bounce", "auto_reply", "reply", "other"]
# What exactly: "" for a bounce or a plain reply.
Detail = Literal[
    "",
    "vacation",  # auto_reply: somebody is away
    "ticket",  # auto_reply: a help desk says it has received our message
    "challenge",  # auto_reply: a filter asks us to prove that we are a person
    "automatic",  # auto_reply: of no known sort
    "read_receipt",  # other: RFC 8098 disposition notification
    "complaint",  # other: RFC 5965 feedback loop, the recipient called our message unwanted
    "list",  # other: a mailing list or a newsletter
    "automatic_mail",  # other: a machine wrote, and not to answer us
    "empty",  # other: no text and no attachment
]
Outcome = Literal["hard", "soft", "delayed", "delivered", "expanded"]
Reason = Literal[
    "",
    "unknown_address",
    "mailbox_full",
    "account_disabled",
    "blocked_as_spam",
    "policy",
    "over_size",
    "unreachable",
    "system",
]

declare(
    {
        "mail.bounce_report": gettext_noop("A delivery report in standard form (RFC 3464)."),
        "mail.bounce_text": gettext_noop(
            "A mail server writes, in words of its own, that it could not deliver: “{words}”."
        ),
        "mail.auto_header": gettext_noop("The header {name} says that a machine answered."),
        "mail.auto_subject": gettext_noop("The subject is that of an automatic answer: “{words}”."),
        "mail.auto_text": gettext_noop("The text is that of an automatic answer: “{words}”."),
        "mail.read_receipt": gettext_noop("A read receipt: the message was displayed or deleted."),
        "mail.complaint": gettext_noop("The recipient reported our message as unwanted."),
        "mail.list": gettext_noop("The header {name} says that a mailing list sent it."),
        "mail.thread": gettext_noop("It answers a message, by its thread headers."),
        "mail.subject_reply": gettext_noop("Its subject begins like an answer: “{words}”."),
        "mail.empty": gettext_noop("It holds neither text nor attachment."),
        "mail.written": gettext_noop("Nothing says that a machine wrote it."),
        "mail.too_large": gettext_noop(
            "The message is larger than {limit} MB: what comes behind was not read."
        ),
        "mail.text_cut": gettext_noop("The text is longer than {limit} characters and was cut."),
        "mail.attachment_too_large": gettext_noop(
            "The attachment “{name}” is larger than {limit} MB and was not kept."
        ),
        "mail.attachments_too_many": gettext_noop(
            "There are more than {limit} attachments: {count} were not kept."
        ),
        "mail.attachment_disguised": gettext_noop(
            "The attachment “{name}” is not what it says: its bytes are those of {found}."
        ),
        "mail.attachment_dangerous": gettext_noop(
            "The attachment “{name}” is a program or can carry one: do not open it."
        ),
        "mail.nested_too_deep": gettext_noop("Parts are nested too deeply: the rest was not read."),
    }
)


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: `address` in lower case, "" when none could be read; `name` decoded."""

    address: str
    name: str = ""

    @property
    def token(self) -> str:
        """What stands behind the last plus sign: "k7" of replies+k7@example.com, else ""."""
        local, at, _ = self.address.rpartition("@")
        return local.rpartition("+")[2] if at and "+" in local else ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came along. `media_type` is what the bytes are, `declared_type` what was said.

    `name` is one safe path component. `content` is never interpreted here; `dangerous` marks
    programs, scripts, documents with macros, pages and encrypted or unknown archives of those.
    """

    name: str
    media_type: str
    declared_type: str
    size: int  # bytes
    content: bytes
    is_inline: bool = False  # a picture shown in the text, a signature's logo
    dangerous: bool = False


@dataclass(frozen=True, slots=True)
class RecipientReport:
    """What a mail server says of one recipient of ours.

    recipient  the address we wrote to, as far as the report tells it.
    outcome  hard = this address takes nothing any more; soft = this message was refused or given
             up, another may arrive; delayed = the server goes on trying.
    status   enhanced code of RFC 3463 ("5.1.1"), "" when neither given nor implied.
    """

    recipient: str
    outcome: Outcome
    status: str = ""
    reason: Reason = ""
    diagnostic: str = ""
    final_recipient: str = ""  # where a forwarding led, when the report tells both


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """An email as read. `text` = what its writer wrote, without quotes, signature, disclaimer.

    `quoted` = what was cut off, from the first cut line on; `full_text` = both. `envelope_to` =
    Delivered-To, X-Original-To, Envelope-To: where a plus-address token survives a forwarding.
    `returned_id` = Message-ID of the message of ours that a bounce, a receipt or a complaint is
    about. `problems` = what was left out and why. Message-IDs are without angle brackets.
    """

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    from_address: Address
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    envelope_to: tuple[Address, ...]
    date: datetime | None
    subject: str
    text: str
    quoted: str
    full_text: str
    attachments: tuple[Attachment, ...]
    kind: Kind
    detail: Detail
    evidence: tuple[Sentence, ...]
    recipients: tuple[RecipientReport, ...] = ()
    returned_id: str = ""
    problems: tuple[Sentence, ...] = ()

    @property
    def tokens(self) -> tuple[str, ...]:
        """Plus-address tokens of every address it was sent to, in order, each once."""
        found = [one.token for one in (*self.envelope_to, *self.to, *self.cc) if one.token]
        return tuple(dict.fromkeys(found))

    @property
    def thread_ids(self) -> tuple[str, ...]:
        """Message-IDs it may answer: the nearest first."""
        ids = (self.returned_id, *self.in_reply_to, *reversed(self.references))
        return tuple(dict.fromkeys(one for one in ids if one))


@dataclass(frozen=True, slots=True)
class Absence:
    """What an automatic answer says: last day away, and whom to write to meanwhile."""

    absent_until: date | None  # None: not said, or it can be read in two ways
    contact: Address | None
    evidence: tuple[tuple[int, int], ...] = ()  # spans in IncomingMail.text
