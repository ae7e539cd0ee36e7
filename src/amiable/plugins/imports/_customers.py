"""The customer part of a row: identity is required, the rest is checked and never blocks a debt.

A wrong SIREN, VAT number, IBAN, email or phone is left out with a warning: the invoice is owed
all the same, and a wrong address must not be used.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stdnum import iban as stdnum_iban
from stdnum.eu import vat as stdnum_vat
from stdnum.fr import siren as stdnum_siren
from stdnum.fr import siret as stdnum_siret

from amiable.core.numbers import plain
from amiable.core.records import CustomerKind, CustomerRow
from amiable.core.roles import role_of
from amiable.core.sentences import declare, gettext_noop
from amiable.core.terms import TermError, legal_warning, parse_term
from amiable.plugins.imports._fields import CUSTOMER
from amiable.plugins.imports._table import Problems, Table

declare(
    {
        "row.missing": gettext_noop("This cell is empty. Fill it in."),
        "row.missing_customer": gettext_noop(
            "The row names no customer. Give a customer code or a customer name."
        ),
        "row.too_long": gettext_noop("The text is longer than {limit} characters. Shorten it."),
        "row.shortened": gettext_noop("The text is longer than {limit} characters: it was cut."),
        "customer.siren": gettext_noop(
            "“{value}” is not a SIREN or SIRET number (check digit); it was left out."
        ),
        "customer.vat_number": gettext_noop(
            "“{value}” is not a VAT number (check digit); it was left out."
        ),
        "customer.iban": gettext_noop("“{value}” is not an IBAN (check digits); it was left out."),
        "customer.email": gettext_noop("“{value}” is not an email address; it was left out."),
        "customer.phone": gettext_noop("“{value}” is not a phone number; it was left out."),
        "customer.kind": gettext_noop(
            "“{value}” is not a kind of customer (company, consumer, public body); it was left out."
        ),
        "customer.language": gettext_noop("“{value}” is not a language; it was left out."),
        "customer.contact_role": gettext_noop(
            "“{value}” is not a role of a contact (accounts payable, buyer, manager, director, "
            "legal); it was left out."
        ),
        "customer.score": gettext_noop(
            "“{value}” is not a score from 0 (risky) to 100 (good); it was left out."
        ),
        "customer.country": gettext_noop(
            "“{value}” is not a country code of two letters; it was left out."
        ),
    }
)

# Characters that have no place in a name: C0 and C1 controls, and marks that reorder text.
_CONTROLS = {
    code: " " if code in (9, 10, 11, 12, 13) else None
    for code in (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if code != 0x85
}
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]|\\s\\s|\xa0|\u202f")
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"']+@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.[a-z]{2,24}", re.I)
_KINDS: dict[str, CustomerKind] = {
    **dict.fromkeys(
        ("company", "entreprise", "societe", "pro", "professionnel", "b2b", "business"), "company"
    ),
    **dict.fromkeys(("consumer", "particulier", "b2c", "individual", "consommateur"), "consumer"),
    **dict.fromkeys(
        ("public", "public body", "organisme public", "collectivite", "b2g", "administration",
         "secteur public", "etat"), "public"
    ),
}  # fmt: skip
_LANGUAGES = {"francais": "fr", "french": "fr", "anglais": "en", "english": "en"}
_COUNTRIES = {"france": "FR", "belgique": "BE", "belgium": "BE", "suisse": "CH",
              "switzerland": "CH", "luxembourg": "LU", "allemagne": "DE", "germany": "DE",
              "espagne": "ES", "spain": "ES", "italie": "IT", "italy": "IT",
              "royaume-uni": "GB", "united kingdom": "GB", "pays-bas": "NL",
              "netherlands": "NL", "monaco": "MC"}  # fmt: skip
_LIMITS = {
    "segment": 60, "sales_owner": 120, "postcode": 12, "city": 100, "contact_name": 200,
    "creditor": 40, "payment_term": 30, "payer_group": 60,
}  # fmt: skip


def clean(text: str) -> str:
    """A cell as text: no control characters, single spaces, spreadsheet guards removed.

    A leading apostrophe before =, +, - or @ is the guard our own files of rejected rows carry;
    ="0012" is how other software keeps the zeros of a code in a spreadsheet.
    """
    if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@"):
        text = text[1:]
    elif text[:2] == '="' and text[-1:] == '"' and len(text) > 2:
        text = text[2:-1]
    if _UNSAFE.search(text):
        text = " ".join(text.translate(_CONTROLS).split())
    return text.strip()


class CustomerReader:
    """Reads the customer cells of rows; rows that repeat a customer are read once."""

    def __init__(self, table: Table, problems: Problems) -> None:
        self._table, self._problems = table, problems
        self._fields = [(name, table.columns[name]) for name in CUSTOMER if name in table.columns]
        self._indexes = [index for _, index in self._fields]
        self._known: dict[tuple[str, ...], CustomerRow | None] = {}
        self._line = 0

    def read(self, line: int, cells: list[str]) -> CustomerRow | None:
        """The customer of a row, or None when the row names none (an error is then recorded).

        Rows that repeat a customer get the same object, whose line is that of the first.
        """
        key = tuple([cells[index] for index in self._indexes])
        row = self._known.get(key)
        if row is None:
            self._line = line
            names = [name for name, _ in self._fields]
            row = self._read(dict(zip(names, map(clean, key), strict=True)))
            self._known[key] = row
        return row

    def column(self, field: str) -> str:
        """The file's own name of a field's column, "" when it has none."""
        index = self._table.columns.get(field)
        return "" if index is None else self._table.header[index]

    def _read(self, cells: dict[str, str]) -> CustomerRow | None:
        code, name = cells.get("customer_code", ""), cells.get("customer_name", "")
        if not code and not name:
            column = self.column("customer_code") or self.column("customer_name")
            self._problems.error(self._line, column, "row.missing_customer")
            return None
        for field, text, limit in (("customer_code", code, 60), ("customer_name", name, 200)):
            if len(text) > limit:
                column = self.column(field)
                self._problems.error(self._line, column, "row.too_long", limit=limit)
                return None
        values = {field: self._checked(field, cells.get(field, "")) for field in _CHECKS}
        values |= {field: self._cut(field, cells.get(field, "")) for field in _LIMITS}
        self._warn_term(cells.get("payment_term", ""))
        kind = self._checked("kind", cells.get("kind", ""))
        lines = tuple(text[:200] for n in "123" if (text := cells.get(f"address_{n}", "")))
        score = self._checked("score", cells.get("score", ""))
        return CustomerRow(
            line=self._line, code=code, name=name, address_lines=lines,
            kind=_KINDS.get(kind), score=int(score) if score else None, **values,
        )  # fmt: skip

    def _checked(self, field: str, text: str) -> str:
        if not text:
            return ""
        value = (_CHECKS.get(field) or _CODED[field])(text)
        if not value:
            self._problems.warning(
                self._line, self.column(field), f"customer.{field}", value=text[:80]
            )
        return value

    def _cut(self, field: str, text: str) -> str:
        if len(text) > _LIMITS[field]:
            self._problems.warning(
                self._line, self.column(field), "row.shortened", limit=_LIMITS[field]
            )
        return text[: _LIMITS[field]]

    def _warn_term(self, text: str) -> None:
        if not text:
            return
        try:
            warning = legal_warning(parse_term(text))
        except TermError:
            return  # whoever needs the term reports it as an error
        if warning:
            column = self.column("payment_term")
            self._problems.warning(self._line, column, warning.code, **warning.params)


def _siren(text: str) -> str:
    digits = re.sub(r"[\s.]", "", text)
    if len(digits) == 14:
        return digits[:9] if stdnum_siret.is_valid(digits) else ""
    return digits if stdnum_siren.is_valid(digits) else ""


def _vat(text: str) -> str:
    number = re.sub(r"[\s.-]", "", text).upper()
    return number if len(number) <= 20 and stdnum_vat.is_valid(number) else ""


def _iban(text: str) -> str:
    number = re.sub(r"[\s.-]", "", text).upper()
    return number if len(number) <= 34 and stdnum_iban.is_valid(number) else ""


def _email(text: str) -> str:
    address = text.removeprefix("mailto:")
    return address if len(address) <= 254 and _EMAIL.fullmatch(address) else ""


def _phone(text: str) -> str:
    """E.164; a national number of ten digits beginning with 0 is French."""
    digits = re.sub(r"[\s.\-/()]", "", text.replace("(0)", ""))
    if re.fullmatch(r"0[1-9]\d{8}", digits, re.ASCII):
        return f"+33{digits[1:]}"
    digits = re.sub(r"^00", "+", digits)
    return digits if re.fullmatch(r"\+[1-9]\d{6,14}", digits, re.ASCII) else ""


def _language(text: str) -> str:
    word = plain(text)
    if word in _LANGUAGES:
        return _LANGUAGES[word]
    return word[:2] if re.fullmatch(r"[a-z]{2}(?:[-_][a-z]{2})?", word) else ""


def _country(text: str) -> str:
    word = plain(text)
    return _COUNTRIES.get(word, word.upper() if re.fullmatch(r"[a-z]{2}", word) else "")


def _kind(text: str) -> str:
    return plain(text) if plain(text) in _KINDS else ""


def _score(text: str) -> str:
    """Whole points of a hundred: "85", "85,0", "85/100"."""
    digits = re.fullmatch(r"(\d{1,3})(?:[.,]0+)?(?: ?/ ?100)?", text, re.ASCII)
    return digits[1] if digits and int(digits[1]) <= 100 else ""


def _role(text: str) -> str:
    return role_of(text) or ""


_CHECKS: dict[str, Callable[[str], str]] = {
    "siren": _siren,
    "vat_number": _vat,
    "iban": _iban,
    "email": _email,
    "phone": _phone,
    "language": _language,
    "country": _country,
    "contact_role": _role,
}
# Read as words, kept as something else.
_CODED: dict[str, Callable[[str], str]] = {"kind": _kind, "score": _score}
