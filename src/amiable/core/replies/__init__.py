"""What comes back by email: read, told apart (bounce, automatic answer, reply) and understood.

Pure: bytes and dates in, frozen data out; nothing leaves the machine and nothing is executed.
"""

from amiable.core.replies.mail import (
    Absence,
    Address,
    Attachment,
    IncomingMail,
    RecipientReport,
)
from amiable.core.replies.quoting import own_words
from amiable.core.replies.reading import read_mail

__all__ = [
    "Absence",
    "Address",
    "Attachment",
    "IncomingMail",
    "RecipientReport",
    "own_words",
    "read_mail",
]
