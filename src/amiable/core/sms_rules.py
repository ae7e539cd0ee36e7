"""What a text message may say and in whose name: French rules and habits, as checks of plain text.

Sender: charter of the French operators (af2m, 2026): a name of letters and digits, up to 11 of them
and not digits only; short codes 38xxx for service messages, 36xxx for advertising; no mobile number
for messages sent by machines. Wording: a telephone shows a message to whoever holds it, and a
consumer's debt is nobody else's business (C. conso L121-6; GDPR article 5): see `revealing`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "sms.sender_name": gettext_noop(
            "{sender} cannot stand as the sender of text messages: a name has 3 to 11 letters and "
            "digits, without spaces or accents, and not digits only."
        ),
        "sms.sender_mobile": gettext_noop(
            "{sender} is a mobile number: French operators refuse it as the sender of messages "
            "that a machine sends."
        ),
        "sms.sender_advertising": gettext_noop(
            "{sender} is a short code for advertising: reminders leave from 38xxx."
        ),
        "sms.reveals": gettext_noop(
            "A text message may be read by others: to a consumer it must not say {words}."
        ),
    }
)

_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{3,11}")
_SHORT_CODE = re.compile(r"3\d{4}")
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


def sender_problem(sender: str) -> Sentence | None:
    """Why text messages cannot leave under a sender; None when they can.

    A sender is a name, a short code ("38123"), or a number as in `sender_text`; "" leaves the
    choice to the provider.
    """
    wanted = sender_text(sender)
    params = {"sender": sender.strip()[:40]}
    if not wanted or _NAME.fullmatch(wanted):
        return None
    if _SHORT_CODE.fullmatch(wanted):
        if wanted.startswith("36"):
            return Sentence("sms.sender_advertising", params)
        return None if wanted.startswith("38") else Sentence("sms.sender_name", params)
    if _NUMBER.fullmatch(wanted):
        mobile = wanted.startswith(("+336", "+337"))
        return Sentence("sms.sender_mobile", params) if mobile else None
    return Sentence("sms.sender_name", params)


def sender_text(sender: str) -> str:
    """A sender as it is given to a channel: a name or a short code as it is, a number in E.164
    ("09 37 00 00 00" -> "+33937000000")."""
    trimmed = sender.strip()
    if re.fullmatch(r"[A-Za-z0-9 ]*[A-Za-z][A-Za-z0-9 ]*", trimmed):
        return trimmed
    digits = re.sub(r"[\s().\-\u00a0\u202f]", "", trimmed)
    french = re.fullmatch(r"(?:\+33|0033|0)([1-9]\d{8})", digits)
    return f"+33{french[1]}" if french else digits


def takes_replies(sender: str) -> bool:
    """Whether the customer can answer to a sender: to a number or a short code, never to a name."""
    return bool(re.fullmatch(r"\+?\d+", sender_text(sender)))


# Stems, without accents, of what tells a third person that somebody owes something. "dû" is looked
# for before the accents go: "du" is an article.
_STEMS = re.compile(
    r"\b(?:"
    # French
    r"dettes?|endett\w*|debiteurs?|debitrices?|creances?|creanci\w+|impaye\w*|recouvr\w+|relanc\w+|"
    r"contentieux|huissiers?|commissaires? de justice|mises? en demeure|injonctions?|"
    r"poursui\w+|tribuna\w+|saisies?|factur\w+|pay(?:e|es|ez|er|ee|ees|ai|ant|able|ables)|"
    r"paiements?|regl(?:e|es|ee|ees|er|ez|ement|ements)|echeances?|echue?s?|retards?|soldes?|"
    r"somme|montants?|virements?|prelevements?|penalit\w+|indemnit\w+|surendett\w+|dues?|"
    # English
    r"debts?|debtors?|owe[sd]?|owing|overdue|unpaid|arrears|collections?|collectors?|"
    r"recover\w*|invoices?|bills?|billed|pay|paid|paying|payments?|payable|balances?|amounts?|"
    r"(?:to|in) court|court orders?|legal actions?|lawsuits?|bailiffs?|"
    r"final notice|formal notice|penalt\w+|settle\w*|"
    r"instal+ments?|reminders?|late fees?"
    r")\b"
)
_OWED = re.compile(r"\bdûe?s?\b", re.IGNORECASE)
_AMOUNTS = re.compile(
    r"\d(?:[\d\s.,]*\d)?\s?(?:€|£|\$|eur(?:os?)?\b)|(?:€|£|\$|\beur\b)\s?\d(?:[\d\s.,]*\d)?",
    re.IGNORECASE,
)


def revealing(text: str, *, names: Iterable[str] = ()) -> tuple[str, ...]:
    """What in a text tells others that its reader owes money: words and amounts, as they stand.

    `names` = of the parties, which the law has a message state, whatever they mean.
    """
    neutral = unicodedata.normalize("NFC", text)
    for name in sorted(filter(None, names), key=len, reverse=True):
        neutral = neutral.replace(unicodedata.normalize("NFC", name), " ")
    folded = _folded(neutral)
    found = [(m.start(), m[0]) for m in _AMOUNTS.finditer(neutral)]
    found += [(m.start(), m[0]) for m in _OWED.finditer(neutral)]
    found += [(m.start(), neutral[m.start() : m.end()]) for m in _STEMS.finditer(folded)]
    return tuple(dict.fromkeys(words.strip() for _, words in sorted(found)))


def revealing_problem(text: str, *, names: Iterable[str] = ()) -> Sentence | None:
    """Why a text must not go to a consumer as a text message; None when it may."""
    words = revealing(text, names=names)
    return Sentence("sms.reveals", {"words": ", ".join(words)[:120]}) if words else None


def _folded(text: str) -> str:
    """Lower case without accents, sign for sign, so that places stay the same."""
    return "".join(unicodedata.normalize("NFD", sign)[0].lower()[:1] or " " for sign in text)
