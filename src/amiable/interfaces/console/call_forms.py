"""The outcomes of a call: one key for each, in words, prefilled and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from amiable.apps.cases.services import CallOutcome
from amiable.apps.dunning.calling.sheet import CallSheet
from amiable.apps.dunning.confirming.calls import CONFIRMED
from amiable.core.money import major
from amiable.interfaces.console import formats
from amiable.interfaces.console.case_forms import DAY, OutcomeForm


@dataclass(frozen=True, slots=True)
class Words:
    """An outcome in words: its key, its name, what it does. `asks` = it needs more than its key."""

    key: str
    label: str | Promise
    does: str | Promise
    asks: bool = False


WORDS: Mapping[str, Words] = {
    "promise": Words(
        "p",
        pgettext_lazy("outcome of a call", "Promises to pay"),
        _("Nothing is sent before this day."),
        asks=True,
    ),
    "callback": Words("c", _("To call again"), _("It stands in the list of that day."), asks=True),
    "dispute": Words(
        "d", _("Disputes the invoice"), _("It is not chased until it is settled."), asks=True
    ),
    "already_paid": Words(
        "a", _("Says it is paid"), _("The bank is watched until this day."), asks=True
    ),
    "no_answer": Words("n", _("No answer"), _("It is tried again at another hour.")),
    "voicemail": Words("v", _("Left a message"), _("It is tried again on another day.")),
    "wrong_number": Words("w", _("Wrong number"), _("It is not called any more.")),
    "refused": Words("r", _("Refuses to pay"), _("It is noted; the scenario goes on.")),
    "done": Words("o", _("Other"), _("Spoken, and nothing agreed.")),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome offered for one call. `values` = what its fields hold at first; `confirms` = an
    email can say it to the customer."""

    result: str
    words: Words
    values: Mapping[str, Any]
    confirms: bool


class CallOutcomeForm(OutcomeForm):
    """How a call of the call page ended, and whether an email confirms it."""

    confirm = forms.BooleanField(required=False)
    pause_until = forms.DateField(required=False, input_formats=DAY, label=_("Until"))

    @property
    def outcome(self) -> CallOutcome:
        """What the call brought, once the form is valid."""
        return replace(
            super().outcome,
            pause_until=self.cleaned_data["pause_until"],
            pause_reason=gettext("Says it is paid: the bank is watched"),
        )


def outcomes(sheet: CallSheet) -> list[Outcome]:
    """Every outcome of a call, prefilled with what is usual."""
    defaults, currency = sheet.defaults, sheet.line.currency
    amount = major(defaults.amount_minor, currency).replace(".", formats.decimal_mark())
    values: dict[str, dict[str, Any]] = {
        "promise": {
            "amount": amount if defaults.amount_minor else "",
            "day": defaults.due_on.isoformat(),
        },
        "callback": {"day": defaults.callback_on.isoformat()},
        "already_paid": {"day": defaults.pause_until.isoformat()},
    }
    return [
        Outcome(result, words, values.get(result, {}), confirms=result in CONFIRMED)
        for result, words in WORDS.items()
    ]
