"""What people write in the console, checked: amounts, dates and choices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amiable.core.money import AmountError, minor
from amiable.core.numbers import ParseError, amount
from amiable.interfaces.console import labels


class AmountField(forms.Field):
    """An amount in euros as people type it: `1 252,23`, `1252.23`. Cleans to minor units."""

    default_error_messages = {"amount": _("Write the amount with figures, for example 1252,23.")}

    def to_python(self, value: Any) -> int | None:
        """Minor units, or None when nothing was written."""
        if not value or not value.strip():
            return None
        try:
            return minor(amount(value.strip()[:40])[0])
        except (ParseError, AmountError) as error:
            raise forms.ValidationError(self.error_messages["amount"], code="amount") from error


FILE_KINDS = ("invoices", "customers", "statement")


class ImportForm(forms.Form):
    """A file and how to take it."""

    file = forms.FileField(label=_("File"), allow_empty_file=True)
    kind = forms.ChoiceField(choices=lambda: labels.choices("file"), label=_("Kind"))
    partial = forms.BooleanField(required=False)
    full = forms.BooleanField(required=False)
    creditor = forms.CharField(required=False, max_length=40)


class HoldForm(forms.Form):
    """Pause a case or one of its items."""

    case = forms.IntegerField()
    installment = forms.IntegerField(required=False)
    reason = forms.CharField(max_length=200, label=_("Reason"))
    ends_on = forms.DateField(required=False, input_formats=["%Y-%m-%d"], label=_("Until"))


class DisputeForm(forms.Form):
    """The customer contests an item."""

    installment = forms.IntegerField(label=_("Invoice"))
    reason = forms.ChoiceField(choices=lambda: labels.choices("dispute"), label=_("Reason"))
    amount = AmountField(required=False, label=_("Disputed amount"))
    note = forms.CharField(max_length=1000, required=False)


class CloseForm(forms.Form):
    """How a dispute ended."""

    outcome = forms.CharField(max_length=200, label=_("Outcome"))


class PromiseForm(forms.Form):
    """The customer says when and how much."""

    case = forms.IntegerField()
    amount = AmountField(label=_("Amount"))
    due_on = forms.DateField(input_formats=["%Y-%m-%d"], label=_("Paid by"))
    note = forms.CharField(max_length=200, required=False)


class CallForm(forms.Form):
    """How a call or a task ended."""

    result = forms.ChoiceField(choices=lambda: labels.choices("call"), label=_("Outcome"))
    note = forms.CharField(max_length=500, required=False)


def first_error(form: forms.Form) -> str:
    """The first thing to correct, with the field it is about."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else None
        return f"{label} : {errors[0]}" if label else str(errors[0])
    return ""
