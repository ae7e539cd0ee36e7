"""From a Draft to a Document: the text of its template around its tables and payment panel."""

from __future__ import annotations

from datetime import date

from amiable.apps.messaging.writing.agreed import agreed_values
from amiable.apps.messaging.writing.claims import claim_blocks, claimed_minor
from amiable.apps.messaging.writing.mandates import mandate_blocks, states_mandate
from amiable.apps.messaging.writing.mentions import mention_blocks, mentions_missing
from amiable.apps.messaging.writing.paying import (
    asked_minor,
    main_lines,
    payment_blocks,
    reference_of,
    to_pay_minor,
)
from amiable.apps.messaging.writing.rules import block_problem, broken_rules
from amiable.apps.messaging.writing.texts import OwnText, TextError, parse, rendered, template
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
from amiable.core.drafts import Draft, DraftLine
from amiable.plugins.documents.content import (
    BLOCK,
    Block,
    Document,
    Paragraph,
    Table,
    blocks_of,
    clean,
)


def composed(
    draft: Draft, *, attached: int = 0, thread_subject: str = "", own: OwnText | None = None
) -> Document:
    """The document of a draft. `attached` = how many invoices go with it; `own` = the text that
    the organization has written for it.

    Raises TextError when its text is missing, breaks the limits, or says what no text may.
    """
    language = language_of(draft.language)
    values = values_of(draft, attached=attached, thread_subject=thread_subject)
    subject, body = _said(draft, values, own)
    if draft.medium == "email":  # a letter's subject stands after a colon
        subject = subject[:1].upper() + subject[1:]
    mentions = mentions_missing(draft, body) if own else ()
    named: dict[str, tuple[Block, ...]] = {
        "invoices": _tables(draft, language),
        "payment": payment_blocks(draft, language),
        "mandate": mandate_blocks(draft),
        "signature": _signature(draft),
        "claims": claim_blocks(draft),
        "law": mention_blocks(draft, mentions),
    }
    return Document(
        language=language,
        subject=clean(subject),
        sender=clean(draft.sender.name),
        color=draft.creditor.brand_color,
        blocks=blocks_of(_complete(draft, body, ("law",) if mentions else ()), named),
        footer=footer(draft, language),
    )


def _said(draft: Draft, values: dict[str, object], own: OwnText | None) -> tuple[str, str]:
    """Subject and body with the marks of their blocks."""
    language = language_of(draft.language)
    if own is None:
        text = template(draft.template, medium=draft.medium, language=language)
        if text is None:
            raise TextError(f"{draft.template}.{draft.medium} ({language})")
        return rendered(text, values, language=language)
    subject, body = rendered(parse(own.text, language), values, language=language)
    problem = block_problem(body) or next(
        (broken.sentence for broken in broken_rules(draft, subject=subject, body=body)), None
    )
    if problem:
        raise TextError(problem)
    return subject, body


def _complete(draft: Draft, body: str, law: tuple[str, ...]) -> str:
    """What law has a message say stands in it even where its text leaves it out."""
    wanted = law
    if claimed_minor(draft):
        wanted = ("claims", *law)
    if draft.agency:
        stated = ("invoices", "payment", "mandate") if states_mandate(draft) else ("mandate",)
        wanted = (*stated, *wanted)
    missing = "".join(f"{BLOCK}{name}\n\n" for name in wanted if f"{BLOCK}{name}" not in body)
    before, mark, after = body.partition(f"{BLOCK}signature")
    return f"{before}\n\n{missing}{mark}{after}"


