"""Money as integer minor units. Nothing here rounds silently and nothing is ever a float."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

# Exponents of ISO 4217 that differ from 2, of the currencies in circulation (list one, 2026).
_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV",
         "XAF", "XOF", "XPF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip

# BIGINT holds 18 digits; a receivable above this is a typing error, not a debt.
LARGEST_MINOR = 10**15


class AmountError(ValueError):
    """An amount that cannot be represented exactly; the message says why."""


class TooLargeError(AmountError):
    """An amount beyond LARGEST_MINOR: a typing error or a damaged file, no debt."""


class DecimalsError(AmountError):
    """An amount with more decimals than its currency has: it would have to be rounded."""


def exponent(currency: str) -> int:
    """Number of minor-unit digits of an ISO 4217 currency code."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount: `amount_minor` in the currency's minor unit (cents for EUR)."""

    amount_minor: int
    currency: str = "EUR"

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def __str__(self) -> str:
        return major(self.amount_minor, self.currency)

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise AmountError(f"cannot combine {self.currency} with {other.currency}")


def major(amount_minor: int, currency: str = "EUR") -> str:
    """Minor units to a plain decimal string in major units: 125223 -> "1252.23"."""
    digits = exponent(currency)
    if digits == 0:
        return str(amount_minor)
    sign = "-" if amount_minor < 0 else ""
    units, cents = divmod(abs(amount_minor), 10**digits)
    return f"{sign}{units}.{cents:0{digits}d}"


def minor(amount: str | Decimal, currency: str = "EUR") -> int:
    """Major units (plain decimal, point separator) to minor units.

    Raises AmountError when the text is not a finite number, DecimalsError when it has more
    decimals than the currency allows, TooLargeError when it is larger than LARGEST_MINOR.
    """
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise AmountError(f"{amount!r} is not an amount") from error
    if not value.is_finite():
        raise AmountError(f"{amount!r} is not an amount")
    if value and value.adjusted() > 18:
        raise TooLargeError(f"{amount} is too large to be an amount")
    scaled = value.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise DecimalsError(f"{amount} has more decimals than {currency} allows")
    if abs(scaled) > LARGEST_MINOR:
        raise TooLargeError(f"{amount} is too large to be an amount")
    return int(scaled)


def split(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights by largest remainder; the parts sum exactly."""
    total = sum(weights)
    if total <= 0 or any(weight < 0 for weight in weights):
        raise AmountError("weights must be non-negative and not all zero")
    sign = -1 if amount_minor < 0 else 1
    size = abs(amount_minor)
    parts = [size * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % total), i))
    for index in by_remainder[: size - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]
