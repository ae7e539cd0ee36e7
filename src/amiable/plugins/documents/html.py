"""The HTML form of an email: tables and inline styles, which old mail programs need.

Dark mode by media query, headers with scope, language declared; no image, no pixel, no script.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from amiable.plugins.documents.content import Block, Document, Paragraph, Payment, Table

FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
_INK, _SOFT, _LINE = "#1f2933", "#52606d", "#d9dee5"

_PAGE = (Path(__file__).resolve().parent / "email.html").read_text("utf-8")


def html_of(document: Document) -> str:
    """One complete HTML page; every text of the document is escaped."""
    footer = ""
    if document.footer:
        lines = "<br>".join(escape(line) for line in document.footer)
        footer = (
            f'<tr><td class="pad soft line" style="padding:16px 32px 22px;border-top:1px solid '
            f'{_LINE};{FONT}font-size:12px;line-height:18px;color:{_SOFT};">{lines}</td></tr>\n'
        )
    color = brand(document.color)
    return _PAGE.format(
        lang=escape(document.language),
        subject=escape(document.subject),
        sender=escape(document.sender),
        color=color,
        on_color=ink_on(color),
        font=FONT,
        ink=_INK,
        body="".join(map(_block, document.blocks)),
        footer=footer,
    )


def brand(color: str) -> str:
    """The brand color when it is #rrggbb, else our blue."""
    return color.lower() if re.fullmatch(r"#[0-9a-fA-F]{6}", color) else "#1f4e79"


def ink_on(color: str) -> str:
    """Black or white, whichever can be read on the color."""
    return _INK if _is_light(color) else "#ffffff"


def ink_of(color: str) -> str:
    """The color itself where it can be read on white paper, else black."""
    return _INK if _is_light(color) else color


def _is_light(color: str) -> bool:
    """By relative luminance (WCAG 2.2): above 0.2, contrast with white falls below 4.2."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.2


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return _paragraph(block)
    if isinstance(block, Table):
        return _table(block)
    return _payment(block)


def _paragraph(block: Paragraph) -> str:
    lines = [
        "".join(f"<strong>{escape(t)}</strong>" if strong else escape(t) for t, strong in line)
        for line in block.lines
    ]
    return f'<p style="margin:0 0 16px;">{"<br>".join(lines)}</p>\n'


def _table(table: Table) -> str:
    title = (
        f'<caption style="text-align:left;padding:0 0 6px;font-weight:600;">'
        f"{escape(table.title)}</caption>"
    )
    head = "".join(
        f'<th scope="col" class="soft line" align="{_align(table, i)}" style="padding:6px '
        f"{_gap(table, i)} 6px 0;border-bottom:2px solid {_LINE};font-size:12px;line-height:16px;"
        f'font-weight:600;color:{_SOFT};">{escape(label)}</th>'
        for i, label in enumerate(table.columns)
    )
    rows = "".join(f"<tr>{_cells(table, row)}</tr>" for row in table.rows)
    span = len(table.columns) - 1
    totals = "".join(
        f'<tr><th scope="row" colspan="{span}" align="left" style="padding:9px 12px 0 0;'
        f'font-weight:{weight};">{escape(label)}</th><td align="right" style="padding:9px 0 0;'
        f'white-space:nowrap;font-weight:{weight};">{escape(amount)}</td></tr>'
        for weight, label, amount in _weighted(table)
    )
    return (
        '<table class="ink" width="100%" cellpadding="0" cellspacing="0" border="0" style="'
        f"border-collapse:collapse;margin:0 0 22px;{FONT}font-size:14px;"
        f'line-height:20px;color:{_INK};">'
        f"{title if table.title else ''}<thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}{totals}</tbody></table>\n"
    )


def _weighted(table: Table) -> list[tuple[int, str, str]]:
    last = len(table.totals) - 1
    return [(700 if i == last else 400, *total) for i, total in enumerate(table.totals)]


def _cells(table: Table, row: tuple[str, ...]) -> str:
    return "".join(
        f'<td class="line" align="{_align(table, i)}" style="padding:8px {_gap(table, i)} 8px 0;'
        f"border-bottom:1px solid {_LINE};vertical-align:top;"
        f'{"white-space:nowrap;" if i in table.numeric else "overflow-wrap:anywhere;"}">'
        f"{escape(cell)}</td>"
        for i, cell in enumerate(row)
    )


def _align(table: Table, index: int) -> str:
    return "right" if index in table.numeric else "left"


def _gap(table: Table, index: int) -> str:
    return "0" if index == len(table.columns) - 1 else "12px"


def _payment(block: Payment) -> str:
    rows = "".join(
        f'<tr><th scope="row" class="soft" align="left" style="padding:3px 16px 3px 0;'
        f'font-weight:400;white-space:nowrap;vertical-align:top;color:{_SOFT};">{escape(label)}</th>'
        f'<td align="left" style="padding:3px 0;font-weight:600;overflow-wrap:anywhere;">'
        f"{escape(value)}</td></tr>"
        for label, value in block.rows
    )
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" '
        'style="margin:0 0 22px;"><tr><td class="panel" style="padding:16px 20px;background-color:'
        '#f4f6f9;border-radius:6px;"><p class="ink" style="margin:0 0 6px;font-weight:600;'
        f'color:{_INK};">{escape(block.title)}</p><table class="ink" cellpadding="0" '
        f'cellspacing="0" border="0" style="{FONT}font-size:14px;line-height:20px;color:{_INK};">'
        f"{rows}</table></td></tr></table>\n"
    )
