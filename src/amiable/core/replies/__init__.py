"""What comes back by email or SMS: read, told apart and understood.

`read_mail(bytes)` gives an IncomingMail: bounce, automatic answer, reply or other, with evidence.
`classify(mail, on=day)` and `classify_text(words, on=day)` give a Proposal that a person confirms.
Pure: bytes and dates in, frozen data out; nothing leaves the machine and nothing is executed.
"""

from amiable.core.replies.absences import absence_in
from amiable.core.replies.classifying import classify, classify_text
from amiable.core.replies.mail import (
    Absence,
    Address,
    Attachment,
    IncomingMail,
    RecipientReport,
)
from amiable.core.replies.proposals import LABELS, Facts, Intent, Label, Proposal
from amiable.core.replies.quoting import own_words
from amiable.core.replies.reading import read_mail
from amiable.core.replies.wording import language_of

__all__ = [
    "LABELS",
    "Absence",
    "Address",
    "Attachment",
    "Facts",
    "IncomingMail",
    "Intent",
    "Label",
    "Proposal",
    "RecipientReport",
    "absence_in",
    "classify",
    "classify_text",
    "language_of",
    "own_words",
    "read_mail",
]
