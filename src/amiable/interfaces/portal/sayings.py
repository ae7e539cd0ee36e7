"""From a form that was sent to what the case is told, in the words of the people who read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from amiable.apps.dunning.portal import Saying
from amiable.apps.dunning.writing.portal import Page
from amiable.interfaces.portal import words
from amiable.interfaces.portal.forms import METHODS, DisputeForm, MoveForm, PortalForm


def saying(kind: str, form: PortalForm) -> Saying:
    """What a valid form says; `kind` = promise, move, hardship, dispute or already_paid."""
    with translation.override(form.page.house_language):
        said: Saying = _SAYINGS[kind](form)
        # As messages of the test mode are marked.
        subject = f"{gettext('[TEST]')} {said.subject}" if form.page.is_test else said.subject
    return replace(said, subject=subject)


def _promise(form: PortalForm) -> Saying:
    data = form.cleaned_data
    subject = gettext("Payment page: {amount} promised for {day}")
    return Saying(
        "promise",
        subject.format(amount=_amount(form.page, data), day=_day(data["due_on"])),
        note=data["note"][:200],
        amount_minor=data["amount"],
        due_on=data["due_on"],
    )


def _move(form: MoveForm) -> Saying:
    data, moving = form.cleaned_data, form.page.moving
    subject = gettext("Payment page: {amount} promised for {day} instead of {before}")
    left = moving.left_minor if moving else 0
    return Saying(
        "promise",
        subject.format(
            amount=words.money(left, form.page.draft.currency),
            day=_day(data["due_on"]),
            before=_day(moving.due_on) if moving else "",
        ),
        note=data["note"][:200],
        amount_minor=left,
        due_on=data["due_on"],
        moves=moving.promise_id if moving else None,
    )


def _hardship(form: PortalForm) -> Saying:
    return Saying(
        "hardship",
        gettext("Payment page: needs longer, or to pay in parts"),
        words=gettext("In difficulty, by the payment page: a payment plan is to be agreed"),
        note=form.cleaned_data["note"],
    )


def _dispute(form: DisputeForm) -> Saying:
    data, item = form.cleaned_data, form.chosen
    reason = form.reasons[data["reason"]]
    subject = gettext("Payment page: {number} is contested: {reason}")
    return Saying(
        "dispute",
        subject.format(number=item.number, reason=reason.label(form.page.house_language)),
        note=data["note"],
        amount_minor=data["amount"],
        installment_id=item.id,
        number=item.number,
        reason=data["reason"],
        lines=data["lines"],
    )


def _already_paid(form: PortalForm) -> Saying:
    data = form.cleaned_data
    told = {"amount": _amount(form.page, data), "day": _day(data["paid_on"])}
    subject = gettext("Payment page: {amount} said to be paid on {day} ({method})")
    return Saying(
        "already_paid",
        subject.format(method=METHODS[data["method"]], **told),
        words=gettext("Says that {amount} was paid on {day}: the bank is watched").format(**told),
        note=data["note"],
        amount_minor=data["amount"],
        paid_on=data["paid_on"],
        method=data["method"],
    )


_SAYINGS: Mapping[str, Callable[[Any], Saying]] = {
    "promise": _promise,
    "move": _move,
    "hardship": _hardship,
    "dispute": _dispute,
    "already_paid": _already_paid,
}


def _amount(page: Page, data: Mapping[str, Any]) -> str:
    return words.money(data["amount"], page.draft.currency)


def _day(value: date) -> str:
    return words.short_day(value)