def values_of(draft: Draft, *, attached: int, thread_subject: str) -> dict[str, object]:
    """Plain values a text may use: strings, ints, and None for what is absent (false in Liquid)."""
    language = language_of(draft.language)
    lines = main_lines(draft)
    first = min(lines, key=lambda line: (line.due_date, line.number))
    creditor, customer = draft.creditor, draft.customer
    phone, email = clean(draft.sender.phone), clean(draft.sender.email)
    # Only a message of its own medium can go on with a conversation under its subject.
    thread_subject = clean(thread_subject) if draft.medium == "email" else ""
    values: dict[str, object] = {
        "kind": draft.customer_kind,
        "count": len(lines),
        "total": money_text(to_pay_minor(draft), draft.currency, language=language),
        "principal": money_text(asked_minor(draft), draft.currency, language=language),
        "first_number": clean(first.number),
        "first_due": date_text(first.due_date, language),
        "max_late": max(line.days_late for line in lines),
        "today": date_text(draft.on_date, language),
        "attached": attached,
        "enclosed": _enclosed(draft, language, attached, len(lines)),
        "deadline": _date(draft.deadline_on, language),
        "previous_contact": _date(draft.previous_contact_on, language),
        "thread_subject": thread_subject.removeprefix("Re: "),
        "creditor": clean(creditor.name),
        "creditor_siren": siren_text(creditor.siren),
        "collector": clean(draft.agency.party.name) if draft.agency else "",
        "customer": clean(customer.name),
        "customer_siren": "" if draft.customer_kind == "consumer" else siren_text(customer.siren),
        "customer_code": clean(draft.customer_code),
        "reference": reference_of(draft),
        "phone": phone,
        "email": email,
        "contact": " / ".join(filter(None, (phone, email))),
        "short_contact": phone or email,
        **_manners(draft, language),
        **_pledged(draft, language),
        **_returned(draft, language),
        **_claimed(draft, language),
        **agreed_values(draft, language),
        **{name: f"{BLOCK}{name}" for name in ("invoices", "payment", "mandate", "signature")},
    }
    return {name: None if value == "" else value for name, value in values.items()}


def _claimed(draft: Draft, language: str) -> dict[str, str]:
    """The table of claims, and what they come to, where the message makes any."""
    amount = claimed_minor(draft)
    if not amount:
        return {"claims": "", "claims_total": ""}
    total = money_text(amount, draft.currency, language=language)
    return {"claims": f"{BLOCK}claims", "claims_total": total}


def _manners(draft: Draft, language: str) -> dict[str, str]:
    """How a message of this medium greets, speaks of itself and asks for an answer."""
    words = labels(language)["media"]["email" if draft.medium == "email" else "letter"]
    contact = " / ".join(filter(None, (clean(draft.sender.phone), clean(draft.sender.email))))
    name = "" if draft.copies else clean(draft.recipient_name)
    hello, reply = words["hello"], words["reply"]
    if name and "hello_name" in words:
        hello = words["hello_name"].format(name=name)
    if draft.medium != "email":
        reply = reply.format(contact=contact) if contact else words["reply_bare"]
    return {"hello": hello, "this": words["this"], "reply": reply, "ignore": words["ignore"]}


def _enclosed(draft: Draft, language: str, attached: int, count: int) -> str:
    """The sentence that names what goes with the message; "" when nothing does."""
    words = labels(language)["enclosed"]
    statement = "statement" in draft.attachments and bool(draft.account)
    if draft.medium == "sms":
        return ""
    # The statement of a letter is part of it, and announced apart.
    after = words["letter_statement"] if statement and draft.medium != "email" else ""
    attached_to = statement and draft.medium == "email"
    if attached <= 0:
        return words["statement"].format(this=_this(draft, language)) if attached_to else after
    number = "one" if attached == 1 else "many"
    name = number if attached >= count else f"some_{number}"
    sentence: str = words[f"{name}_statement" if attached_to else name]
    said = sentence.format(attached=attached, count=count, this=_this(draft, language))
    return f"{said} {after}".strip()


def _this(draft: Draft, language: str) -> str:
    """What a message calls itself."""
    media = labels(language)["media"]
    this: str = media["email" if draft.medium == "email" else "letter"]["this"]
    return this


def _pledged(draft: Draft, language: str) -> dict[str, object]:
    """What the customer had promised, and what came of it."""
    pledge = draft.pledge

    def amount(minor: int) -> str:
        return money_text(minor, draft.currency, language=language) if minor > 0 else ""

    return {
        "in_plan": bool(pledge and pledge.in_plan),
        "promised_amount": amount(pledge.amount_minor) if pledge else "",
        "promised_on": _date(pledge.due_on if pledge else None, language),
        "promise_made_on": _date(pledge.made_on if pledge else None, language),
        "promise_received": amount(pledge.received_minor) if pledge else "",
        "next_instalment_on": _date(pledge.next_on if pledge else None, language),
        "next_instalment_amount": amount(pledge.next_minor) if pledge else "",
    }


# Returned because of the account itself: another one has to be given.
_ACCOUNT_CODES = frozenset({"AC01", "RC01", "AC04", "AC06", "AG01", "MD01"})


def _returned(draft: Draft, language: str) -> dict[str, object]:
    """When and why a payment came back, in words (codes of ISO 20022)."""
    words = labels(language)["returned"]
    code = draft.return_code.strip().upper()
    reason = words.get(code, words["other"]) if code and draft.returned_on else ""
    return {
        "returned_on": _date(draft.returned_on, language),
        "return_reason": reason,
        "new_account": bool(reason) and code in _ACCOUNT_CODES,
    }


