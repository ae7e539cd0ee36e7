"""What the law has an agency say when it collects for a creditor (CPCE exec. R124-4): put into
every message by code, so that no text can leave it out."""

from __future__ import annotations

from amiable.apps.messaging.writing.claims import fees_minor, interest_minor
from amiable.apps.messaging.writing.paying import asked_minor, reference_of, to_pay_minor
from amiable.apps.messaging.writing.wording import (
    date_text,
    labels,
    language_of,
    money_text,
    typeset,
)
from amiable.core.drafts import Agency, Draft, Party
from amiable.core.references import grouped, is_rf_reference
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.documents.content import Block, Paragraph, Table, clean

declare(
    {
        "message.not_agency": gettext_noop(
            "This text is for an agency that collects for others (CPCE L124-1), which your "
            "organization is not: choose another scenario, or declare the activity in the settings."
        ),
        "message.agency_identity": gettext_noop(
            "CPCE R124-4 has the agency give its name and address: complete those of your "
            "organization."
        ),
        "message.agency_creditor": gettext_noop(
            "CPCE R124-4 has the agency give the creditor's name and address: complete those of "
            "{name}."
        ),
        "message.agency_first": gettext_noop(
            "The first message of an agency has to be the letter of CPCE R124-4: no text message "
            "can leave before it."
        ),
    }
)

# The templates that speak in the name of an agency.
_PREFIX, _FIRST = "agency_", "agency_first"
# Stands in the text of every message that carries the statements, and in no recall of them.
MANDATE_MARK = "L111-8"


def mandate_problem(draft: Draft) -> Sentence | None:
    """Why a message may not be written by an agency, or only by one; None when all is well."""
    if draft.agency is None:
        return Sentence("message.not_agency") if draft.template.startswith(_PREFIX) else None
    if draft.medium == "sms" and draft.agency.first_letter_on is None:
        return Sentence("message.agency_first")
    if not _address(draft.agency.party) or not clean(draft.agency.party.name):
        return Sentence("message.agency_identity")
    if not _address(draft.creditor):
        return Sentence("message.agency_creditor", {"name": clean(draft.creditor.name)})
    return None


def states_mandate(draft: Draft) -> bool:
    """Whether the message carries the statements: the first letter, and any other message that
    would reach the customer before it."""
    agency = draft.agency
    return agency is not None and (draft.template == _FIRST or agency.first_letter_on is None)


def mandate_blocks(draft: Draft) -> tuple[Block, ...]:
    """The statements of R124-4 1 to 5 in the first letter, the recall of its reference and date
    afterwards."""
    if draft.agency is None:
        return ()
    language = language_of(draft.language)
    words = labels(language)["agency"]

    def money(amount_minor: int) -> str:
        return money_text(amount_minor, draft.currency, language=language)

    values = _values(draft, draft.agency, language, total=money(to_pay_minor(draft)))

    def said(name: str) -> Paragraph:
        return Paragraph((((typeset(words[name].format(**values), language), False),),))

    if not states_mandate(draft):
        return (said("recall_sms" if draft.medium == "sms" else "recall"),)
    count = sum(line.group == "due" for line in draft.lines)
    debt = Table(
        (words["part"], words["amount"]),
        (
            (words["principal"], money(asked_minor(draft))),
            (words["interest"], money(interest_minor(draft))),
            (words["accessories"], money(fees_minor(draft))),
        ),
        frozenset({1}),
        ((words["total"], values["total"]),),
    )
    law = [words[name] for name in ("law", "law_2", "law_3", "law_meaning") if name in words]
    return (
        said("who"),
        said("creditor"),
        said("basis_one" if count == 1 else "basis_many"),
        debt,
        said("demand" if draft.creditor.iban else "demand_bare"),
        # One paragraph, so that no page ends between the article's name and its words.
        Paragraph(tuple(((typeset(line, language), False),) for line in law)),
    )


def _values(draft: Draft, agency: Agency, language: str, *, total: str) -> dict[str, str]:
    party, reference = agency.party, reference_of(draft)
    media = labels(language)["media"]
    first = agency.first_letter_on
    return {
        "collector": clean(party.name),
        "collector_address": _address(party),
        "creditor": clean(draft.creditor.name),
        "creditor_address": _address(draft.creditor),
        "reference": clean(agency.reference),
        "first_letter": date_text(first, language) if first else "",
        "total": total,
        "iban": grouped(clean(draft.creditor.iban)),
        "payment_reference": grouped(reference) if is_rf_reference(reference) else reference,
        "contact": " / ".join(filter(None, (clean(party.phone), clean(party.email)))),
        "this": media["email" if draft.medium == "email" else "letter"]["this"],
    }


def _address(party: Party) -> str:
    lines = [*party.address_lines, f"{party.postcode} {party.city}"]
    return ", ".join(filter(None, map(clean, lines)))
