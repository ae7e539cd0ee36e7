"""The text of a plan as the customer reads and signs it: what is shown is what is kept."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import translation
from django.utils.translation import gettext

from amiable.apps.dunning.agreeing.offering import Offer
from amiable.apps.dunning.portal import Saying
from amiable.core.schedules import PlanPart
from amiable.interfaces.portal import words

# Which wording was signed: raise it with every change of a sentence below.
VERSION = "2026-11-2"
MOST_LISTED = 40


def agreement(offer: Offer, parts: Sequence[PlanPart], *, acknowledges: bool) -> str:
    """The agreement, a paragraph a line, in the language of the page."""
    paragraphs = [*_terms(offer, parts), *_rules(offer)]
    if acknowledges:
        paragraphs.append(acknowledgment(offer))
    return "\n".join(paragraphs)


def acknowledgment(offer: Offer) -> str:
    """The sentence by which the customer recognizes the debt; never part of what has to be signed
    (C. civ. 2240)."""
    said = gettext(
        "I acknowledge that I owe {creditor} {amount} for the invoices above. I know that the time "
        "limit for claiming them in court starts again today (C. civ. art. 2240)."
    )
    return said.format(creditor=offer.creditor, amount=_money(offer, offer.debt_minor))


def asked(offer: Offer, parts: Sequence[PlanPart], *, language: str, is_test: bool) -> Saying:
    """How people here read a plan that waits for them."""
    with translation.override(language):
        told = {
            "count": len(parts),
            "amount": _money(offer, offer.debt_minor),
            "day": words.short_day(parts[0].due_on),
        }
        subject = gettext(
            "Payment page: proposes {count} instalments for {amount}, the first on {day}"
        ).format(**told)
        reason = gettext("A payment plan proposed on the payment page waits for a decision")
        note = "\n".join(
            _part(offer, words.short_day(part.due_on), part.amount_minor) for part in parts
        )
        subject = f"{gettext('[TEST]')} {subject}" if is_test else subject
    return Saying("hardship", subject, words=reason, note=note)


def _terms(offer: Offer, parts: Sequence[PlanPart]) -> list[str]:
    total = gettext("{customer} pays {creditor} {amount} in {count} instalments:").format(
        customer=offer.customer,
        creditor=offer.creditor,
        amount=_money(offer, sum(part.amount_minor for part in parts)),
        count=len(parts),
    )
    lines = [
        f"{number}. {_part(offer, words.day(part.due_on), part.amount_minor)}"
        for number, part in enumerate(parts, 1)
    ]
    return [total, *lines, _invoices(offer), *_collected(offer)]


def _part(offer: Offer, day: str, amount_minor: int) -> str:
    return gettext("{day}: {amount}").format(day=day, amount=_money(offer, amount_minor))


def _invoices(offer: Offer) -> str:
    named = [f"{number} ({_money(offer, amount)})" for number, amount in offer.items[:MOST_LISTED]]
    if (more := len(offer.items) - MOST_LISTED) > 0:
        named.append(gettext("and {count} more").format(count=more))
    said = gettext("It is for these invoices: {invoices}.").format(invoices=", ".join(named))
    if offer.less_minor:
        less = gettext("{amount} of them is covered by a credit or promised otherwise.")
        said = f"{said} {less.format(amount=_money(offer, offer.less_minor))}"
    return said


def _collected(offer: Offer) -> list[str]:
    """How the instalments are collected: by what mandate, and that this announces them all."""
    means = offer.means
    if not offer.is_debited or means is None or not means.reference:
        return []
    said = gettext(
        "Each instalment is collected by SEPA direct debit on its day, by {creditor} (ICS {ics}), "
        "under the mandate {reference} or one that you sign in its place. The email that confirms "
        "this plan announces all days and amounts; nothing else announces them but a reminder."
    ).format(creditor=means.creditor, ics=means.ics, reference=means.reference)
    paid = gettext(
        "What you pay otherwise before a collection goes to the bank is not collected; of an "
        "instalment paid in part, the rest is. A collection that your bank sends back counts as a "
        "missed instalment."
    )
    return [said, paid]


def _rules(offer: Offer) -> list[str]:
    rules = [gettext("As long as the plan is kept, nobody asks for the rest.")]
    policy = offer.policy
    if policy.forgives:
        missed = gettext(
            "An instalment may arrive {grace} days late. After {count} missed instalments, or when "
            "the last one is missed, the plan ends and everything that is left is due at once."
        )
    else:
        missed = gettext(
            "An instalment may arrive {grace} days late. When one is missed, the plan ends and "
            "everything that is left is due at once."
        )
    rules.append(missed.format(grace=policy.grace_days, count=policy.forgives + 1))
    rules.append(gettext("You may pay sooner at any time, and ask us to change the plan."))
    rules.append(_interest(offer))
    return rules


def _interest(offer: Offer) -> str:
    if not offer.charges_interest:
        return gettext("The plan adds nothing: no fee, and no interest on what it pays in time.")
    said = gettext(
        "The plan adds no fee. Late interest runs on until each payment (C. com. L441-10); it is "
        "not part of the instalments and would be asked for separately."
    )
    if offer.interest_minor:
        until = gettext("Until today, on what is open, it is {amount}.")
        said = f"{said} {until.format(amount=_money(offer, offer.interest_minor))}"
    return said


def _money(offer: Offer, amount_minor: int) -> str:
    return words.money(amount_minor, offer.currency)
