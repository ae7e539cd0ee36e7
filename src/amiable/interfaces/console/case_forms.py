"""What people write on a customer's file: plans, what a call brought, facts, contacts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.cases.services import CallOutcome, PlanTerms
from amiable.core.schedules import EVERY
from amiable.interfaces.console import formats, labels
from amiable.interfaces.console.forms import AmountField, CallForm, MoneyForm

DAY = ["%Y-%m-%d"]


class PlanForm(MoneyForm):
    """A debt paid in parts: how much, in how many parts, from when and how often."""

    case = forms.IntegerField()
    amount = AmountField(label=_("Amount"))
    count = forms.IntegerField(label=_("Number of instalments"), min_value=2, max_value=60)
    first_on = forms.DateField(input_formats=DAY, label=_("First instalment on"))
    every = forms.ChoiceField(
        choices=lambda: [(code, labels.look("every", code).label) for code in EVERY],
        label=_("Then every"),
    )
    by_debit = forms.BooleanField(required=False)
    note = forms.CharField(max_length=500, required=False)

    @property
    def terms(self) -> PlanTerms:
        """What was agreed, once the form is valid."""
        data = self.cleaned_data
        return PlanTerms(data["amount"], data["count"], data["first_on"], data["every"])


class OutcomeForm(CallForm):
    """How a call ended, and what it brought: only what the result asks for is read."""

    amount = AmountField(required=False, label=_("Amount"))
    due_on = forms.DateField(required=False, input_formats=DAY, label=_("Paid by"))
    invoice = forms.CharField(required=False, max_length=60, label=_("Invoice"))
    # One of the creditor's, which the service looks at.
    reason = forms.CharField(required=False, max_length=40, label=_("Reason"))
    disputed = AmountField(required=False, label=_("Disputed amount"))
    callback_on = forms.DateField(required=False, input_formats=DAY, label=_("Call again on"))
    callback_at = forms.TimeField(required=False, input_formats=["%H:%M"], label=_("Hour"))
    phone = forms.CharField(required=False, max_length=254)

    @property
    def outcome(self) -> CallOutcome:
        """What the call brought, once the form is valid."""
        data = self.cleaned_data
        again = data["callback_on"]
        reason = gettext("To call again on {day}").format(day=formats.day(again)) if again else ""
        if again and data["callback_at"]:
            reason = gettext("To call again on {day} at {hour}").format(
                day=formats.day(again), hour=f"{data['callback_at']:%H:%M}"
            )
        return CallOutcome(
            result=data["result"],
            note=data["note"],
            amount_minor=data["amount"],
            due_on=data["due_on"],
            reason=data["reason"],
            disputed_minor=data["disputed"],
            callback_on=again,
            callback_at=data["callback_at"],
            callback_reason=reason,
            phone=data["phone"],
            phone_reason=gettext("Wrong number"),
        )


class DayFactForm(forms.Form):
    """Since when something is so; empty = it is not."""

    value = forms.DateField(required=False, input_formats=DAY, label=_("Since"))


class ScoreForm(forms.Form):
    """0 is risky, 100 is good; empty = not known."""

    value = forms.IntegerField(required=False, min_value=0, max_value=100, label=_("Score"))


class GroupForm(forms.Form):
    """Who pays for several customers; empty = each for itself."""

    value = forms.CharField(required=False, max_length=60, label=_("Payer group"))


FACT_FORMS: dict[str, type[forms.Form]] = {
    "insolvent_since": DayFactForm,
    "deceased_since": DayFactForm,
    "score": ScoreForm,
    "payer_group": GroupForm,
}


def role_choices() -> list[tuple[str, Any]]:
    """Roles of contacts, with none first."""
    return [("", _("Role not known")), *labels.choices("recipient")]


class RoleForm(forms.Form):
    """Who a contact is."""

    role = forms.ChoiceField(required=False, choices=role_choices, label=_("Role"))


class ContactForm(RoleForm):
    """A new person at a customer."""

    name = forms.CharField(max_length=200, label=_("Name"))
    email = forms.EmailField(required=False, max_length=254, label=_("Email"))
    phone = forms.RegexField(
        r"^\+?[0-9][0-9 .\-/()]{5,30}$",
        required=False,
        label=_("Phone"),
        error_messages={"invalid": _("Write the phone number in digits.")},
    )


class AddressForm(forms.Form):
    """Whether letters reach the postal address, and why not."""

    mark = forms.ChoiceField(choices=[(code, code) for code in ("valid", "invalid")])
    reason = forms.CharField(required=False, max_length=200, label=_("Reason"))

    @property
    def wrong(self) -> str | None:
        """Why the address is wrong; None when it is right. Once the form is valid."""
        if self.cleaned_data["mark"] == "valid":
            return None
        return self.cleaned_data["reason"] or gettext("A letter came back")


class ConsentForm(forms.Form):
    """The day on which somebody agreed to electronic registered letters; empty = not so."""

    consented_on = forms.DateField(required=False, input_formats=DAY, label=_("Agreed on"))


class MarkForm(forms.Form):
    """Whether an address or number may be used."""

    mark = forms.ChoiceField(choices=[(code, code) for code in ("valid", "invalid", "opted_out")])
    reason = forms.CharField(required=False, max_length=200, label=_("Reason"))
