"""Why a reading that looks sure must still be shown to a person: what the line says against it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from amiable.core.matching.barred import barred
from amiable.core.matching.book import payer_keys
from amiable.core.matching.cited import BEGUN
from amiable.core.matching.facts import Hypothesis, Item
from amiable.core.matching.labels import plain
from amiable.core.matching.names import STRANGER, name_likeness
from amiable.core.matching.residuals import DISCOUNTS, residual_reason
from amiable.core.matching.sums import sets_of
from amiable.core.matching.view import View, forms_of
from amiable.core.matching.words import names_credit, names_part
from amiable.core.sentences import Sentence

# Readings that rest on the payer and the amount alone: a double payment would look the same.
UNNAMED = frozenset(
    {"party_exact", "party_set", "party_netted", "balance", "prefix", "agreed", "month"}
)
# Readings that explain a number which is none of ours.
EXPLAINED = frozenset(
    {
        "cited_exact",
        "cited_completed",
        "cited_filled",
        "cited_range",
        "listed",
        "party_near",
        "amount_near",
        "hinted_netted",
    }
)
# What the law makes of money that no other reading explains: the oldest due first (C. civ.
# 1342-10), the rest on the customer's account. Sure only of whom a virtual IBAN stands for.
BY_LAW = frozenset({"party_oldest", "cited_over", "virtual_over", "virtual_partial", "advance"})
# Of an invoice: from a sixth on, what is missing may as well be a part left unpaid as a fee.
SURE_FEE_SHARE = 6
# Readings that rest on the ends of numbers.
ENDED = frozenset({"party_tail", "party_tails", "amount_tail", "listed"})
# Readings in which a credit makes up what is missing of the invoices that the text names.
NETTED = frozenset({"cited_netted", "cited_completed", "cited_range", "hinted_netted"})
# Readings of one invoice by its number, if in part: a credit spoken of is not in them.
PLAIN = frozenset({"cited_exact", "party_tail", "party_near"})
# A part payment leaves just a credit that nobody speaks of by chance once in this many steps.
UNSAID_CHANCE = 250
# Of an invoice: paid in so many parts, what stays due may be just a credit nobody speaks of.
SHARES = (3, 4, 5, 10)
# The end of a second number behind the first: "10559 ET 01", or a short one: "5378, 6.200".
_AND = re.compile(r" ?(?:ET |[,;+&]) ?(?:\d{2,}(?![\d/.,])|\d{1,3}[ .]\d{3}(?![\d,]))")
_LAST_DIGITS = re.compile(r"\d+$")
# People pay such sums on account.
ROUND_MINOR = 5_000


def vetoes(view: View, hypothesis: Hypothesis) -> tuple[Sentence, ...]:
    """Everything that speaks against posting a reading unasked; () when nothing does."""
    customer_id, party = hypothesis.customer_id, view.party
    found: list[Sentence] = []
    decided = party.holder_id is not None
    if decided and customer_id != party.holder_id:
        found.append(Sentence("match.veto_virtual", {"customer": view.name(party.holder_id or 0)}))
    elif customer_id is not None and not decided and customer_id not in party.by_reference:
        found += _other_payer(view, hypothesis, customer_id)
        if view.book.against and _said_not(view, customer_id):
            values = {"customer": view.name(customer_id)}
            found.append(Sentence("match.veto_not_payer", values))
    if customer_id is not None and view.book.creditors and not decided:
        found += _other_creditor(view, customer_id)
    if view.cited.unknown and not _explained(view, hypothesis, decided=decided):
        found.append(Sentence("match.veto_unknown", {"number": view.cited.unknown[0]}))
    if customer_id is not None and hypothesis.kind in (UNNAMED | BY_LAW if decided else UNNAMED):
        found += _unnamed(view, hypothesis, customer_id)
    if customer_id is not None:
        found += _words(view, hypothesis, customer_id)
    if view.book.barred:
        found += barred(view, hypothesis)
    if view.line.id in view.book.touched:
        found.append(Sentence("match.veto_refused"))
    return tuple(found)


def _other_creditor(view: View, customer_id: int) -> Iterator[Sentence]:
    """Money on an account of one creditor pays no debt to another that has accounts of its own."""
    creditors, received = view.book.creditors, view.line.creditor_id
    owed = view.book.customers[customer_id].creditor_id
    if received in creditors and owed in creditors and owed != received:
        values = {"customer": view.name(customer_id), "creditor": creditors[owed]}
        yield Sentence("match.veto_creditor", {**values, "account": creditors[received]})


def _explained(view: View, hypothesis: Hypothesis, *, decided: bool) -> bool:
    """Whether a number that is none of ours says nothing against a reading: its amount is that of
    invoices of somebody who is known to pay, or (`decided`) a virtual IBAN tells whose they are."""
    kind, customer_id = hypothesis.kind, hypothesis.customer_id
    if kind == "cited_exact" and customer_id is not None and not decided:
        return view.confirmation(customer_id) is not None
    return kind in EXPLAINED or (decided and (kind in UNNAMED or kind in BY_LAW))


def elsewhere(view: View, customer_id: int | None) -> list[Item]:
    """Items of others that doubtful references name, open for just the amount of the line, one by
    one or all of one customer together."""
    amount, others = view.line.amount_minor, []
    sums: Counter[int] = Counter()
    for item in view.cited.items:
        if item.customer_id != customer_id:
            others.append(item)
            sums[item.customer_id] += item.open_minor
    return [i for i in others if amount in (i.open_minor, sums[i.customer_id])]


def _unnamed(view: View, hypothesis: Hypothesis, customer_id: int) -> Iterator[Sentence]:
    """The amount may be another's whom the text names, or the same money again."""
    if view.party.holder_id == customer_id:
        yield from _again(view, hypothesis)
        return
    for item in elsewhere(view, customer_id):
        values = {"number": item.number, "customer": view.name(item.customer_id)}
        yield Sentence("match.veto_elsewhere", values)
    for other in sorted(_named_too(view, customer_id))[:1]:
        yield Sentence("match.veto_named", {"customer": view.name(other)})
    yield from _again(view, hypothesis)


