"""Virtual IBANs: what may be one, and which of them a customer is asked to pay on."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from stdnum import iban as stdnum_iban

from amiable.core.sentences import Sentence, declare, gettext_noop

LONGEST = 34
# Where SEPA credit transfers reach an account (EPC409-09, list of the scheme's countries).
SEPA = re.compile(
    "AD|AL|AT|BE|BG|CH|CY|CZ|DE|DK|EE|ES|FI|FR|GB|GI|GR|HR|HU|IE|IS|IT|LI|LT|LU|LV|MC|MD|ME|MK|MT"
    "|NL|NO|PL|PT|RO|RS|SE|SI|SK|SM|VA"
)
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_CURRENCY = re.compile(r"[A-Z]{3}")

declare(
    {
        "virtual_iban.bad": gettext_noop(
            "“{value}” is not an IBAN: its check digits or its length are wrong. Copy it again "
            "from the provider."
        ),
        "virtual_iban.country": gettext_noop(
            "{value} is of a country that no SEPA transfer in euros reaches. Ask the provider for "
            "an IBAN of the SEPA area, or state the currency of the account."
        ),
        "virtual_iban.currency": gettext_noop(
            "“{value}” is not a currency code of three letters, like EUR."
        ),
        "virtual_iban.bic": gettext_noop(
            "“{value}” is not a BIC: it has eight or eleven signs, like AGRIFRPP."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class PayAccount:
    """An account to pay on. `invoice_id` None = for everything the customer owes."""

    iban: str
    bic: str = ""
    invoice_id: int | None = None


@dataclass(frozen=True, slots=True)
class PayAccounts:
    """The accounts that a customer may be asked to pay on: the creditor's `own`, and the virtual
    IBANs that stand for the customer now."""

    own: PayAccount
    held: tuple[PayAccount, ...] = ()

    def of(self, invoices: Collection[int]) -> PayAccount:
        """The one that everything shown to the customer names: letter, email, code, page.

        One invoice with an IBAN of its own is paid there, all else on the customer's; without any,
        on the creditor's account.
        """
        by_invoice = {account.invoice_id: account for account in self.held}
        if len(invoices) == 1 and (found := by_invoice.get(next(iter(invoices)))):
            return found
        return by_invoice.get(None, self.own)


def iban_clean(text: str) -> str:
    """Without spaces, dots and dashes, in capitals."""
    return re.sub(r"[\s.\-]", "", text).upper()


def iban_problem(iban: str, currency: str = "EUR") -> Sentence | None:
    """What speaks against a cleaned IBAN: check digits (ISO 7064 modulo 97-10), length and
    structure of its country, and for euros the SEPA area."""
    if len(iban) > LONGEST or not stdnum_iban.is_valid(iban):
        return Sentence("virtual_iban.bad", {"value": iban[:40]})
    if currency == "EUR" and not SEPA.match(iban):
        return Sentence("virtual_iban.country", {"value": iban})
    return None


def currency_problem(currency: str) -> Sentence | None:
    """What speaks against a currency code."""
    right = _CURRENCY.fullmatch(currency)
    return None if right else Sentence("virtual_iban.currency", {"value": currency[:20]})


def bic_problem(bic: str) -> Sentence | None:
    """What speaks against a BIC in capitals; none stated is well."""
    wrong = bic and not _BIC.fullmatch(bic)
    return Sentence("virtual_iban.bic", {"value": bic[:20]}) if wrong else None
