"""What an automatic answer says of an absence: until when, and whom to write to meanwhile."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import islice

from amiable.core.replies.days import MAX_CHARS, NamedDay, named_days
from amiable.core.replies.headers import first_address
from amiable.core.replies.mail import Absence, Address, IncomingMail
from amiable.core.replies.proposals import Span
from amiable.core.replies.wording import fold, language_of

# Ends of a sentence's beginning, right before the day.
_UNTIL = re.compile(
    r"(?:jusqu'?(?:au|a|en|ici le)?|until|till|til|through|thru|to|au|inclus|up to|-|bis|hasta|"
    r"fino|tot|t/m|ate)\s*(?:the |le |ce |and including |soir (?:du )?|(?:einschlie(?:ss|ß)lich |"
    r"einschl\.? |inkl\.? )?(?:zum |den |dem )?|el |al?\w? |en met |o )?$"
)
_RETURN = re.compile(
    r"(?<!\w)(?:retour|reviens|reviendrai|rentre|rentrerai|reprends?|reprendrai|reprise|rouvr\w+|ouvert\w*|"
    r"back|return\w*|reopen\w*|be (?:in|available)|disponible|joignable|resume\w*|"
    r"a (?:partir|compter) (?:du|de)|\bab(?: dem)?\b|wieder|zuruck|erreichbar|vuelvo|vuelta|"
    r"regres\w+|reincorpor\w+|rientr\w+|tornero|terug|volto)"
    r"[^.;\n]{0,50}$"
)
_AWAY = (
    "absent|conge|out of|away|leave|vacation|holiday|travel|ferme|closed|urlaub|abwesend|ausente|"
    "vacaciones|fuera|ferie|vakantie|afwezig"
)
_CONTACT = re.compile(
    r"(?:contacte[rz]?|ecrire|ecrivez|adresser|adressez|joindre|envoye[rz]|transmettre|urgen\w*|"
    r"reach|contact|e-?mail|write|get in touch|colleague|collegue|remplac\w*|assist\w*|immediate|"
    r"interlocut\w*|besoin|wenden|kontakt\w*|dringend\w*|vertretung|dirij\w+|rivolg\w+|neem)"
)
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:]{1,64}@[A-Za-z0-9._-]{1,255}")
_NAME = re.compile(
    r"((?:(?:M\.|Mr\.?|Mrs\.?|Ms\.?|Mme|Mlle|Monsieur|Madame) )?[A-ZÀ-Ý][\w'’-]+"
    r"(?: [A-ZÀ-Ý][\w'’-]+){1,3})\W{0,6}(?:\w{1,3}\W{0,4}){0,3}$"
)


def absence_in(mail: IncomingMail, *, on: date) -> Absence:
    """The absence that a mail announces. `on` = the day it was received (its own Date is not
    trusted); `absent_until` = the last day away: the day before a return.
    """
    day, span = absent_until(mail.text, on=on)
    if day is None:
        day, span = absent_until(mail.subject, on=on)[0], (0, 0)
    contact, place = other_contact(mail.text, own=mail.from_address.address)
    return Absence(day, contact, tuple(one for one in (span, place) if one[1]))


def absent_until(text: str, *, on: date) -> tuple[date | None, Span]:
    """(last day away that a text names or None, span of its words, (0, 0) when none).

    Days said with "until" or "back on" must agree within a week.
    """
    text = text[:MAX_CHARS]
    folded = fold(text)
    days = named_days(text, on=on, language=language_of(text) or "fr")
    said: list[tuple[date, NamedDay]] = []
    for one in days:
        before = folded[max(0, one.start - 70) : one.start]
        # A day's own article belongs to its span: "du 3 au 12", "le lundi 14".
        led = before + _article(folded[one.start : one.end])
        if one.day is None:
            continue
        if _RETURN.search(before):
            said.append((one.day - timedelta(1), one))
        elif _UNTIL.search(led) or re.match(r"\W{0,3}inclu", folded[one.end : one.end + 12]):
            said.append((one.day, one))
    said = said or _end_of_range(folded, days)
    ahead = [pair for pair in said if pair[0] >= on - timedelta(1)]
    if not ahead:
        return None, (0, 0)
    last = max(ahead, key=lambda pair: pair[0])
    if (last[0] - min(ahead, key=lambda pair: pair[0])[0]).days > 7 and len(ahead) > 1:
        return None, (0, 0)  # two announcements in one text: nobody knows which holds
    return last[0], (last[1].start, last[1].end)


def _article(words: str) -> str:
    return next((one for one in ("le ", "du ", "au ", "the ") if words.startswith(one)), "")


def _end_of_range(folded: str, days: list[NamedDay]) -> list[tuple[date, NamedDay]]:
    """ "July 10-31", "out of the office Friday": the words themselves hold the last day."""
    away = re.search(_AWAY, folded)
    known = [(one.day, one) for one in days if one.day]
    return known if away and len(known) == 1 else []


def other_contact(text: str, *, own: str = "") -> tuple[Address | None, Span]:
    """The first mailbox, not `own`, behind words that say to write there, and its span."""
    found: dict[str, Span] = {}
    for match in islice(_ADDRESS.finditer(text[:MAX_CHARS]), 20):
        address = first_address(match[0].rstrip("."))
        before = fold(text[max(0, match.start() - 250) : match.start()])
        if address and address != own and _CONTACT.search(before):
            found.setdefault(address, (match.start(), match.start() + len(address)))
    if not found:
        return None, (0, 0)
    address, place = next(iter(found.items()))
    named = _NAME.search(text[max(0, place[0] - 80) : place[0]].replace("\n", " "))
    return Address(address, named[1] if named else ""), place
