"""What a person decides on an answer, in words: the gestures of the inbox, prefilled, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.dunning.answers import PAUSING, VERDICTS, Decision, pause_days
from amiable.apps.insights.inbox import Answer
from amiable.core.money import major
from amiable.core.replies.proposals import MOST_PARTS
from amiable.interfaces.console import formats
from amiable.interfaces.console.case_forms import DAY
from amiable.interfaces.console.forms import AmountField, MoneyForm


@dataclass(frozen=True, slots=True)
class Words:
    """A verdict in words: its key, its name, what it does, and what the history calls it."""

    key: str
    label: str | Promise
    does: str | Promise
    tone: str = "quiet"
    told: str | Promise = ""


WORDS: dict[str, Words] = {
    "promise": Words("p", _("Promise to pay"), _("Nothing is sent before this day."), "good"),
    "dispute": Words(
        "d", _("Disputes the invoice"), _("The invoice is not chased until it is settled."), "warn"
    ),
    "already_paid": Words(
        "a", _("Says it is paid"), _("The bank is watched until this day, then you are asked."),
        "info", _("Says it is paid: the bank is watched"),
    ),
    "needs_copy": Words(
        "c", _("Wants a copy"), _("It becomes a task; nothing is sent until this day."),
        "info", _("Waits for a copy"),
    ),
    "wrong_contact": Words(
        "w", _("Wrong contact"), _("The address is not used any more."),
        "warn", _("Not the right person, by an answer"),
    ),
    "absence": Words("b", _("Away"), _("Nothing is sent until this day."), "quiet", _("Away")),
    "hardship": Words(
        "h", _("In difficulty"), _("It becomes a task: agree a payment plan."),
        "warn", _("In difficulty: a payment plan is to be agreed"),
    ),
    "refusal": Words("r", _("Refuses to pay"), _("It is noted; the scenario goes on."), "bad"),
    "stop": Words(
        "s", _("Wants no more messages"), _("Nothing is sent to this address any more."),
        "bad", _("Asked for no more messages, by an answer"),
    ),
    "other": Words("o", _("Read"), _("It is read; nothing else is done.")),
    "ignored": Words("i", _("Ignore"), _("It says nothing about what is owed.")),
}  # fmt: skip
TASKS: dict[str, str | Promise] = {
    "check_payment": _("Check whether the payment has come"),
    "send_copy": _("Send the copy that was asked for"),
    "find_contact": _("Find the right contact"),
    "agree_plan": _("Agree a payment plan"),
    "answer_dispute": _("Answer what is contested"),
    "dispute_withdrawn": _("Know that the customer contests it no longer"),
}


@dataclass(frozen=True, slots=True)
class Gesture:
    """A verdict offered for one answer. `values` = what its fields hold at first."""

    verdict: str
    words: Words
    confidence_pct: int
    is_first: bool
    is_sure: bool
    values: Mapping[str, Any]


# Further parts of a promise, by the number of their fields.
PLACES = range(2, MOST_PARTS + 1)
# What can be said of an answer that is in nobody's file.
WITHOUT_FILE = ("other", "ignored")


class DecisionForm(MoneyForm):
    """A verdict and what it needs."""

    verdict = forms.ChoiceField(choices=[(verdict, verdict) for verdict in VERDICTS])
    note = forms.CharField(required=False, max_length=200)
    amount = AmountField(required=False, label=_("Amount"))
    due_on = forms.DateField(required=False, input_formats=DAY, label=_("Paid by"))
    invoice = forms.CharField(required=False, max_length=60, label=_("Invoice"))
    # One of the creditor's, which the service looks at.
    reason = forms.CharField(required=False, max_length=40, label=_("Reason"))
    disputed = AmountField(required=False, label=_("Disputed amount"))
    until = forms.DateField(required=False, input_formats=DAY, label=_("Until"))
    contact_name = forms.CharField(required=False, max_length=200, label=_("Name"))
    contact_email = forms.EmailField(required=False, max_length=254, label=_("Email"))
    contact_phone = forms.CharField(required=False, max_length=32, label=_("Telephone"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place in PLACES:
            amount = AmountField(required=False, label=_("Amount"))
            amount.currency = self.currency
            self.fields[f"amount_{place}"] = amount
            self.fields[f"due_on_{place}"] = forms.DateField(
                required=False, input_formats=DAY, label=_("Paid by")
            )

    def clean(self) -> dict[str, Any]:
        """A further part of a promise is whole, or is not there."""
        data = super().clean() or {}
        for place in PLACES:
            parts = (data.get(f"amount_{place}"), data.get(f"due_on_{place}"))
            if any(parts) and not all(parts):
                missing = f"due_on_{place}" if parts[0] else f"amount_{place}"
                self.add_error(missing, _("Write how much is promised, and for which day."))
        return data

    @property
    def _later(self) -> tuple[tuple[int, date], ...]:
        data = self.cleaned_data
        parts = ((data[f"amount_{place}"], data[f"due_on_{place}"]) for place in PLACES)
        return tuple((amount, day) for amount, day in parts if amount and day)

    @property
    def decision(self) -> Decision:
        """What was decided, once the form is valid."""
        data = dict(self.cleaned_data)
        told = WORDS[data["verdict"]].told
        return Decision(
            verdict=data["verdict"],
            note=data["note"],
            amount_minor=data["amount"],
            due_on=data["due_on"],
            later=self._later,
            invoice=data["invoice"],
            reason=data["reason"],
            disputed_minor=data["disputed"],
            until=data["until"],
            contact_name=data["contact_name"],
            contact_email=data["contact_email"],
            contact_phone=data["contact_phone"],
            words=gettext(str(told)) if told else "",
        )


def gestures(answer: Answer, *, organization_id: int, on: date) -> list[Gesture]:
    """Every verdict for an answer: those that are proposed first, the likeliest before."""
    proposed = {each["label"]: each for each in answer.proposals if each["label"] in WORDS}
    order = [*proposed, *(verdict for verdict in WORDS if verdict not in proposed)]
    if answer.row.case_id is None:
        order = [verdict for verdict in order if verdict in WITHOUT_FILE]
    return [
        Gesture(
            verdict=verdict,
            words=WORDS[verdict],
            confidence_pct=proposed.get(verdict, {}).get("confidence_pct", 0),
            # When nothing is likely enough, Enter does nothing: a person reads and chooses.
            is_first=position == 0 and bool(proposed.get(verdict, {}).get("is_sure")),
            is_sure=bool(proposed.get(verdict, {}).get("is_sure")),
            values=_values(verdict, proposed.get(verdict, {}).get("facts", {}), answer, on)
            or _until(organization_id, verdict, proposed.get(verdict, {}).get("facts", {}), on),
        )
        for position, verdict in enumerate(order)
    ]


def _values(verdict: str, facts: Mapping[str, Any], answer: Answer, on: date) -> dict[str, Any]:
    """What the fields of a verdict hold at first: what was read, else what is usual."""
    day = facts.get("day", "")
    if verdict == "promise":
        first = day if day >= on.isoformat() else ""
        parts = _later(facts, answer, on)
        return {"amount": _amount(facts, answer), "day": first, "later": parts}
    if verdict == "dispute":
        named = [item.number for item in answer.items if item.number in _text(answer)]
        return {
            "invoice": named[0] if named else "",
            "reason": facts.get("dispute_reason") or "other",
        }
    if verdict == "wrong_contact":
        email, name = facts.get("contact") or ("", "")
        return {"email": email, "name": name, "phone": facts.get("phone", "")}
    return {}


def _until(
    organization_id: int, verdict: str, facts: Mapping[str, Any], on: date
) -> dict[str, Any]:
    """Until when a verdict pauses the case, as long as nobody says otherwise."""
    if verdict not in PAUSING:
        return {}
    day, usual = facts.get("day", ""), pause_days(organization_id, verdict)
    later = (on + timedelta(days=usual)).isoformat() if usual else ""
    stated = day if verdict == "absence" and day >= on.isoformat() else ""
    return {"until": stated or later}


def _amount(facts: Mapping[str, Any], answer: Answer) -> str:
    """The amount that was read in the file's own currency, a share of it, or all that is open."""
    stake = answer.row.stake
    if stake is None:
        return ""
    amount, currency = facts.get("amount") or (0, stake.currency)
    if not amount or currency != stake.currency:
        amount = stake.amount_minor * (facts.get("share_pct") or 100) // 100
    shown = min(amount, stake.amount_minor)
    return major(shown, stake.currency).replace(".", formats.decimal_mark()) if shown else ""


def _later(facts: Mapping[str, Any], answer: Answer, on: date) -> list[tuple[int, str, str]]:
    """(number of its fields, amount, day) of each further part of a promise, in the file's own
    currency; none when the first one is over."""
    stake = answer.row.stake
    parts = [part for part in facts.get("later", []) if stake and part[2] == stake.currency]
    if facts.get("day", "") < on.isoformat():
        return []
    return [
        (place, major(amount, currency).replace(".", formats.decimal_mark()), day)
        for place, (day, amount, currency) in zip(PLACES, parts, strict=False)
    ]


def _text(answer: Answer) -> str:
    return " ".join([answer.row.subject, *(piece for piece, _ in answer.words)])
