"""Whose answer an incoming mail is: the message it answers, the case, and why we think so.

Nothing is guessed: what could be several is left to a person, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef, Q

from amiable.apps.cases.models import Case
from amiable.apps.customers.models import ContactPoint
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.replies.tokens import token_case
from amiable.apps.receivables.models import Installment
from amiable.core.replies.mail import IncomingMail
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.core.sms import mobile_number

declare(
    {
        "reply.thread": gettext_noop(
            "It answers the message “{subject}”, by the headers of the conversation."
        ),
        "reply.returned": gettext_noop("It holds the message “{subject}” that came back."),
        "reply.token": gettext_noop("It was sent to the answer address of this file."),
        "reply.sender": gettext_noop("{address} is an address of this customer only."),
        "reply.recipient": gettext_noop(
            "It speaks of {address}, which is an address of this customer only."
        ),
        "reply.number": gettext_noop("{number} is a number of this customer only."),
        "reply.other_sender": gettext_noop(
            "It comes from {address}, which is no address known for this customer."
        ),
        "reply.test_message": gettext_noop(
            "It answers a test message, which no customer has received."
        ),
        "reply.several_customers": gettext_noop(
            "{address} is known for {count} customers: choose the one it is about."
        ),
        "reply.last_text": gettext_noop("The last text message to it was for {customer}, on {on}."),
        "reply.several_files": gettext_noop(
            "This customer has {count} files with open invoices: choose the one it is about."
        ),
        "reply.unsure": gettext_noop(
            "It answers no message of ours, and {address} does not say which file it is about."
        ),
        "reply.nobody": gettext_noop(
            "It answers no message of ours, and {address} is not a customer's address."
        ),
        "reply.nobody_unsigned": gettext_noop(
            "It answers no message of ours, and does not say who wrote it."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Whose:
    """Where an answer belongs. `organization_id` None = nobody's here; `case_id` None = a person
    chooses among `candidates`, which are held meanwhile; `why` says what was found. `customers` =
    those the address or number is of."""

    organization_id: int | None
    case_id: int | None
    message_id: int | None
    why: tuple[Sentence, ...]
    candidates: tuple[int, ...] = ()
    customers: tuple[int, ...] = ()


def whose_mail(mail: IncomingMail, organization_ids: Collection[int]) -> Whose:
    """By the thread headers, then the token of the address, then the sender's address (of a mail
    server's report: the address it is about), within these organizations."""
    return (
        _by_thread(mail, organization_ids)
        or _by_token(mail, organization_ids)
        or _by_address(mail, organization_ids)
    )


def whose_number(number: str, organization_ids: Collection[int]) -> Whose:
    """By the phone number that a text message came from.

    Several customers may have one number (a group's accountant, a couple): nobody is guessed, all
    of them are held, and it is said whom the last text was for. Several organizations may know
    one: a text answers a text, so it goes to the one that wrote to it last.
    """
    digits = "".join(c for c in number if c.isdigit())[-9:]
    if len(digits) < 9:
        return Whose(None, None, None, (Sentence("reply.nobody", {"address": number[:40]}),))
    # Numbers are kept as people write them: the last two digits stand together in all of them.
    rows = ContactPoint.objects.filter(
        organization_id__in=organization_ids, kind="phone", value__endswith=digits[-2:]
    )
    known = {
        (organization_id, customer_id)
        for organization_id, customer_id, value in rows.values_list(
            "organization_id", "customer_id", "value"
        )
        if "".join(c for c in value if c.isdigit())[-9:] == digits
    }
    last = _last_text(known, number) if len(known) > 1 else None
    if last is not None:
        known = {each for each in known if each[0] == last.organization_id}
    whose = _only(known, number, Sentence("reply.number", {"number": number}))
    if last is None or len(known) < 2:
        return whose
    params = {"customer": last.case.customer.name, "on": last.on_date}
    return replace(whose, why=(*whose.why, Sentence("reply.last_text", params)))


def _last_text(known: set[tuple[int, int]], number: str) -> Message | None:
    """The newest text message that left for this number, to one of these customers."""
    rows = Message.objects.filter(
        case__customer_id__in={customer_id for _, customer_id in known},
        organization_id__in={organization_id for organization_id, _ in known},
        medium="sms",
        recipient=mobile_number(number) or number,
        is_test=False,
        sent_at__isnull=False,
    )
    wanted = rows.select_related("case__customer").order_by("-sent_at", "-id")
    return wanted.only("organization_id", "on_date", "case__customer__name").first()


