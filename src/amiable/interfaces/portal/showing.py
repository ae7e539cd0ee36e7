"""What the templates of the page are given: its panel to pay, who asks, what was said before."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from amiable.apps.dunning.debiting.signing import is_mandate_offered
from amiable.apps.dunning.portal import portal_recent
from amiable.apps.dunning.writing.portal import page_draft
from amiable.apps.messaging.rendering.branding import PLAIN, Brand, brands
from amiable.apps.messaging.writing.composing import footer
from amiable.apps.messaging.writing.mandates import mandate_blocks
from amiable.apps.messaging.writing.paying import asked_minor, payment_blocks, reference_of
from amiable.apps.messaging.writing.wording import labels, siren_text
from amiable.core.drafts import Draft, Party
from amiable.core.references import grouped, is_rf_reference
from amiable.interfaces.portal import words
from amiable.interfaces.portal.guard import Visit
from amiable.interfaces.portal.tickets import ticket
from amiable.plugins.documents.colors import brand
from amiable.plugins.documents.content import Block, Paragraph, Payment, Table, clean, plain
from amiable.plugins.documents.epc import epc_svg

# A first page stays below 60 kB on a weak phone: a heavier logo gives way to the name.
LARGEST_LOGO = 20_000


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the panel: what it is, as people read it, and as it is copied."""

    name: str
    label: str
    shown: str
    copied: str


@dataclass(frozen=True, slots=True)
class Pay:
    """What to pay by transfer; `rows` are empty when the creditor gave no account."""

    amount_minor: int
    rows: tuple[Row, ...]
    code: SafeString


def page_html(visit: Visit, template: str, **more: Any) -> str:
    """A page of the link's as text."""
    draft = visit.page.draft
    picture = _brand(visit).logo
    context = {
        "visit": visit,
        "page": visit.page,
        "draft": draft,
        "sender": draft.sender,
        "currency": draft.currency,
        "language": visit.language,
        "other_language": {"fr": "en", "en": "fr"}[visit.language],
        "color": brand(draft.creditor.brand_color)[1:],
        "logo": picture.fitted(200, 56) if picture else None,
        "urls": {name: visit.url(name) for name in _NAMES},
        "ticket": ticket(visit.link.id),
        **more,
    }
    return render_to_string(template, context)


_NAMES = (
    "home", "later", "plan", "disagree", "contact", "paid", "pay", "mandate", "used", "logo",
    "statement_pdf", "statement_xlsx", "opinion", "opinion_seen", "history", "received",
)  # fmt: skip


def home_context(visit: Visit, ids: Collection[int]) -> dict[str, Any]:
    """What the first page shows, with these items ticked."""
    page, draft = visit.page, page_draft(visit.page, ids)
    return {
        "ids": ids,
        "pay": pay_panel(draft, visit.language),
        "recent": portal_recent(visit.link, on=visit.on),
        "documents": [item for item in page.items if item.has_document],
        "can_debit": is_mandate_offered(page) and not any(plan.mandate_id for plan in page.plans),
        "with_bank": any(item.collected_minor for item in page.items if item.id in ids),
        **who_asks(visit, draft),
    }


def pay_panel(draft: Draft, language: str) -> Pay:
    """The transfer for what a draft asks: the same account, reference and code as its message."""
    creditor = draft.creditor
    amount = max(0, asked_minor(draft)) if draft.lines else 0
    blocks = payment_blocks(draft, language) if amount else ()
    if not blocks:
        return Pay(amount, (), mark_safe(""))
    named, reference = labels(language)["payment"], reference_of(draft)
    shown = grouped(reference) if is_rf_reference(reference) else reference
    iban, holder = clean(creditor.iban), clean(creditor.name)
    rows = [
        Row("amount", named["amount"], words.money(amount, draft.currency),
            words.figures(amount, draft.currency)),
        Row("holder", named["holder"], holder, holder),
        Row("iban", named["iban"], grouped(iban), iban.replace(" ", "")),
        Row("bic", named["bic"], clean(creditor.bic), clean(creditor.bic)),
        Row("reference", named["reference"], shown, reference.replace(" ", "")),
    ]  # fmt: skip
    code = next((block.qr for block in blocks if isinstance(block, Payment)), "")
    return Pay(amount, tuple(row for row in rows if row.shown), _svg(code))


def who_asks(visit: Visit, draft: Draft) -> dict[str, Any]:
    """Who writes and why, and the customer's rights, in the words of the messages."""
    language, sender = visit.language, draft.sender
    mandate = mandate_blocks(replace(draft, language=language)) if draft.lines else ()
    is_consumer = draft.customer_kind == "consumer"
    return {
        "identity": _identity(sender, labels(language)["letter"]["siren"]),
        "mandate": [_block(each) for each in mandate],
        "privacy": footer(draft, language)[1],
        "mediator": labels(language)["law"]["mediator"] if is_consumer else "",
    }


def logo_picture(visit: Visit) -> tuple[bytes, str] | None:
    """The creditor's logo and its media type, where it is light enough."""
    picture = _brand(visit).logo
    return (picture.content, f"image/{picture.kind}") if picture else None


def _brand(visit: Visit) -> Brand:
    creditor_id = visit.page.draft.creditor_id
    found = brands(visit.link.organization_id, [creditor_id]).get(creditor_id, PLAIN)
    heavy = found.logo is not None and len(found.logo.content) > LARGEST_LOGO
    return PLAIN if heavy else found


def _identity(party: Party, siren_label: str) -> list[str]:
    lines = [party.name, *party.address_lines, f"{party.postcode} {party.city}"]
    if party.siren:
        lines.append(f"{siren_label} {siren_text(party.siren)}")
    return [text for line in lines if (text := clean(line))]


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Table):
        return {"rows": block.rows, "totals": block.totals}
    return {"lines": plain(block.lines).split("\n") if isinstance(block, Paragraph) else []}


def _svg(payload: str) -> SafeString:
    """The code as a picture that scales, named for who cannot see it."""
    if not payload:
        return mark_safe("")
    svg = epc_svg(payload)
    width = re.sub(r'.*?width="(\d+)".*', r"\1", svg, count=1, flags=re.DOTALL)
    label = gettext("Code for a banking app: account, reference and amount")
    opening = (
        f'<svg viewBox="0 0 {width} {width}" role="img" aria-label="{label}" focusable="false" '
    )
    return mark_safe(svg.replace("<svg ", opening, 1))  # noqa: S308  # drawn here, from our data
