"""The columns of a bank's table as a person names them: the form, and what the page shows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from amiable.apps.imports.mappings import SavedMapping
from amiable.plugins.base import Layout
from amiable.plugins.tables import FIELDS, FirstRows

LABELS = {
    "booked_on": _("Day of the movement"),
    "value_on": _("Value date"),
    "label": pgettext_lazy("of a bank line", "Text"),
    "label_more": _("More text"),
    "amount": _("Amount with its sign"),
    "debit": _("Debit (money out)"),
    "credit": _("Credit (money in)"),
    "side": _("Sign (D or C, + or −)"),
    "balance": _("Balance after the movement"),
    "currency": _("Currency"),
    "account": _("Account"),
    "payer_name": _("Other party"),
    "payer_iban": _("IBAN of the other party"),
    "bank_reference": _("Reference of the bank"),
    "end_to_end_id": _("End-to-end reference"),
    "operation": _("Kind of operation"),
}
ENCODING_NAMES = {
    "utf-8-sig": "UTF-8",
    "cp1252": "Windows-1252",
    "iso8859-15": "ISO 8859-15",
    "utf-16": "UTF-16",
    "cp850": "DOS (850)",
    "mac_roman": "Mac Roman",
}
SELECT = forms.Select({"class": "form-select"})
AS_FOUND = ("", _("as the file shows"))
DECIMALS = [AS_FOUND, (",", _("comma: 1 252,23")), (".", _("point: 1,252.23"))]
DAYS = [
    ("dmy", _("day, month, year")),
    ("mdy", _("month, day, year")),
    ("ymd", _("year, month, day")),
]


class ColumnsForm(forms.Form):
    """Which column is what, how cells are written, which account it is, and the mapping's name."""

    name = forms.CharField(
        max_length=60,
        required=False,
        label=_("Name"),
        widget=forms.TextInput({"class": "form-control"}),
    )
    header = forms.IntegerField(min_value=0, required=False)
    encoding = forms.ChoiceField(
        choices=[AS_FOUND, *ENCODING_NAMES.items()],
        required=False,
        label=_("Encoding"),
        widget=SELECT,
    )
    decimal = forms.ChoiceField(
        choices=DECIMALS, required=False, label=_("Decimal mark"), widget=SELECT
    )
    days = forms.ChoiceField(choices=DAYS, label=_("Dates are written"), widget=SELECT)
    reversed = forms.BooleanField(required=False)
    account = forms.CharField(max_length=40, required=False, label=_("Account"))

    def mapping(self, first: FirstRows) -> SavedMapping:
        """What was chosen, once the form is valid; columns travel as their positions."""
        given = self.cleaned_data
        header = first.header(given["header"] or first.header_line)
        return SavedMapping(
            "statement",
            given["name"].strip(),
            {field: self._column(field, header) for field in FIELDS},
            header,
            Layout(given["encoding"], given["decimal"], given["days"], given["reversed"]),
            given["account"].replace(" ", ""),
        )

    def _column(self, field: str, header: Sequence[str]) -> str:
        text = str(self.data.get(f"column-{field}", ""))
        position = int(text) if text.isdecimal() and len(text) < 4 else len(header)
        return header[position] if position < len(header) else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A field of ours and the columns it may be in: (position, name, an example)."""

    field: str
    label: Any
    chosen: int | None
    columns: Sequence[tuple[int, str]]


def choices(first: FirstRows, header_line: int, *, columns: Mapping[str, str]) -> list[Choice]:
    """One choice per field, with what is chosen already or read by itself."""
    header = first.header(header_line)
    named = [(position, name) for position, name in enumerate(header) if name]
    positions = {name: position for position, name in reversed(named)}
    return [
        Choice(field, LABELS[field], positions.get(columns.get(field, "")), named)
        for field in FIELDS
    ]


def shown(first: FirstRows, header_line: int, *, most: int = 8) -> dict[str, Any]:
    """The rows above the header, itself, and the first rows below it, for the page."""
    rows = first.rows
    below = [row for row in rows if row[0] > header_line][:most]
    return {
        "header": first.header(header_line),
        "header_line": header_line,
        "below": below,
        "candidates": [(line, " · ".join(c for c in cells if c)[:90]) for line, cells in rows],
    }
