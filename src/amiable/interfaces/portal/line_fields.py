"""Lines of an invoice on the form that contests it: ticked whole, or with a quantity or an amount.

Everything works as a plain form; what a line that is ticked is worth is reckoned when it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from amiable.apps.cases.disputed import MOST, Contested, Priced, lines_priced, lines_typed
from amiable.apps.cases.services import CaseError
from amiable.apps.receivables.lines import Lines, invoice_lines
from amiable.interfaces.portal import words


@dataclass(frozen=True, slots=True)
class LineField:
    """A line as the form shows it. `quantity` = of the invoice; `part`, `worth` = what was typed;
    `can_part` = a quantity of it can be contested."""

    id: int
    name: str
    about: str
    quantity: str
    gross_minor: int
    is_ticked: bool
    part: str
    worth: str

    @property
    def can_part(self) -> bool:
        return self.quantity not in {"", "1"} and not self.quantity.startswith("-")


def lines_shown(lines: Lines | None, data: Mapping[str, Any]) -> list[LineField]:
    """The lines that can be contested, with what was typed for each. Discounts cannot."""
    ticked = set(data.getlist("line")) if hasattr(data, "getlist") else set()
    rows = [row for row in lines.rows if row.gross_minor > 0] if lines else []
    return [
        LineField(
            id=row.pk, name=row.name, about=row.description or row.item, quantity=row.quantity,
            gross_minor=row.gross_minor, is_ticked=str(row.pk) in ticked,
            part=data.get(f"quantity-{row.pk}", ""), worth=data.get(f"worth-{row.pk}", ""),
        )
        for row in rows[:MOST]
    ]  # fmt: skip


def lines_of(organization_id: int, invoice_id: int | None) -> Lines | None:
    """The lines of the invoice that is contested; None without any, or with too many to tick."""
    found = invoice_lines(organization_id, invoice_id) if invoice_id else None
    return found if found and len(found.rows) <= MOST else None


def lines_checked(
    organization_id: int, invoice_id: int, data: Mapping[str, Any], *, currency: str
) -> tuple[tuple[Contested, ...], list[Priced]]:
    """The lines that are ticked, and what they are worth. Raises ValidationError."""
    ticked = data.getlist("line") if hasattr(data, "getlist") else []
    try:
        wished = lines_typed(ticked, data, currency=currency)
        return wished, lines_priced(organization_id, invoice_id, wished)
    except CaseError as error:
        raise forms.ValidationError(words.sentence(error.sentence)) from error
