"""What rendering needs beside the drafts, read for many of them in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence

from amiable.apps.messaging.library.resolution import own_texts
from amiable.apps.messaging.models import Message
from amiable.apps.messaging.rendering.branding import PLAIN, brands
from amiable.apps.messaging.rendering.messages import Material
from amiable.apps.messaging.replies.mailboxes import reply_addresses
from amiable.apps.messaging.replies.tokens import with_token
from amiable.apps.receivables.models import InvoiceDocument
from amiable.core.drafts import Draft
from amiable.plugins.documents.mime import Attachment

THREAD_DAYS = 60


def materials(organization_id: int, drafts: Sequence[Draft]) -> dict[str, Material]:
    """The PDFs, conversations, own texts and brands of the drafts, by key; in four queries."""
    wanted = {draft.key: _invoice_ids(draft) for draft in drafts if "invoices" in draft.attachments}
    ids = {invoice_id for some in wanted.values() for invoice_id in some}
    files: dict[int, Attachment] = {}
    if ids:
        documents = InvoiceDocument.objects.filter(
            organization_id=organization_id, invoice_id__in=ids
        )
        for invoice_id, filename, content, number in documents.values_list(
            "invoice_id", "filename", "content", "invoice__number"
        ):
            files[invoice_id] = Attachment(filename, bytes(content), number)
    threads = _threads(organization_id, drafts)
    texts = own_texts(organization_id, drafts)
    looks = brands(organization_id, {draft.creditor_id for draft in drafts})
    answers_to = reply_addresses([organization_id]).get(organization_id, "")
    return {
        draft.key: Material(
            tuple(files[i] for i in wanted.get(draft.key, ()) if i in files),
            *threads.get(draft.key, ("", draft.thread_ids)),
            own=texts.get(draft.key),
            brand=looks.get(draft.creditor_id, PLAIN),
            answers_to=with_token(answers_to, draft.case_id) if answers_to else "",
        )
        for draft in drafts
    }


def _threads(
    organization_id: int, drafts: Sequence[Draft]
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Subject and message ids of the conversation each draft goes on with, by key.

    A conversation that was silent for THREAD_DAYS is over: the next message starts a new one,
    under its own subject.
    """
    ids = {known for draft in drafts for known in draft.thread_ids}
    rows = Message.objects.filter(organization_id=organization_id, message_id__in=ids)
    sent = {
        row[0]: row[1:] for row in rows.values_list("message_id", "thread_id", "on_date", "subject")
    }
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for draft in drafts:
        last = sent.get(draft.thread_ids[-1]) if draft.thread_ids else None
        if last is None:
            continue
        thread, on_date, _ = last
        if (draft.on_date - on_date).days > THREAD_DAYS:
            found[draft.key] = ("", ())
            continue
        same = tuple(i for i in draft.thread_ids if i in sent and sent[i][0] == thread)
        found[draft.key] = (sent[same[0]][2], same)
    return found


def _invoice_ids(draft: Draft) -> list[int]:
    """Invoices the message asks for; what is contested or not yet due is not attached."""
    group = "due" if any(line.group == "due" for line in draft.lines) else "upcoming"
    return list(dict.fromkeys(x.invoice_id for x in draft.lines if x.group == group))
