"""What French banks write above and below the rows of an export: account, currency, balances."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amiable.core.numbers import CURRENCIES, plain

_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_ACCOUNT = re.compile(
    r"(?:compte|account|rib)(?: de [a-z]+)?\s*(?:carte )?(?:n[o°.]?|number|no\.?)?[\s:;=\"]*"
    r"([0-9x*]{2,}[0-9a-z ]{3,30})"
)
_CARD = re.compile(
    r"\bcarte n[o°.]*\s*(\d{8,23})\b"
)  # "Livret A carte n° …", one of several accounts
_BARE_ACCOUNT = re.compile(r'="?(\d{10,23})"?')  # as spreadsheets keep the zeros of a number
_BANK = re.compile(r"(?:code (?:de la )?banque|code etablissement)\D{0,5}(\d{5})\b")
_BRANCH = re.compile(r"(?:code (?:de l'?)?agence|code guichet|guichet)\D{0,5}(\d{5})\b")
_CURRENCY = re.compile(r"(?:devise|currency|tenu en)\s*[:;=]?\s*([a-z]{3,5})\b")
_BALANCE = re.compile(
    r"\b(?:ancien solde|nouveau solde|solde|opening balance|closing balance|balance)\b"
)
_OPENING = re.compile(r"ancien|debut|initial|precedent|ouverture|opening|start")
_CLOSING = re.compile(r"nouveau|fin\b|final|cloture|closing|end\b")
# Inside the rows only what cannot be the words of a payer: "solde facture 12" is a payment.
_SURELY = re.compile(
    r"^(?:ancien solde|nouveau solde|solde (?:initial|final|precedent|en debut|en fin|de debut"
    r"|de fin|debut|fin)\b|opening balance|closing balance|total\b)"
)
_AMOUNT = re.compile(r"[-+]?\s?\d[\d \u00a0\u202f.,']*\d(?:\s?(?:€|EUR))?|\d")
_DATE = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}")
_LEGACY = re.compile(r"francs?\b|\bfrf\b")


@dataclass(slots=True)
class Preamble:
    """What stands outside the rows, as text; empty string = not stated."""

    account: str = ""
    currency: str = ""
    opening: str = ""
    closing: str = ""


def preamble(rows: Iterable[Sequence[str]]) -> Preamble:
    """What the rows above the header say."""
    found = Preamble()
    bank = branch = number = ""
    for cells in rows:
        text = " ; ".join(cell.strip() for cell in cells if cell.strip())
        words = plain(text)
        if iban := _IBAN.search(text.upper()):
            found.account = found.account or iban.group().replace(" ", "")
        bank = bank or _group(_BANK, words)
        branch = branch or _group(_BRANCH, words)
        number = number or _group(_ACCOUNT, words).replace(" ", "").upper()
        number = number or _group(_CARD, words)
        if cells and (bare := _BARE_ACCOUNT.fullmatch(cells[0].strip())):
            number = number or bare[1]
        currency = _group(_CURRENCY, words).upper().replace("EUROS", "EUR").replace("EURO", "EUR")
        found.currency = found.currency or (currency if currency in CURRENCIES else "")
        if _BALANCE.search(words) and not _LEGACY.search(words):
            _keep(found, cells)
    found.account = found.account or (bank + branch + number if bank and branch else number)
    return found


def balance_row(found: Preamble, cells: Sequence[str], *, dated: bool) -> bool:
    """Whether a row among the movements states a balance or a total; a balance is kept."""
    filled = [plain(cell) for cell in cells if cell.strip()]
    if not any(_SURELY.match(cell) for cell in filled):
        first = filled[0] if filled else ""
        if dated or not _BALANCE.match(first):
            return False
    if not any(cell.startswith("total") for cell in filled):
        _keep(found, cells)
    return True


def _keep(found: Preamble, cells: Sequence[str]) -> None:
    """Keep the last amount of a row that speaks of a balance."""
    words = plain(" ".join(cells))
    rest = _DATE.sub(" ", " ; ".join(cells))
    amounts = [text.strip() for text in _AMOUNT.findall(rest) if len(text.strip()) > 1]
    if not amounts:
        return
    if _OPENING.search(words):
        found.opening = found.opening or amounts[-1]
    elif _CLOSING.search(words) or not found.closing:
        found.closing = found.closing or amounts[-1]


def _group(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1].strip() if found else ""
