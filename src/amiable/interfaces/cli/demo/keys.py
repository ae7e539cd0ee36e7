"""Identifiers of the fictional portfolio: valid check digits, and nobody real behind them.

Companies get SIREN numbers that begin with 0 (INSEE gives companies 3 to 9, public bodies 1 and
2), IBANs of bank codes 999xx (given to no bank), telephone numbers of the ranges that ARCEP keeps
for fiction (decision 2018-0881, national numbering plan), and addresses under .example (RFC 2606).
"""

from __future__ import annotations

import random

from stdnum import iban as iban_number
from stdnum import luhn
from stdnum.iso7064 import mod_97_10

# The six ranges of ten thousand numbers; the first five by region of France, the last mobile.
FICTION_FIXED = {1: "019900", 2: "026191", 3: "035301", 4: "046571", 5: "053649"}
FICTION_MOBILE = "063998"

# Region of the telephone plan by department (mainland), 5 where not listed.
_REGIONS = {
    1: "75 77 78 91 92 93 94 95",
    2: "14 18 22 27 28 29 35 36 37 41 44 45 49 50 53 56 61 72 76 85",
    3: "02 08 10 21 25 39 51 52 54 55 57 58 59 60 62 67 68 70 71 80 88 89 90",
    4: "01 03 04 05 06 07 11 13 15 20 26 30 34 38 42 43 48 63 66 69 73 74 83 84",
}
REGION = {department: region for region, text in _REGIONS.items() for department in text.split()}

# RIB key: letters of an account number count as these digits.
_RIB_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")


def stream(*parts: object) -> random.Random:
    """A reproducible source of choices; the same parts give the same sequence."""
    return random.Random(":".join(map(str, parts)))  # noqa: S311  # plausible data, no secret


def siren(rng: random.Random) -> str:
    """Nine digits with a valid Luhn key, beginning with 0."""
    body = f"0{rng.randint(10**6, 10**7 - 1)}"
    return body + luhn.calc_check_digit(body)


def public_siren(rng: random.Random) -> str:
    """Nine digits with a valid Luhn key, beginning with 00 as no public body's does."""
    body = f"00{rng.randint(10**5, 10**6 - 1)}"
    return body + luhn.calc_check_digit(body)


def vat_number(siren_number: str) -> str:
    """French VAT number: key = (12 + 3 x (SIREN mod 97)) mod 97."""
    return f"FR{(12 + 3 * (int(siren_number) % 97)) % 97:02d}{siren_number}"


def rib_key(bank: str, branch: str, *, account: str) -> str:
    """RIB key: 97 - ((89 bank + 15 branch + 3 account) mod 97)."""
    number = int(account.translate(_RIB_LETTERS))
    return f"{97 - (89 * int(bank) + 15 * int(branch) + 3 * number) % 97:02d}"


def iban(bank: str, branch: str, *, account: str) -> str:
    """French IBAN (27 characters) of a domestic account."""
    bban = bank + branch + account + rib_key(bank, branch, account=account)
    return f"FR{iban_number.calc_check_digits('FR00' + bban)}{bban}"


def random_iban(rng: random.Random) -> str:
    """An IBAN at one of eight fictional banks."""
    bank = f"999{rng.randint(1, 8):02d}"
    return iban(bank, f"{rng.randint(1, 9999):05d}", account=f"{rng.randint(10**6, 10**10):011d}")


def creditor_reference(reference: str) -> str:
    """ISO 11649 reference: RF, two check digits, and the reference without separators."""
    body = "".join(c for c in reference.upper() if c.isalnum())
    return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"


def phone(rng: random.Random, postcode: str) -> str:
    """A number of the fiction ranges, as people write it: "02 61 91 04 37"."""
    mobile = rng.random() < 0.25
    prefix = FICTION_MOBILE if mobile else FICTION_FIXED[REGION.get(postcode[:2], 5)]
    digits = f"{prefix}{rng.randint(0, 9999):04d}"
    return " ".join(digits[i : i + 2] for i in range(0, 10, 2))
