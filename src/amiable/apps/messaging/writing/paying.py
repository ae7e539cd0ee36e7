"""What a message asks for and how it is paid: one amount in its words, its panel and its code."""

from __future__ import annotations

from amiable.apps.messaging.writing.claims import claimed_minor, fees_minor
from amiable.apps.messaging.writing.wording import date_text, labels, money_text
from amiable.core.drafts import Draft, DraftLine
from amiable.core.references import grouped, is_rf_reference, rf_reference
from amiable.plugins.documents.content import Block, Payment, clean
from amiable.plugins.documents.epc import LARGEST_MINOR, epc_payload


def main_lines(draft: Draft) -> tuple[DraftLine, ...]:
    """The lines the message is about: those due, or the upcoming ones when none is."""
    due = tuple(line for line in draft.lines if line.group == "due")
    return due or tuple(line for line in draft.lines if line.group == "upcoming")


def asked_minor(draft: Draft) -> int:
    """The principal the message asks for: what is due less credit, or what falls due; what is
    promised, when it confirms a promise."""
    if draft.confirms and draft.confirms.kind == "promise":
        return draft.confirms.amount_minor or 0
    if any(line.group == "due" for line in draft.lines):
        return draft.due_minor
    return sum(line.open_minor for line in main_lines(draft)) - draft.credit_minor


def to_pay_minor(draft: Draft) -> int:
    """The total the message names: the principal and what it claims beside it."""
    return asked_minor(draft) + claimed_minor(draft)


def reference_of(draft: Draft) -> str:
    """What the payer quotes: the given reference, or RF of the one invoice, or of the customer."""
    if draft.payment_reference:
        return clean(draft.payment_reference)
    lines = main_lines(draft)
    wanted = lines[0].number if len(lines) == 1 else draft.customer_code
    try:
        return rf_reference(wanted)
    except ValueError:
        return clean(wanted)[:35]


def payment_blocks(draft: Draft, language: str) -> tuple[Block, ...]:
    """The transfer panel; nothing when the creditor has no account or nothing is left to pay."""
    if draft.confirms and draft.confirms.kind == "survey":
        return _question(draft, language)
    creditor, amount = draft.creditor, to_pay_minor(draft)
    if not creditor.iban or amount <= 0:
        return ()
    words = labels(language)["payment"]
    reference, holder = reference_of(draft), clean(creditor.name)
    shown = grouped(reference) if is_rf_reference(reference) else reference
    rows = [(words["holder"], holder), (words["iban"], grouped(clean(creditor.iban)))]
    rows += [(words["bic"], clean(creditor.bic))] if creditor.bic else []
    rows += [*_amounts(draft, language), (words["reference"], shown)]
    qr = ""
    if draft.currency == "EUR" and amount <= LARGEST_MINOR:
        try:
            qr = epc_payload(name=holder, iban=creditor.iban, amount_minor=amount,
                             reference=reference, bic=creditor.bic)  # fmt: skip
        except ValueError:
            qr = ""  # an account number that no transfer code can carry is still printed
    codes = (qr, words["qr"], draft.payment_link, words["pay"], words["link"])
    return (Payment(words["title"], tuple(rows), *codes),)


def _question(draft: Draft, language: str) -> tuple[Block, ...]:
    """Where a customer who has paid all says how it went; a mark is chosen there, not here:
    programs that look at mail open every link."""
    words = labels(language)["survey"]
    if not draft.payment_link:
        return ()
    address = f"{draft.payment_link}opinion/"
    return (Payment(words["title"], (), link=address, link_label=words["button"]),)


def _amounts(draft: Draft, language: str) -> list[tuple[str, str]]:
    """What is to be paid; where that is more than the invoices, what it is made of."""
    words = labels(language)["payment"]

    def row(label: str, amount_minor: int) -> tuple[str, str]:
        return label, money_text(amount_minor, draft.currency, language=language)

    if not claimed_minor(draft):
        return [row(words["amount"], asked_minor(draft))]
    claimed: str = words["claimed" if fees_minor(draft) else "interest"]
    return [
        row(words["principal"], asked_minor(draft)),
        row(claimed.format(date=date_text(draft.on_date, language)), claimed_minor(draft)),
        row(words["whole"], to_pay_minor(draft)),
    ]
