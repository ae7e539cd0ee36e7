"""What people write when they share a line over several customers: an amount beside each item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext

from amiable.apps.banking.shared_lines import Owing
from amiable.interfaces.console.access import ids
from amiable.interfaces.console.forms import AmountField


@dataclass(frozen=True, slots=True)
class Shared:
    """`parts` = {installment: minor units}; `typed` = the amounts as written, to show them again;
    `wrong` = what is no amount, in words; `rest_for` = who keeps what is left."""

    parts: Mapping[int, int] = field(default_factory=dict)
    typed: Mapping[int, str] = field(default_factory=dict)
    wrong: str = ""
    rest_for: int | None = None

    @property
    def total_minor(self) -> int:
        return sum(self.parts.values())


def customers_asked(sent: QueryDict) -> list[int]:
    """Customers on the page: those that stood there, the one added, less the one taken off."""
    asked = ids([*sent.getlist("customer"), sent.get("add", "")])
    gone = set(ids([sent.get("remove", "")]))
    return [each for each in dict.fromkeys(asked) if each not in gone]


def shared_read(sent: QueryDict, owing: Sequence[Owing], *, currency: str) -> Shared:
    """The form as it was sent; an item that is ticked without an amount is meant whole."""
    amounts = AmountField(required=False)
    amounts.currency = currency
    ticked = set(ids(sent.getlist("item")))
    parts: dict[int, int] = {}
    typed: dict[int, str] = {}
    wrong = ""
    for item in (item for each in owing for item in each.items):
        text = sent.get(f"amount-{item.installment_id}", "").strip()[:40]
        if not text and item.installment_id in ticked:
            parts[item.installment_id] = item.amount.amount_minor
            continue
        if text:
            typed[item.installment_id] = text
            try:
                parts[item.installment_id] = amounts.clean(text) or 0
            except forms.ValidationError as error:
                said = " ".join(error.messages)
                wrong = wrong or gettext("{number}: {problem}").format(
                    number=item.number, problem=said
                )
    rest = next(iter(ids([sent.get("rest", "")])), None)
    return Shared({i: n for i, n in parts.items() if n}, typed, wrong, rest)
