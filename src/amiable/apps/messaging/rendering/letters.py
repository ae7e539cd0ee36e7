"""From a Draft and its document to a letter: who writes to whom, references, date, enclosures."""

from __future__ import annotations

from amiable.apps.messaging.rendering.branding import Brand
from amiable.apps.messaging.rendering.statements import has_statement, statement_of
from amiable.apps.messaging.writing.paying import reference_of
from amiable.apps.messaging.writing.wording import date_text, labels, language_of, siren_text
from amiable.core.drafts import Draft
from amiable.core.sentences import Sentence
from amiable.plugins.documents.address import address_block
from amiable.plugins.documents.content import Document, clean
from amiable.plugins.documents.letter import Letter


def _mention(draft: Draft) -> str:
    return "registered_email" if draft.is_electronic else "registered"


def letter_of(draft: Draft, document: Document, *, brand: Brand) -> Letter:
    """The letter that says a document, laid out for the creditor's envelopes."""
    language = language_of(draft.language)
    words = labels(language)["letter"]
    sender, customer = draft.sender, draft.customer
    attention = clean(draft.attention)
    block = address_block(customer, words["attention"].format(name=attention) if attention else "")
    address = () if isinstance(block, Sentence) else block
    details = [*sender.address_lines, " ".join(filter(None, (sender.postcode, sender.city))),
               sender.phone, sender.email]  # fmt: skip
    if sender.siren:
        details.append(f"{words['siren']} {siren_text(sender.siren)}")
    references = [
        (words["references"], reference_of(draft)),
        (words["customer"], draft.customer_code),
    ]
    if draft.agency:
        agency = labels(language)["agency"]
        references[:1] = [
            (agency["case"], draft.agency.reference),
            (agency["creditor_label"], draft.creditor.name),
        ]
    if customer.siren and draft.customer_kind != "consumer":
        references.append((words["your_siren"], siren_text(customer.siren)))
    return Letter(
        document=document,
        sender=(document.sender, *filter(None, map(clean, details))),
        address=address,
        references=tuple((label, clean(value)) for label, value in references if value),
        on_date=draft.on_date,
        date_text=words["date"].format(date=date_text(draft.on_date, language)),
        subject_line=words["subject"].replace("{subject}", document.subject),
        page_label=words["page"],
        mention=words[_mention(draft)] if draft.medium == "registered_letter" else "",
        window=brand.window,
        statement=statement_of(draft, brand.logo) if has_statement(draft) else None,
        logo=brand.logo,
        signature=brand.signature,
    )