def _date(day: date | None, language: str) -> str:
    return date_text(day, language) if day else ""


def _tables(draft: Draft, language: str) -> tuple[Block, ...]:
    words = labels(language)["table"]
    main = main_lines(draft)
    tables = [_table(draft, main, language, totals=_totals(draft, main, language))]
    for group in ("reminded", "upcoming", "disputed", "promised", "planned", "held"):
        lines = tuple(x for x in draft.lines if x.group == group)
        if lines and lines != main:
            tables.append(_table(draft, lines, language, title=words[group]))
    return tuple(tables)


def _table(
    draft: Draft,
    lines: tuple[DraftLine, ...],
    language: str,
    *,
    title: str = "",
    totals: tuple[tuple[str, str], ...] = (),
) -> Table:
    """Letters show what was billed, paid and is left; emails, read on phones, the essentials."""
    words = labels(language)["table"]
    ordered = sorted(lines, key=lambda line: (line.due_date, line.number))
    currency = draft.currency
    if draft.medium == "email":
        late = any(line.days_late > 0 for line in lines)
        names = ["number", "due", *(["late"] if late else []), "open"]
        rows = [
            (
                clean(x.number),
                short_date(x.due_date, language),
                *([days_text(x.days_late, language)] if late else []),
                money_text(x.open_minor, currency, language=language),
            )
            for x in ordered
        ]
        numeric = frozenset({len(names) - 1})
    else:
        names = ["number", "issued", "due", "total", "paid", "open"]
        rows = [
            (
                clean(x.number),
                short_date(x.issue_date, language),
                short_date(x.due_date, language),
                money_text(x.total_minor, currency, language=language),
                money_text(x.paid_minor, currency, language=language),
                money_text(x.open_minor, currency, language=language),
            )
            for x in ordered
        ]
        numeric = frozenset({3, 4, 5})
    columns = tuple(words[name] for name in names)
    if draft.medium == "email":
        return Table(columns, tuple(rows), numeric, totals, title)
    amounts = (line.open_minor for line in ordered)
    running = running_sums(amounts, currency=currency, language=language)
    return Table(columns, tuple(rows), numeric, totals, title, running, carry(language))


def _totals(
    draft: Draft, main: tuple[DraftLine, ...], language: str
) -> tuple[tuple[str, str], ...]:
    words = labels(language)["table"]
    is_due = any(line.days_late >= 0 for line in main)
    name = "total_due" if is_due else "total_upcoming"
    label = words["total_principal" if claimed_minor(draft) else name]
    total = (label, money_text(asked_minor(draft), draft.currency, language=language))
    if not draft.credit_minor:
        return (total,)
    gross = sum(line.open_minor for line in main)
    return (
        (words["subtotal"], money_text(gross, draft.currency, language=language)),
        (words["credit"], money_text(-draft.credit_minor, draft.currency, language=language)),
        total,
    )


def _signature(draft: Draft) -> tuple[Block, ...]:
    """Who signs: under the formula that ends a letter, or a short greeting in an email."""
    words = labels(language_of(draft.language))
    names = list(filter(None, (clean(draft.sender.signatory), clean(draft.sender.name))))
    if draft.agency:
        names.append(words["greeting_for"].format(creditor=clean(draft.creditor.name)))
    if draft.medium == "email":
        return (_paragraph(words["greeting"], *names),)
    return (_paragraph(words["media"]["letter"]["closing"]), _paragraph(*names))


def _paragraph(*lines: str) -> Paragraph:
    return Paragraph(tuple(((line, False),) for line in lines))


def footer(draft: Draft, language: str) -> tuple[str, ...]:
    """Who writes, and what becomes of the data (GDPR articles 13 and 14)."""
    if draft.medium == "sms":
        return ()
    words, sender = labels(language)["footer"], draft.sender
    identity = [clean(sender.name), *map(clean, sender.address_lines)]
    identity.append(clean(f"{sender.postcode} {sender.city}"))
    if sender.siren:
        identity.append(f"{words['siren']} {siren_text(sender.siren)}")
    contact = clean(sender.email or sender.phone or sender.name)
    notice = labels(language)["agency"]["data"] if draft.agency else words["data"]
    for name, value in (
        ("contact", contact), ("creditor", draft.creditor.name), ("sender", sender.name),
    ):  # fmt: skip
        notice = notice.replace(f"{{{name}}}", clean(value))
    return (" · ".join(filter(None, identity)), notice)
