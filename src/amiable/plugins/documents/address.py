"""Postal address of a window envelope (NF Z10-011): at most 6 lines of 38 signs.

From the street on: capitals without accents or punctuation; a seventh line names the country.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata

from amiable.core.drafts import Party
from amiable.core.sentences import Sentence, declare, gettext_noop

LINES, WIDTH = 6, 38

declare(
    {
        "address.incomplete": gettext_noop(
            "The postal address of {name} is incomplete: street, postcode and city are needed"
        ),
        "address.too_long": gettext_noop(
            "The postal address of {name} does not fit the window of an envelope "
            "(6 lines of 38 characters): shorten it"
        ),
        "address.postcode": gettext_noop("{postcode} is not a French postcode (5 digits)"),
    }
)

# La Poste abbreviates the kind of street only when the line does not fit.
_ABBREVIATIONS = {
    "AVENUE": "AV", "BOULEVARD": "BD", "PLACE": "PL", "ROUTE": "RTE", "CHEMIN": "CHE",
    "IMPASSE": "IMP", "ALLEE": "ALL", "ALLEES": "ALL", "SQUARE": "SQ", "FAUBOURG": "FG",
    "RESIDENCE": "RES", "BATIMENT": "BAT", "ZONE": "Z", "INDUSTRIELLE": "IND",
    "GENERAL": "GAL", "MARECHAL": "MAL", "PRESIDENT": "PDT", "SAINT": "ST", "SAINTE": "STE",
    "COLONEL": "CNL", "COMMANDANT": "CDT", "CAPITAINE": "CNE", "PROFESSEUR": "PR",
}  # fmt: skip

# Common abbreviations in company names; used only when the name takes too many lines.
_NAMES = {
    "société": "Sté", "societe": "Sté", "établissements": "Éts", "etablissements": "Ets",
    "compagnie": "Cie", "association": "Assoc", "syndicat": "Synd", "entreprise": "Ent",
    "communauté": "Com", "intercommunal": "Interco", "département": "Dépt", "service": "Sce",
}  # fmt: skip

# Country line in French capitals, for the countries a French ledger meets most.
_COUNTRIES = {
    "AD": "ANDORRE", "AT": "AUTRICHE", "BE": "BELGIQUE", "CA": "CANADA", "CH": "SUISSE",
    "DE": "ALLEMAGNE", "DK": "DANEMARK", "ES": "ESPAGNE", "FI": "FINLANDE", "GB": "ROYAUME-UNI",
    "GR": "GRECE", "IE": "IRLANDE", "IT": "ITALIE", "LU": "LUXEMBOURG", "MA": "MAROC",
    "MC": "MONACO", "NL": "PAYS-BAS", "NO": "NORVEGE", "PL": "POLOGNE", "PT": "PORTUGAL",
    "SE": "SUEDE", "TN": "TUNISIE", "US": "ETATS-UNIS",
}  # fmt: skip


def address_problem(party: Party) -> Sentence | None:
    """Why no letter can be sent to this party; None when it can."""
    found = address_block(party)
    return found if isinstance(found, Sentence) else None


def address_block(party: Party, attention: str = "") -> tuple[str, ...] | Sentence:
    """The lines of the window, or the reason why there are none.

    `attention` names the person, below the company; it is left out where it does not fit, since
    a letter without it still arrives.
    """
    street = [line for line in map(_capitals, party.address_lines) if line]
    if not (street and party.postcode.strip() and party.city.strip() and party.name.strip()):
        return Sentence("address.incomplete", {"name": party.name})
    country = (party.country or "FR").upper()
    if country == "FR" and not re.fullmatch(r"\d{5}", party.postcode.strip()):
        return Sentence("address.postcode", {"postcode": party.postcode})
    place = _capitals(f"{party.postcode} {party.city}")
    below = [*(_fit(line) for line in street), _fit(place)]
    lines = [*_name(party.name, LINES - len(below)), *below]
    person = _plain(attention)
    if person and len(person) <= WIDTH and len(lines) < LINES:
        lines.insert(len(lines) - len(below), person)
    if len(lines) > LINES or any(len(line) > WIDTH for line in lines):
        return Sentence("address.too_long", {"name": party.name})
    abroad = [] if country == "FR" else [_COUNTRIES.get(country, country)]
    return tuple(lines + abroad)


def _name(name: str, room: int) -> list[str]:
    """The name on as few lines as it needs, abbreviated only when there is no room for them."""
    plain = _plain(name)
    lines = textwrap.wrap(plain, WIDTH)
    if len(lines) <= max(room, 1):
        return lines
    short = " ".join(_NAMES.get(word.lower(), word) for word in plain.split(" "))
    return textwrap.wrap(short, WIDTH)


def _fit(line: str) -> str:
    """Abbreviate the words La Poste abbreviates, left to right, until the line fits."""
    words = line.split(" ")
    for position, word in enumerate(words):
        if len(" ".join(words)) <= WIDTH:
            break
        words[position] = _ABBREVIATIONS.get(word, word)
    return " ".join(words)


def _capitals(line: str) -> str:
    plain = unicodedata.normalize("NFKD", line.replace("œ", "oe").replace("Œ", "OE"))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^\w/&+]|_", " ", plain.upper()).split())


def _plain(text: str) -> str:
    kept = (c if unicodedata.category(c)[0] not in "CZ" else " " for c in text)
    return " ".join("".join(kept).split())
