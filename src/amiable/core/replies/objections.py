"""An objection that cannot be read in two ways: the whole message says stop, and nothing else.

A sentence that holds such a word among others ("stop, I paid you yesterday", "when does it stop?")
is none: a person reads it.
"""

from __future__ import annotations

import re

from amiable.core.replies.wording import fold

# More than any of these says, so that nothing long is searched.
LONGEST = 60
_WORDS = re.compile(
    r"(?:please |merci de |svp )?"
    r"(?:"
    r"(?:stop|arret|arreter|arretez|arrete)"
    r"(?: (?:all|tout|sms|les sms|vos sms|aux sms|texts?|texting|texting me|mail|mails|emails?"
    r"|vos (?:e ?)?mails|au \d{4,6}|\d{4,6}))?"
    r"|stopsms|stop sms \d{4,6}|stopall|unsubscribe(?: me)?|opt ?out"
    r"|(?:me )?desabonn(?:er|ement|ez moi)|(?:me )?desinscri(?:re|ption|vez moi)"
    r")"
    r"(?: (?:svp|s il vous plait|stp|merci|please|thanks|thank you))*"
)


def is_objection(text: str) -> bool:
    """Whether somebody asks for no more messages here and says nothing else, in French or English:
    "STOP", "Stop SMS", "ARRÊT", "stop au 36111", "unsubscribe please"."""
    if len(text) > 4 * LONGEST:
        return False
    words = " ".join(re.sub(r"[^a-z0-9]+", " ", fold(text)).split())
    return len(words) <= LONGEST and _WORDS.fullmatch(words) is not None
