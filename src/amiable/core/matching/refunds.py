"""Money out that is a refund of ours, or all those of one file booked in one sum.

Recognized by the reference that we gave, which settles it alone, or by account and amount. A refund
that nobody noted is proposed when the money goes back to whom a credit is owed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from amiable.core.matching.book import Book
from amiable.core.matching.facts import Decision, Hypothesis, Line, OpenCredit, Refund
from amiable.core.matching.labels import canonical
from amiable.core.matching.names import name_confirms, name_tokens
from amiable.core.money import Money
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

declare(
    {
        "match.refund": gettext_noop("{amount} went out: the refund to {name} noted on {date}"),
        "match.refund_reference": gettext_noop("it bears the reference {reference} of the refund"),
        "match.refund_file": gettext_noop("it bears the reference {file} of the file"),
        "match.refund_iban": gettext_noop("it went to the account noted for the refund"),
        "match.refund_name": gettext_noop("it went to {name}"),
        "match.refund_amount": gettext_noop(
            "only the amount is that of the refund: who got it is not said"
        ),
        "match.refund_other_amount": gettext_noop(
            "the refund noted is of {amount}: correct it there, then look again"
        ),
        "match.refunds": gettext_noop(
            "{amount} went out: exactly the {count} refunds of the file {file}, in one sum"
        ),
        "match.refunds_amount": gettext_noop("only the amount is that of the file"),
        "match.refunds_other_amount": gettext_noop(
            "the refunds of the file {file} that have not left come to {amount}: take out the one "
            "that the bank refused, then look again"
        ),
        "match.refund_found": gettext_noop(
            "{amount} went to {customer}, whose account holds a credit of {credit}: a refund that "
            "was not noted"
        ),
    }
)
_REFERENCES = ("match.refund_reference", "match.refund_file")


def decide_money_out(line: Line, book: Book) -> Decision:
    """Post the one refund, or file, that a reference, or account and amount, tell; propose what is
    like one."""
    noted = book.refunds.get(line.currency, ())
    files = _files(noted)
    if said := _other_amount(line, noted, files):
        return Decision(line.id, "leave", said)
    single = _single(line, noted, files)
    whole = list(_whole(line, files))
    readings = [h for h in whole if h.sure] or [h for h in single if h.sure] or [*single, *whole]
    if not readings and (said := _other_total(line, files)):
        return Decision(line.id, "leave", said)
    if not readings:
        readings = _unnoted(line, book)
    kept = [h for h in readings if (line.id, h.key) not in book.refused][:3]
    if not kept:
        return Decision(line.id, "ignore", (Sentence("match.money_out"),))
    if len(kept) == 1 and kept[0].sure and line.id not in book.touched:
        return Decision(line.id, "post", kept[0].evidence, (kept[0],))
    shown = tuple(reading._replace(sure=False) for reading in kept)
    why = (Sentence("match.ambiguous"),) if len(shown) > 1 else ()
    return Decision(line.id, "propose", (*shown[0].evidence, *why), shown)


def _files(noted: Sequence[Refund]) -> dict[int, list[Refund]]:
    """What has not left of each file, by its id."""
    files: dict[int, list[Refund]] = defaultdict(list)
    for refund in noted:
        if refund.file_id is not None:
            files[refund.file_id].append(refund)
    return files


def _single(
    line: Line, noted: Sequence[Refund], files: dict[int, list[Refund]]
) -> list[Hypothesis]:
    """Refunds of just this amount: those that are named, else those that something ties to it."""
    exact = [refund for refund in noted if refund.amount_minor == -line.amount_minor]
    told = [(refund, _evidence(line, refund, files)) for refund in exact]
    ours = canonical(line.end_to_end_id)
    named = [(r, e) for r, e in told if ours and ours == r.reference]
    named = named or [(r, e) for r, e in told if _has(e, *_REFERENCES)]
    sure = named or [(r, e) for r, e in told if _has(e, "match.refund_iban")]
    likely = sure or [(r, e) for r, e in told if e] or told
    return [_reading(line, r, e, sure=len(sure) == 1) for r, e in likely]


def _whole(line: Line, files: dict[int, list[Refund]]) -> Iterator[Hypothesis]:
    """Files of several refunds that come to just this amount."""
    found = []
    for file_id, refunds in files.items():
        total = sum(refund.amount_minor for refund in refunds)
        if len(refunds) > 1 and total == -line.amount_minor:
            found.append((file_id, refunds, _names(line, refunds[0].file)))
    named = [each for each in found if each[2]]
    for file_id, refunds, is_named in named or found:
        values: dict[str, Param] = {
            "amount": Money(-line.amount_minor, line.currency),
            "count": len(refunds),
            "file": refunds[0].file,
        }
        why = Sentence("match.refund_file", {"file": refunds[0].file})
        said = why if is_named else Sentence("match.refunds_amount")
        yield Hypothesis(
            "refunds", None, (Sentence("match.refunds", values), said), repays_file=file_id,
            sure=len(named) == 1,
        )  # fmt: skip


def _other_amount(
    line: Line, noted: Sequence[Refund], files: dict[int, list[Refund]]
) -> tuple[Sentence, ...]:
    """Said of a refund that the line names but that is of another amount."""
    named = [refund for refund in noted if _names(line, refund.reference)]
    if not named or any(refund.amount_minor == -line.amount_minor for refund in named):
        return ()
    stated = {"amount": Money(named[0].amount_minor, line.currency)}
    return (
        *_evidence(line, named[0], files),
        Sentence("match.refund_other_amount", stated),
    )


def _other_total(line: Line, files: dict[int, list[Refund]]) -> tuple[Sentence, ...]:
    """Said of a file that the line names but that comes to another amount."""
    for refunds in files.values():
        file = refunds[0].file
        if _names(line, file):
            left = Money(sum(refund.amount_minor for refund in refunds), line.currency)
            bears = Sentence("match.refund_file", {"file": file})
            return bears, Sentence("match.refunds_other_amount", {"file": file, "amount": left})
    return ()


def _evidence(line: Line, refund: Refund, files: dict[int, list[Refund]]) -> tuple[Sentence, ...]:
    """What ties a line to a refund, besides its amount."""
    found = []
    if _names(line, refund.reference):
        found.append(Sentence("match.refund_reference", {"reference": refund.reference}))
    alone = refund.file_id is not None and len(files[refund.file_id]) == 1
    if alone and _names(line, refund.file):
        found.append(Sentence("match.refund_file", {"file": refund.file}))
    if line.payer_iban and line.payer_iban == refund.iban:
        found.append(Sentence("match.refund_iban"))
    words = name_tokens(refund.name)
    if line.payer_name and name_confirms(name_tokens(line.payer_name), words):
        found.append(Sentence("match.refund_name", {"name": line.payer_name}))
    return tuple(found)


def _names(line: Line, reference: str) -> bool:
    """Whether the bank tells our reference, wherever it puts it."""
    texts = (line.end_to_end_id, line.structured_reference, line.batch_id, line.label)
    return any(reference in canonical(text) for text in texts if text)


def _has(evidence: tuple[Sentence, ...], *codes: str) -> bool:
    return any(sentence.code in codes for sentence in evidence)


def _reading(
    line: Line, refund: Refund, evidence: tuple[Sentence, ...], *, sure: bool
) -> Hypothesis:
    amount = Money(-line.amount_minor, line.currency)
    values: dict[str, Param] = {"amount": amount, "name": refund.name, "date": refund.noted_on}
    said = evidence or (Sentence("match.refund_amount"),)
    first = Sentence("match.refund", values)
    return Hypothesis(
        "refund", refund.customer_id, (first, *said), repays=refund.id, sure=sure and bool(evidence)
    )


def _unnoted(line: Line, book: Book) -> list[Hypothesis]:
    """Money out to a customer whose account holds at least as much in one credit."""
    amount, found = -line.amount_minor, []
    words = name_tokens(line.payer_name)
    by_iban = book.ibans.get(line.payer_iban, set()) if line.payer_iban else set()
    by_name = book.names.same(words) if words else set()
    for customer_id in sorted(by_iban or by_name):
        credits_ = book.credits_left(customer_id, line.currency)
        fitting: list[OpenCredit] = [c for c in credits_ if c.left_minor >= amount]
        if not fitting:
            continue
        left = Money(max(c.left_minor for c in fitting), line.currency)
        values: dict[str, Param] = {
            "amount": Money(amount, line.currency),
            "customer": book.customers[customer_id].name,
            "credit": left,
        }
        said = Sentence("match.refund_found", values)
        found.append(Hypothesis("refund_found", customer_id, (said,)))
    return found
