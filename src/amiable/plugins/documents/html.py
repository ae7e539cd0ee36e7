"""The HTML form of an email: tables and inline styles, which old mail programs need.

Dark mode by media query, conditional comments for Outlook, headers with scope, language declared.
No script and nothing from elsewhere: no pixel tells who opened it (CNIL 2026-042), and the logo
travels with the message.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from amiable.plugins.documents.colors import brand, ink_on
from amiable.plugins.documents.content import Block, Document, Paragraph, Payment, Table, plain
from amiable.plugins.documents.pictures import Picture

FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
_BREAKS = "overflow-wrap:anywhere;word-break:break-word;"  # a number longer than a phone is wide
_INK, _SOFT, _LINE = "#1f2933", "#52606d", "#d9dee5"
LOGO = (220, 56)  # its frame, in pixels
PREHEADER = 110  # characters that lists of messages show

_PAGE = (Path(__file__).resolve().parent / "email.html").read_text("utf-8")


def html_of(document: Document, logo: Picture | None = None) -> str:
    """One complete HTML page; every text of the document is escaped.

    The logo is the part of the message that cid_of names.
    """
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
        preheader=_preheader(document),
        logo=_logo(logo, document.sender) if logo else "",
        radius="0" if logo else "8px 8px 0 0",
        color=color,
        on_color=ink_on(color),
        font=FONT,
        ink=_INK,
        body="".join(_block(block, color) for block in document.blocks),
        footer=footer,
    )


def cid_of(picture: Picture) -> str:
    """How the page names a picture of its message (RFC 2392)."""
    return f"{picture.name}@amiable"


def _preheader(document: Document) -> str:
    """What lists of messages show after the subject: the first words that say something."""
    texts = [plain(each.lines) for each in document.blocks if isinstance(each, Paragraph)]
    words = " ".join((texts[1] if len(texts) > 1 else "").split())
    if not words:
        return ""
    cut = words if len(words) <= PREHEADER else words[:PREHEADER].rpartition(" ")[0] + "…"
    return (
        '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;'
        f'opacity:0;overflow:hidden;mso-hide:all;">{escape(cut)}</div>\n'
    )


def _logo(logo: Picture, name: str) -> str:
    """On white in dark mode too: most logos are drawn for paper."""
    width, height = map(round, logo.fitted(*LOGO))
    return (
        '<tr><td class="pad" bgcolor="#ffffff" style="padding:18px 32px;background-color:#ffffff;'
        f'border-radius:8px 8px 0 0;"><img src="cid:{cid_of(logo)}" width="{width}" '
        f'height="{height}" alt="{escape(name)}" style="display:block;border:0;width:{width}px;'
        f'height:{height}px;"></td></tr>\n'
    )


def _block(block: Block, color: str) -> str:
    if isinstance(block, Paragraph):
        return _paragraph(block)
    if isinstance(block, Table):
        return _table(block)
    return _payment(block, color)


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
        f'<th scope="col" class="soft line cell" align="{_align(table, i)}" style="padding:6px '
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
        f'<td class="line cell" align="{_align(table, i)}" '
        f'style="padding:8px {_gap(table, i)} 8px 0;'
        f"border-bottom:1px solid {_LINE};vertical-align:top;"
        f'{"white-space:nowrap;" if i in table.numeric else _BREAKS if i == 0 else ""}">'
        f"{escape(cell)}</td>"
        for i, cell in enumerate(row)
    )


def _align(table: Table, index: int) -> str:
    return "right" if index in table.numeric else "left"


def _gap(table: Table, index: int) -> str:
    return "0" if index == len(table.columns) - 1 else "12px"


def _payment(block: Payment, color: str) -> str:
    rows = "".join(
        f'<tr><th scope="row" class="soft" align="left" style="padding:3px 16px 3px 0;'
        f'font-weight:400;white-space:nowrap;vertical-align:top;color:{_SOFT};">{escape(label)}</th>'
        f'<td align="left" style="padding:3px 0;font-weight:600;overflow-wrap:anywhere;">'
        f"{escape(value)}</td></tr>"
        for label, value in block.rows
    )
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" '
        'style="margin:0 0 22px;"><tr><td class="panel" bgcolor="#f4f6f9" '
        'style="padding:16px 20px;background-color:#f4f6f9;border-radius:6px;">'
        '<p class="ink" style="margin:0 0 6px;font-weight:600;'
        f'color:{_INK};">{escape(block.title)}</p><table class="ink stack" cellpadding="0" '
        f'cellspacing="0" border="0" style="{FONT}font-size:14px;line-height:20px;color:{_INK};">'
        f"{rows}</table>{_button(block, color)}</td></tr></table>\n"
    )


def _button(block: Payment, color: str) -> str:
    """The link to pay, as a table cell: it keeps its shape where styles are dropped."""
    if not block.link:
        return ""
    return (
        '<table role="presentation" cellpadding="0" cellspacing="0" border="0" '
        f'style="margin:14px 0 2px;"><tr><td align="center" bgcolor="{color}" '
        f'style="background-color:{color};border-radius:6px;">'
        f'<a class="button" href="{escape(block.link)}" style="display:inline-block;'
        f"padding:12px 26px;{FONT}font-size:15px;line-height:20px;font-weight:600;"
        f'text-decoration:none;color:{ink_on(color)};">{escape(block.link_label)}</a></td></tr>'
        "</table>"
    )