def _by_thread(mail: IncomingMail, organization_ids: Collection[int]) -> Whose | None:
    ids = [f"<{one}>" for one in mail.thread_ids]
    rows = Message.objects.filter(organization_id__in=organization_ids, message_id__in=ids)
    fields = (
        "message_id",
        "organization_id",
        "case_id",
        "id",
        "subject",
        "is_test",
        "case__customer_id",
    )
    known = {row["message_id"]: row for row in rows.order_by("-id").values(*fields)}
    row = next((known[one] for one in ids if one in known), None)
    if row is None:
        return None
    if row["is_test"]:
        why = (Sentence("reply.test_message"),)
        return Whose(row["organization_id"], None, None, why)
    code = "reply.returned" if row["message_id"] == f"<{mail.returned_id}>" else "reply.thread"
    why = (
        Sentence(code, {"subject": row["subject"]}),
        *_stranger(mail, row["organization_id"], row["case__customer_id"]),
    )
    customers = (row["case__customer_id"],)
    return Whose(row["organization_id"], row["case_id"], row["id"], why, customers=customers)


def _by_token(mail: IncomingMail, organization_ids: Collection[int]) -> Whose | None:
    ids = [case_id for token in mail.tokens if (case_id := token_case(token)) is not None]
    rows = Case.objects.filter(organization_id__in=organization_ids, id__in=ids)
    row = rows.values("id", "organization_id", "customer_id").first()
    if row is None:
        return None
    why = (
        Sentence("reply.token"),
        *_stranger(mail, row["organization_id"], row["customer_id"]),
    )
    customers = (row["customer_id"],)
    return Whose(row["organization_id"], row["id"], None, why, customers=customers)


def _by_address(mail: IncomingMail, organization_ids: Collection[int]) -> Whose:
    addresses = _speaks_for(mail)
    for address in addresses:
        rows = ContactPoint.objects.filter(
            Q(value=address) | Q(value__iexact=address),
            organization_id__in=organization_ids,
            kind="email",
        )
        known = set(rows.values_list("organization_id", "customer_id"))
        if known:
            code = "reply.recipient" if mail.kind == "bounce" else "reply.sender"
            return _only(known, address, Sentence(code, {"address": address}))
    if not addresses:
        return Whose(None, None, None, (Sentence("reply.nobody_unsigned"),))
    return Whose(None, None, None, (Sentence("reply.nobody", {"address": addresses[0]}),))


def _only(known: set[tuple[int, int]], address: str, why: Sentence) -> Whose:
    """The one customer, and the one file of theirs in which something is open."""
    if not known:
        return Whose(None, None, None, (Sentence("reply.nobody", {"address": address}),))
    organizations = {organization_id for organization_id, _ in known}
    if len(known) > 1:
        # How many others know an address is nobody's business: only one's own are counted.
        organization_id = organizations.pop() if len(organizations) == 1 else None
        if organization_id is None:
            return Whose(None, None, None, (Sentence("reply.unsure", {"address": address}),))
        several = Sentence("reply.several_customers", {"address": address, "count": len(known)})
        customers = tuple(sorted(customer_id for _, customer_id in known))
        files = _files(organization_id, customers)
        return Whose(organization_id, None, None, (several,), files, customers)
    ((organization_id, customer_id),) = known
    files = _files(organization_id, (customer_id,))
    if len(files) > 1:
        several = Sentence("reply.several_files", {"count": len(files)})
        return Whose(organization_id, None, None, (why, several), files, (customer_id,))
    case_id = files[0] if files else None
    return Whose(organization_id, case_id, None, (why,), customers=(customer_id,))


def _files(organization_id: int, customer_ids: Sequence[int]) -> tuple[int, ...]:
    """The customers' files with something open; all of them when nothing is."""
    opened = Installment.objects.filter(
        customer_id=OuterRef("customer_id"), currency=OuterRef("currency"), settled_on__isnull=True
    )
    rows = Case.objects.filter(organization_id=organization_id, customer_id__in=customer_ids)
    found = list(rows.annotate(is_open=Exists(opened)).order_by("id").values_list("id", "is_open"))
    opens = tuple(case_id for case_id, is_open in found if is_open)
    return opens or tuple(case_id for case_id, _ in found)


def _speaks_for(mail: IncomingMail) -> Sequence[str]:
    """Addresses that say whose mail it is, the surest first, in lower case."""
    if mail.kind == "bounce":
        return tuple(
            dict.fromkeys(report.recipient for report in mail.recipients if report.recipient)
        )
    found = (mail.from_address, *mail.reply_to)
    return tuple(dict.fromkeys(one.address for one in found if one.address))


def _stranger(mail: IncomingMail, organization_id: int, customer_id: int) -> tuple[Sentence, ...]:
    """A word of caution when the writer is nobody known at the customer."""
    address = mail.from_address.address
    if mail.kind != "reply" or not address:
        return ()
    rows = ContactPoint.objects.filter(organization_id=organization_id, customer_id=customer_id)
    values = rows.filter(kind="email").values_list("value", flat=True)
    known = address in {value.lower() for value in values}
    return () if known else (Sentence("reply.other_sender", {"address": address}),)
