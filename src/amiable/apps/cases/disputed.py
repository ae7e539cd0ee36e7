"""Which lines of an invoice are contested, and for how much: said once, when the dispute is opened
or while it runs and none is named yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from amiable.apps.cases.changes import CaseError
from amiable.apps.cases.line_models import DisputeLine
from amiable.apps.receivables.models import InvoiceLine
from amiable.core.invoice_lines import part_minor
from amiable.core.money import AmountError, Money, minor
from amiable.core.numbers import ParseError, amount
from amiable.core.sentences import Sentence, declare, gettext_noop

declare(
    {
        "dispute.line_other": gettext_noop(
            "The lines you ticked are of another invoice: choose it, or tick lines of this one."
        ),
        "dispute.line_part": gettext_noop(
            "{name}: write a quantity above zero, {quantity} at most, or an amount, {amount} at "
            "most."
        ),
        "dispute.line_figures": gettext_noop(
            "Write quantities and amounts with figures, for example 2 or 12.50."
        ),
        "dispute.lines_none": gettext_noop("Tick the lines that are contested."),
        "dispute.lines_named": gettext_noop("The lines of this dispute are named already."),
    }
)
MOST = 200  # lines of one dispute; above, its amount says it


@dataclass(frozen=True, slots=True)
class Contested:
    """A line as somebody contests it: all of it, a quantity (a plain decimal), or an amount with
    VAT in minor units."""

    line_id: int
    quantity: str = ""
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """A contested line with what it is worth, VAT included."""

    line: InvoiceLine
    quantity: str
    amount_minor: int


def lines_typed(
    ticked: Sequence[str], typed: Mapping[str, object], *, currency: str
) -> tuple[Contested, ...]:
    """The lines that a form ticks, with `quantity-ID` or `worth-ID` (with VAT, in the currency) as
    people type them. Raises CaseError when one is no figure."""
    return tuple(_typed(line, typed, currency) for line in dict.fromkeys(ticked))


def _typed(line: str, typed: Mapping[str, object], currency: str) -> Contested:
    part = str(typed.get(f"quantity-{line}", "")).strip()
    worth = str(typed.get(f"worth-{line}", "")).strip()
    try:
        if not (line.isascii() and line.isdigit() and len(line) < 19):
            raise ValueError
        value, stated = amount(worth or part or "1", "")
        if stated not in ({"", currency} if worth else {""}):
            raise ValueError
        if worth:
            return Contested(int(line), amount_minor=minor(value, currency))
        return Contested(int(line), quantity=f"{value.normalize():f}" if part else "")
    except (ParseError, AmountError, ValueError) as error:
        raise CaseError(Sentence("dispute.line_figures")) from error


def lines_priced(
    organization_id: int, invoice_id: int, wished: Sequence[Contested]
) -> list[Priced]:
    """What contested lines of an invoice are worth. One query. Raises CaseError when one is not of
    the invoice, or asks for more than the line holds."""
    if not wished:
        return []
    rows = InvoiceLine.objects.filter(organization_id=organization_id, invoice_id=invoice_id)
    lines = rows.select_related("invoice").in_bulk({each.line_id for each in wished})
    if len(lines) < len(wished) or len(wished) > MOST:
        raise CaseError(Sentence("dispute.line_other"))
    return [_priced(lines[each.line_id], each) for each in wished]


def _priced(line: InvoiceLine, wish: Contested) -> Priced:
    try:
        if wish.amount_minor is not None:
            if not 0 < wish.amount_minor <= line.gross_minor:
                raise ValueError
            return Priced(line, "", wish.amount_minor)
        if wish.quantity:
            part = Decimal(wish.quantity)
            amount = part_minor(line.gross_minor, line.quantity, part=part)
            is_all = part == Decimal(line.quantity)
            return Priced(line, "" if is_all else wish.quantity[:30], amount)
        if line.gross_minor <= 0:
            raise ValueError
    except (ValueError, InvalidOperation) as error:
        raise CaseError(
            Sentence("dispute.line_part", {
                "name": line.name[:80], "quantity": line.quantity or "-",
                "amount": Money(max(0, line.gross_minor), line.invoice.currency),
            })
        ) from error  # fmt: skip
    return Priced(line, "", line.gross_minor)


def lines_keep(organization_id: int, dispute_id: int, priced: Sequence[Priced]) -> None:
    """Keep which lines a dispute is about."""
    DisputeLine.objects.bulk_create(
        DisputeLine(
            organization_id=organization_id, dispute_id=dispute_id, line=each.line,
            quantity=each.quantity, amount_minor=each.amount_minor,
        )
        for each in priced
    )  # fmt: skip


def disputed_lines(organization_id: int, dispute_id: int) -> tuple[DisputeLine, ...]:
    """The contested lines of a dispute, in the order of the invoice, each with its line. One
    query."""
    rows = DisputeLine.objects.filter(organization_id=organization_id, dispute_id=dispute_id)
    return tuple(rows.select_related("line").order_by("line__sequence"))