def _named_too(view: View, customer_id: int) -> set[int]:
    """Other customers that the text names, by code or in full, though this one pays."""
    if customer_id in view.cited.customers:
        return set()
    names = view.book.names
    # A payer's own name may hold that of another: "Duval Metz" is no word of "Duval".
    own = {*names.tokens.get(customer_id, ())}.union(*view.party.tokens)
    return set(view.cited.customers) or names.inside(view.line.label, but=own)


def _again(view: View, hypothesis: Hypothesis) -> Iterator[Sentence]:
    before = view.book.paid_lately(view.line, hypothesis)
    if before is not None:
        yield Sentence("match.repeated", {"date": before})


def _words(view: View, hypothesis: Hypothesis, customer_id: int) -> Iterator[Sentence]:
    """What the text says of credits and of parts, against what the reading makes of them."""
    kind, uses = hypothesis.kind, hypothesis.credit_uses
    label = view.line.label
    # A credit spoken of explains what is missing; a discount is spoken of in the same words.
    whole = kind in PLAIN or hypothesis.reason in {"cents", "bank_fee"}
    if whole and not uses and names_credit(label):
        yield Sentence("match.credit_differs")
    if (uses or hypothesis.reason or kind in ENDED) and names_part(label):
        yield Sentence("match.part_said")
    if hypothesis.reason == "bank_fee":
        yield from _no_fee(view, hypothesis)
    if kind == "cited_partial":
        yield from _again(view, hypothesis)
    if kind in {"cited_partial", "cents_over"} and _begins_more(view):
        yield Sentence("match.begun_more")
    if kind == "cited_partial" or hypothesis.reason:
        yield from _whose(view, customer_id)
    if kind == "cited_partial" or hypothesis.reason in {"bank_fee", "discount"}:
        yield from _meant(view, hypothesis, customer_id)
    if kind == "balance" and any(_is_paid(i, customer_id) for i in view.cited.items):
        yield Sentence("match.not_the_balance")
    if uses and not view.cited.credits and not names_credit(label):
        yield from _unsaid(view, hypothesis, customer_id)


def _whose(view: View, customer_id: int) -> Iterator[Sentence]:
    """Of an amount that is not exact: who pays for several, or names another, may mean another."""
    party, confirmed = view.party, view.confirmation(customer_id)
    before = confirmed is not None and confirmed.code == "match.paid_before"
    if before and len(party.links) > 1 and customer_id not in party.by_iban:
        yield Sentence("match.veto_party")
    codes = view.cited.customers
    if codes and customer_id not in codes and party.holder_id != customer_id:
        yield Sentence("match.veto_named", {"customer": view.name(min(codes))})


def _meant(view: View, hypothesis: Hypothesis, customer_id: int) -> Iterator[Sentence]:
    """Another invoice that the amount pays in full: a slip in its number would have led here."""
    used = {item_id for item_id, _ in hypothesis.parts}
    for item in view.book.open_of(customer_id, view.line.currency):
        missing = item.open_minor - view.line.amount_minor
        if item.id in used or not 0 <= missing * 1000 <= item.open_minor * max(DISCOUNTS):
            continue
        rest = None if not missing or hypothesis.reason else residual_reason(view, [item])
        if not missing or (rest and rest[0] != "bank_fee"):
            yield Sentence("match.other_exact", {"number": item.number})
            return


def _no_fee(view: View, hypothesis: Hypothesis) -> Iterator[Sentence]:
    """What looks like a bank's fee may be a discount taken too late, or a round sum on account."""
    missing = sum(amount for _, amount in hypothesis.write_offs)
    total = view.line.amount_minor + missing
    for permille in DISCOUNTS:
        if (total * permille + 500) // 1000 == missing:
            yield Sentence("match.late_discount", {"rate": f"{permille / 10:g}"})
    if not view.line.amount_minor % ROUND_MINOR:
        yield Sentence("match.round_part")
    if missing * SURE_FEE_SHARE > total:
        yield Sentence("match.large_fee", {"left": view.money(missing)})


