"""What was agreed, in a call or on the payment page, as values of the text that confirms it."""

from __future__ import annotations

from amiable.apps.messaging.writing.wording import date_text, labels, money_text
from amiable.core.drafts import Draft
from amiable.plugins.documents.content import clean

# The texts that confirm a call, and those that confirm what was said on the payment page.
CONFIRMATIONS = (
    "call_promise", "call_callback", "call_dispute", "call_already_paid",
    "portal_promise", "portal_dispute", "portal_already_paid",
    "debit_notice", "mandate_signed",
    "portal_plan", "portal_plan_debit", "portal_plan_answer",
    "promise_due", "instalment_due", "instalment_debit",
    "dispute_answer", "survey", "invoice_copy",
)  # fmt: skip
MOST_NUMBERS = 6


def agreed_values(draft: Draft, language: str) -> dict[str, object]:
    """The values, "" where nothing of the kind was agreed; `numbers` = of the invoices the message
    is about."""
    confirms = draft.confirms
    named = sorted({clean(line.number) for line in draft.lines if line.group == "due"})
    numbers = ", ".join(named[:MOST_NUMBERS]) + (", …" if len(named) > MOST_NUMBERS else "")
    if confirms is None:
        return {
            **_debited(draft), "numbers": numbers, "agreed_amount": "", "agreed_on": "",
            "agreed_at": "",
            "disputed_number": "", "dispute_reason": "", "agreed_schedule": "", "agreed_answer": "",
        }  # fmt: skip
    amount = confirms.amount_minor
    words = labels(language)
    return {
        **_debited(draft),
        "numbers": numbers,
        "agreed_amount": money_text(amount, draft.currency, language=language) if amount else "",
        "agreed_on": date_text(confirms.on, language) if confirms.on else "",
        "agreed_at": confirms.at.strftime(words["hour"]) if confirms.at else "",
        "disputed_number": clean(confirms.number),
        "dispute_reason": words["disputes"].get(confirms.reason, ""),
        "agreed_schedule": "\n".join(
            f"{date_text(part.due_on, language)}{' : ' if language == 'fr' else ': '}"
            f"{money_text(part.amount_minor, draft.currency, language=language)}"
            for part in confirms.parts
        ),
        "agreed_answer": "\n".join(map(clean, confirms.answer.splitlines())),
    }


def _debited(draft: Draft) -> dict[str, object]:
    """Under which mandate money is collected; "" where none is meant."""
    terms = draft.confirms.debit if draft.confirms else None
    return {
        "mandate_reference": terms.reference if terms else "",
        "mandate_scheme": terms.scheme if terms else "",
        "creditor_identifier": terms.ics if terms else "",
        "debited_account": terms.account if terms else "",
    }
