"""The statement of account to download: on paper and as a table. A link of one invoice has none."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

from django.utils.translation import gettext

from amiable.apps.messaging.rendering.branding import PLAIN, brands
from amiable.apps.messaging.rendering.statements import statement_file, statement_of
from amiable.apps.messaging.writing.wording import labels
from amiable.core.money import Money
from amiable.core.tables import Column, Table
from amiable.interfaces.portal import words
from amiable.interfaces.portal.guard import Visit
from amiable.plugins.documents.statement import statements_pdf
from amiable.plugins.registry import plugins


def statement_paper(visit: Visit) -> tuple[bytes, str] | None:
    """PDF bytes and file name; None for a link of one invoice, or what cannot be printed."""
    page = visit.page
    draft = replace(page.draft, language=visit.language)
    if page.link.invoice_id is not None or not draft.account:
        return None
    brand = brands(page.link.organization_id, [draft.creditor_id]).get(draft.creditor_id, PLAIN)
    (pdf,) = statements_pdf([statement_of(draft, brand.logo)])
    return (pdf, statement_file(draft)) if isinstance(pdf, bytes) else None


def statement_book(visit: Visit, stream: BinaryIO) -> tuple[str, str] | None:
    """Writes the table; its file name and media type, None for a link of one invoice."""
    page = visit.page
    draft = replace(page.draft, language=visit.language)
    if page.link.invoice_id is not None or not draft.account:
        return None
    named, own = labels(visit.language)["table"], labels(visit.language)["statement"]
    currency = draft.currency
    rows = [
        (
            line.number, line.issue_date, line.due_date, own["marks"][line.group],
            Money(line.total_minor, currency), Money(line.open_minor, currency),
        )
        for line in sorted(draft.account, key=lambda line: (line.due_date, line.number))
    ]  # fmt: skip
    total = sum(line.open_minor for line in draft.account)
    exporter = plugins("exports")["xlsx"]
    exporter.write(
        Table(
            title=own["title"].format(date=words.day(visit.on)),
            columns=(
                Column("number", named["number"]),
                Column("issued", named["issued"], "date"),
                Column("due", named["due"], "date"),
                Column("state", own["mark"]),
                Column("total", named["total"], "money"),
                Column("open", named["open"], "money"),
            ),
            rows=tuple(rows),
            totals=((gettext("Total"), None, None, None, None, Money(total, currency)),),
            language=visit.language,
        ),
        stream,
    )
    name = statement_file(draft).removesuffix(".pdf")
    return f"{name}.{exporter.extension}", exporter.content_type