def _is_paid(item: Item, customer_id: int) -> bool:
    return item.customer_id == customer_id and item.open_minor <= 0 and item.books_minor <= 0


def _unsaid(view: View, hypothesis: Hypothesis, customer_id: int) -> Iterator[Sentence]:
    """A credit that the text does not speak of must be missing by more than chance."""
    currency = view.line.currency
    amounts = [item.open_minor for item in view.book.open_of(customer_id, currency)]
    if hypothesis.kind == "balance":
        found = sets_of(amounts, view.line.amount_minor)
        if found is None or found.count:
            yield Sentence("match.credit_unsaid")
        return
    # An unsaid credit of just the amount: half an invoice was paid, perhaps.
    gap = sum(amount for _, _, amount in hypothesis.credit_uses)
    if hypothesis.kind == "party_netted" and gap == view.line.amount_minor:
        yield Sentence("match.credit_unsaid")
    if hypothesis.kind in NETTED:
        credits_ = [credit.left_minor for credit in view.book.credits_left(customer_id, currency)]
        step = math.gcd(*amounts, *credits_) or 1
        half = gap == view.line.amount_minor
        paid = gap + view.line.amount_minor
        share = any(not gap * parts % paid for parts in SHARES)
        if half or share or gap in amounts or gap // step < UNSAID_CHANCE * len(credits_):
            yield Sentence("match.credit_unsaid")


def _said_not(view: View, customer_id: int) -> bool:
    """Whether a person has given money of this payer, shown as this customer's, to another."""
    keys = payer_keys(view.line)
    return any((key, customer_id) in view.book.against for key in keys)


def _other_payer(view: View, hypothesis: Hypothesis, customer_id: int) -> Iterator[Sentence]:
    """The account, or else the name, is another customer's, and never paid for this one."""
    party = view.party
    if customer_id in party.links and customer_id not in party.by_iban:
        return
    if party.by_iban:
        if customer_id not in party.by_iban:
            yield Sentence("match.veto_iban", {"customer": view.name(min(party.by_iban))})
        if party.by_iban == {customer_id}:
            if hypothesis.kind in UNNAMED:
                yield from _other_name(view, customer_id)
            return
    named = party.by_name or party.by_cut_name
    if not named and party.close is not None:
        named = frozenset({party.close})
    if named and customer_id not in named and not _bears_both(view, hypothesis, customer_id):
        yield Sentence("match.veto_name", {"customer": view.name(min(named))})


def _other_name(view: View, customer_id: int) -> Iterator[Sentence]:
    """The account is the customer's, and the name given is another's, if misspelt."""
    names, party = view.book.names, view.party
    if not view.line.payer_name or customer_id in party.by_name or party.by_cut_name:
        return
    own = names.tokens.get(customer_id, ())
    if any(name_likeness(words, own) >= STRANGER for words in party.tokens):
        return
    others = party.by_name or {i for words in party.tokens if (i := names.close(words))}
    for other in sorted(others - {customer_id})[:1]:
        yield Sentence("match.veto_name", {"customer": view.name(other)})


def _begins_more(view: View) -> bool:
    """Whether another number begins in the text as those named do, and is cut: "FA2026-05"."""
    keys = {forms_of(item.number).key for item in view.cited.items}
    label = plain(view.line.label)
    for item in view.cited.items:
        # However it is written before them, its last digits stand there.
        last = _LAST_DIGITS.search(item.number)
        ended = last.group() if last else plain(item.number)
        at = label.find(ended)
        if at >= 0 and _AND.match(label, at + len(ended)):
            return True
    if any(_is_begun(end, key) for end in view.clues.ends for key in _other_keys(view, keys)):
        return True
    for begun in {key[:BEGUN] for key in keys if key[0].isalpha() and len(key) > BEGUN}:
        whole = sum(view.flat.count(key) for key in keys if key.startswith(begun))
        if view.flat.count(begun) > whole:
            return True
    return False


def _other_keys(view: View, keys: set[str]) -> list[str]:
    """Numbers in digits alone of what else the customers named owe."""
    short = {item.customer_id for item in view.cited.items if item.number.isdigit()}
    owed = (item for i in short for item in view.book.open_of(i, view.line.currency))
    return [key for item in owed if (key := forms_of(item.number).key) not in keys]


def _is_begun(given: str, key: str) -> bool:
    return len(given) >= len(key) - 2 and key.startswith(given)


def _bears_both(view: View, hypothesis: Hypothesis, customer_id: int) -> bool:
    """Whether the name is this customer's too, cut by the bank, and numbers tell the two apart."""
    if hypothesis.kind != "cited_exact" or view.cited.weak:
        return False
    items = [view.book.items[i] for i, _ in hypothesis.parts]
    if len(items) == 1 and view.has_rival(items[0]):
        return False
    confirmed = view.confirmation(customer_id)
    if confirmed is not None:
        return confirmed.code == "match.name_same"
    # "Dupont et" is the customer Dupont, and Dupont et Fils cut.
    return any(customer_id in view.book.names.cut(words) for words in view.party.tokens)
