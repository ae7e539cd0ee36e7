"""A bank's table that has no header: LCL. What its columns are is known by its balance lines.

"01/06/2026;1489,65;;00451 098285A" opens and closes the rows, each with the account; the label of
a movement stands in the one or the other of three columns. Nothing else without header is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from amiable.plugins.imports._sniff import head_text
from amiable.plugins.imports._table import Rows, checked_encoding, text_source

HEADER = ["Date", "Montant", "Type", "Numéro de chèque", "Libellé", "Numéro de compte"]
_AMOUNT = r"[-+]?\d[\d ]*(?:,\d{1,2})?"
_BALANCE = re.compile(rf"(\d{{2}}/\d{{2}}/\d{{4}});({_AMOUNT});+(\d{{5}} ?\d{{6}}[A-Z])[; ]*")
_MOVEMENT = re.compile(rf"\d{{2}}/\d{{2}}/\d{{4}};{_AMOUNT};[^;]*;.*")


def is_headless(head: bytes) -> bool:
    """Whether the first lines are movements and a balance of such a table, and nothing else."""
    lines = [line for line in head_text(head).splitlines()[:40] if line.strip()]
    return any(_BALANCE.fullmatch(line) for line in lines) and all(
        _MOVEMENT.fullmatch(line) for line in lines
    )


def headed(path: Path, encoding: str) -> Callable[[], Rows]:
    """The rows under a header of ours, balances said in words; line numbers are the file's own."""
    source = text_source(path, checked_encoding(path, encoding), ";")

    def read() -> Rows:
        yield 0, HEADER
        account, opened = _account(source()), False
        for line, cells in source():
            if not any(cells):
                continue
            if balance := _BALANCE.fullmatch(";".join(cells)):
                words = "Nouveau solde" if opened else "Ancien solde"
                yield line, ["", balance[2], "", "", words, ""]
            else:
                yield line, _row(cells, account)
            opened = True

    return read


def _row(cells: Sequence[str], account: str) -> list[str]:
    first = [*cells, "", "", "", ""][:4]
    # Behind the label stand a mark and a category, where there are any.
    label = " ".join(cell.strip() for cell in cells[4:6] if cell.strip())
    return [*first, label, account]


def _account(rows: Rows) -> str:
    """The account that a balance line names."""
    found = (_BALANCE.fullmatch(";".join(cells)) for _, cells in rows)
    return next((each[3].replace(" ", "") for each in found if each), "")
