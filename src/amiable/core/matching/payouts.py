"""Lines that are the payout of a payment provider: told by its name, or by provider, amount, days.

The payments it holds were entered when the provider confirmed them: the line confirms them, and
enters nothing.
"""

from __future__ import annotations

import re
from datetime import timedelta

from amiable.core.matching.book import Book
from amiable.core.matching.facts import Decision, Hypothesis, Line, Payout
from amiable.core.matching.labels import canonical, plain
from amiable.core.money import Money
from amiable.core.payouts import PROVIDERS, provider_label
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

# A bank books it before or after the day that the provider announces, over bank holidays too.
EARLY, LATE = timedelta(days=3), timedelta(days=10)
# Shorter names may stand in a text by chance.
SHORTEST_NAME = 8
_WORDS = {code: re.compile(words) for code, (_, words) in PROVIDERS.items()}

declare(
    {
        "match.payout": gettext_noop(
            "{provider} payout {name}: payments ({count}) {gross}, fees {fees} = {net}"
        ),
        "match.payout_back": gettext_noop(
            "{provider} payout {name}: payments ({count}) {gross}, fees {fees}, refunds ({backs}) "
            "{back} = {net}"
        ),
        "match.payout_other": gettext_noop(
            "{provider} payout {name}: payments ({count}) {gross}, fees {fees}, refunds ({backs}) "
            "{back}, adjustments {other} = {net}"
        ),
        "match.payout_untold": gettext_noop(
            "{provider} payout {name} of {net}: the provider does not tell what it holds"
        ),
        "match.payout_differs": gettext_noop(
            "it does not add up: its parts come to {told}, a difference of {difference}"
        ),
        "match.payout_named": gettext_noop("it bears the name of the payout"),
        "match.payout_alone": gettext_noop(
            "no other payout of this provider has this amount about {date}"
        ),
        "match.payout_amount": gettext_noop(
            "it bears the name of the {provider} payout {name}, which is of {net}"
        ),
        "match.payout_cites": gettext_noop("it names invoices too: look at it first"),
    }
)


def decide_payout(line: Line, book: Book) -> Decision | None:
    """What a line is that speaks of a provider whose payouts are known; None = no payout."""
    waiting = book.payouts.get(line.currency)
    if not waiting:
        return None
    text, told = _spoken_text(line), _named_text(line)
    ours = [each for each in waiting if each.creditor_id in {None, line.creditor_id}]
    named = [each for each in ours if _is_named(each, told)]
    spoken = named or [each for each in ours if _is_near(each, line) and _is_spoken(each, text)]
    exact = [each for each in spoken if each.net_minor == line.amount_minor]
    if not exact:
        return Decision(line.id, "leave", (_other_amount(named[0]),)) if named else None
    same_day = [each for each in exact if each.arrives_on == line.booked_on]
    if len(same_day) == 1:
        exact = same_day
    exact.sort(key=lambda each: (abs(each.arrives_on - line.booked_on), each.id))
    readings = [_reading(each, is_named=bool(named)) for each in exact]
    kept = [each for each in readings if (line.id, each.key) not in book.refused][:3]
    return _decision(line, kept, book) if kept else None


def _decision(line: Line, kept: list[Hypothesis], book: Book) -> Decision:
    cited = book.cited(line)
    cites = bool(cited.items) and not cited.weak
    if len(kept) == 1 and not cites and line.id not in book.touched:
        return Decision(line.id, "post", kept[0].evidence, (kept[0],))
    shown = tuple(each._replace(sure=False) for each in kept)
    why = [Sentence("match.ambiguous")] if len(shown) > 1 else []
    why += [Sentence("match.payout_cites")] if cites else []
    return Decision(line.id, "propose", (*shown[0].evidence, *why), shown)


def may_be(line: Line, payout: Payout) -> bool:
    """Whether a line is worth reading again now that a payout is known."""
    ours = payout.creditor_id in {None, line.creditor_id}
    same = (line.amount_minor, line.currency) == (payout.net_minor, payout.currency)
    spoken = _is_near(payout, line) and _is_spoken(payout, _spoken_text(line))
    return ours and same and (spoken or _is_named(payout, _named_text(line)))


def _spoken_text(line: Line) -> str:
    return plain(f"{line.payer_name} {line.label}")


def _named_text(line: Line) -> str:
    return canonical(f"{line.label} {line.structured_reference} {line.end_to_end_id}")


def _is_near(payout: Payout, line: Line) -> bool:
    return payout.arrives_on - EARLY <= line.booked_on <= payout.arrives_on + LATE


def _is_spoken(payout: Payout, text: str) -> bool:
    words = _WORDS.get(payout.provider)
    return bool(words.search(text)) if words else payout.provider.upper() in text


def _is_named(payout: Payout, told: str) -> bool:
    names = (canonical(payout.name), canonical(payout.reference))
    return any(len(name) >= SHORTEST_NAME and name in told for name in names)


def _other_amount(payout: Payout) -> Sentence:
    said: dict[str, Param] = {
        "provider": provider_label(payout.provider),
        "name": payout.name,
        "net": Money(payout.net_minor, payout.currency),
    }
    return Sentence("match.payout_amount", said)


def _reading(payout: Payout, *, is_named: bool) -> Hypothesis:
    why = Sentence("match.payout_alone", {"date": payout.arrives_on})
    evidence = (*told_of(payout), Sentence("match.payout_named") if is_named else why)
    return Hypothesis("payout", None, evidence, pays_out=payout.id, sure=True)


def told_of(payout: Payout) -> tuple[Sentence, ...]:
    """What a payout is made of, in a sentence, and what does not add up."""
    sums = payout.sums
    values: dict[str, Param] = {
        "provider": provider_label(payout.provider),
        "name": payout.name,
        "net": Money(payout.net_minor, payout.currency),
    }
    if not (sums.payments or sums.backs or sums.fees or sums.other):
        return (Sentence("match.payout_untold", values),)
    code = "match.payout_back" if sums.backs else "match.payout"
    code = "match.payout_other" if sums.other else code
    values |= {"count": sums.payments, "gross": Money(sums.gross, payout.currency)}
    values |= {"fees": Money(sums.fees, payout.currency)}
    if code != "match.payout":
        values |= {"backs": sums.backs, "back": Money(sums.back, payout.currency)}
    if code == "match.payout_other":
        values["other"] = Money(sums.other, payout.currency)
    said = Sentence(code, values)
    missing = payout.net_minor - sums.net
    if not missing:
        return (said,)
    off = {"told": Money(sums.net, payout.currency), "difference": Money(missing, payout.currency)}
    return (said, Sentence("match.payout_differs", off))
