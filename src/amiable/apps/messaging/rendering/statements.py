"""The statement of account that goes with a message: everything open, by age and situation."""

from __future__ import annotations

from collections.abc import Sequence

from amiable.apps.messaging.writing.composing import footer
from amiable.apps.messaging.writing.paying import payment_blocks, reference_of
from amiable.apps.messaging.writing.wording import (
    carry,
    date_text,
    days_text,
    labels,
    language_of,
    money_text,
    running_sums,
    short_date,
    siren_text,
)
from amiable.core.drafts import Draft, DraftLine, Party
from amiable.core.references import grouped, is_rf_reference
from amiable.plugins.documents.content import Document, Table, clean
from amiable.plugins.documents.pictures import Picture
from amiable.plugins.documents.statement import Statement

# Forty pages; what a customer owes beyond that is summed up in one line.
LARGEST_LINES = 2_000
# Last day of each band of age, in days late.
_BANDS = (0, 30, 60, 90)
_SUMS = ("due", "upcoming", "disputed", "promised", "planned", "held")


def has_statement(draft: Draft) -> bool:
    """Whether a statement of account goes with the message."""
    return "statement" in draft.attachments and bool(draft.account) and draft.medium != "sms"


def statement_of(draft: Draft, logo: Picture | None = None) -> Statement:
    """The statement of a draft's customer on its day. Its file is named by statement_file."""
    language = language_of(draft.language)
    words = labels(language)
    letter, sender, customer = words["letter"], draft.sender, draft.customer
    reference = reference_of(draft)
    references = [
        (words["payment"]["reference"], grouped(reference) if is_rf_reference(reference)
         else reference),
        (letter["customer"], clean(draft.customer_code)),
    ]  # fmt: skip
    if draft.agency:
        creditor = (words["agency"]["creditor_label"], clean(draft.creditor.name))
        references[:0] = [(words["agency"]["case"], clean(draft.agency.reference)), creditor]
    contact = [clean(sender.phone), clean(sender.email)]
    if sender.siren:
        contact.append(f"{letter['siren']} {siren_text(sender.siren)}")
    title = words["statement"]["title"].format(date=date_text(draft.on_date, language))
    # The letter that a statement follows says how to pay.
    payment = payment_blocks(draft, language) if draft.medium == "email" else ()
    document = Document(
        language=language,
        subject=title,
        sender=clean(sender.name),
        color=draft.creditor.brand_color,
        blocks=(_ages(draft, language), _detail(draft, language), *payment),
        footer=footer(draft, language),
    )
    return Statement(
        document=document,
        sender=(*_lines(sender), *filter(None, contact)),
        customer=_lines(customer),
        references=tuple((label, value) for label, value in references if value),
        on_date=draft.on_date,
        page_label=letter["page"],
        logo=logo,
    )


def statement_file(draft: Draft) -> str:
    """The name of the attached file."""
    name = labels(language_of(draft.language))["statement"]["file"]
    return f"{name}-{draft.on_date:%Y-%m-%d}.pdf"


def _lines(party: Party) -> tuple[str, ...]:
    place = f"{party.postcode} {party.city}"
    return tuple(filter(None, map(clean, (party.name, *party.address_lines, place))))


def _ages(draft: Draft, language: str) -> Table:
    """One row: what is open by band of age."""
    words = labels(language)["statement"]
    sums = [0] * (len(_BANDS) + 1)
    for line in draft.account:
        sums[sum(line.days_late > last for last in _BANDS)] += line.open_minor
    row = tuple(money_text(each, draft.currency, language=language) for each in sums)
    columns = tuple(words["age_columns"])
    return Table(columns, (row,), frozenset(range(len(columns))), title=words["ages"])


def _detail(draft: Draft, language: str) -> Table:
    """Every open item, oldest first, and what it adds up to."""
    words = labels(language)
    names, own = words["table"], words["statement"]
    ordered = sorted(draft.account, key=lambda line: (line.due_date, line.number))
    shown, rest = ordered[:LARGEST_LINES], ordered[LARGEST_LINES:]
    columns = (names["number"], names["issued"], names["due"], names["late"], own["mark"],
               names["total"], names["open"])  # fmt: skip

    def amount(minor: int) -> str:
        return money_text(minor, draft.currency, language=language)

    rows = [
        (
            clean(line.number),
            short_date(line.issue_date, language),
            short_date(line.due_date, language),
            days_text(line.days_late, language),
            own["marks"][line.group],
            amount(line.total_minor),
            amount(line.open_minor),
        )
        for line in shown
    ]
    if rest:
        label = own["others"].format(count=len(rest))
        left = sum(line.open_minor for line in rest)
        rows.append((label, "", "", "", "", "", amount(left)))
    totals = tuple((label, amount(minor)) for label, minor in _totals(draft, language))
    amounts = [line.open_minor for line in shown]
    amounts += [sum(line.open_minor for line in rest)] if rest else []
    running = running_sums(amounts, currency=draft.currency, language=language)
    title, numeric = own["detail"], frozenset({5, 6})
    return Table(columns, tuple(rows), numeric, totals, title, running, carry(language))


def _totals(draft: Draft, language: str) -> list[tuple[str, int]]:
    """What is open by situation, less credit notes and payments not yet allocated."""
    words = labels(language)
    own = words["statement"]
    by_group = {name: _sum(draft.account, name) for name in _SUMS}
    found = [(own["sums"][name], minor) for name, minor in by_group.items() if minor]
    total = sum(line.open_minor for line in draft.account)
    if draft.credit_minor:
        found.append((own["total"], total))
        found.append((words["table"]["credit"], -draft.credit_minor))
    return [*found, (own["balance"], total - draft.credit_minor)]


def _sum(lines: Sequence[DraftLine], name: str) -> int:
    # What another message reminds of is as due as what this one asks for.
    groups = {"due", "reminded"} if name == "due" else {name}
    return sum(line.open_minor for line in lines if line.group in groups)
