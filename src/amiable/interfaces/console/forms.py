"""What people write in the console, checked: amounts, dates and choices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amiable.core.money import AmountError, TooLargeError, exponent, minor
from amiable.core.numbers import DecimalMark, ParseError, amount
from amiable.interfaces.console import labels
from amiable.interfaces.console.formats import decimal_mark


class AmountField(forms.Field):
    """An amount as people type it: `1 252,23`, `1252.23`. Cleans to minor units of `currency`."""

    currency = "EUR"
    default_error_messages = {
        "amount": _("Write the amount in digits, for example 1252,23."),
        "large": _("This amount is too large: check it."),
        "currency": _("Write the amount in {currency}, with the decimals it has."),
    }

    def to_python(self, value: Any) -> int | None:
        """Minor units, or None when nothing was written."""
        if not value or not value.strip():
            return None
        # Three digits behind a mark are decimals where the currency has three.
        mark: DecimalMark = decimal_mark() if exponent(self.currency) == 3 else ""
        try:
            read, stated = amount(value.strip()[:40], mark)
            if stated in {"", self.currency}:
                return minor(read, self.currency)
        except TooLargeError as error:
            raise forms.ValidationError(self.error_messages["large"], code="large") from error
        except AmountError:
            pass
        except ParseError as error:
            raise forms.ValidationError(self.error_messages["amount"], code="amount") from error
        text = str(self.error_messages["currency"]).format(currency=self.currency)
        raise forms.ValidationError(text, code="currency")


class MoneyForm(forms.Form):
    """A form whose amounts are in one currency, that of the case or the item it is about."""

    def __init__(self, *args: Any, currency: str = "EUR", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency or "EUR"
        for field in self.fields.values():
            if isinstance(field, AmountField):
                field.currency = self.currency


FILE_KINDS = (
    "invoices", "customers", "statement", "payouts", "tracking", "virtual_ibans", "debit_results",
)  # fmt: skip


class ImportForm(forms.Form):
    """A file and how to take it."""

    file = forms.FileField(label=_("File"), allow_empty_file=True)
    kind = forms.ChoiceField(choices=lambda: labels.choices("file"), label=_("Kind"))
    partial = forms.BooleanField(required=False)
    full = forms.BooleanField(required=False)
    creditor = forms.CharField(required=False, max_length=40)
    account = forms.CharField(required=False, max_length=40)


class HoldForm(forms.Form):
    """Pause a case or one of its items."""

    case = forms.IntegerField()
    installment = forms.IntegerField(required=False)
    reason = forms.CharField(max_length=200, label=_("Reason"))
    ends_on = forms.DateField(required=False, input_formats=["%Y-%m-%d"], label=_("Until"))


class DisputeForm(MoneyForm):
    """The customer contests an item."""

    installment = forms.IntegerField(label=_("Invoice"))
    reason = forms.CharField(max_length=20, label=_("Reason"))
    amount = AmountField(required=False, label=_("Disputed amount"))
    note = forms.CharField(max_length=1000, required=False)


class PromiseForm(MoneyForm):
    """The customer says when and how much."""

    case = forms.IntegerField()
    amount = AmountField(label=_("Amount"))
    due_on = forms.DateField(input_formats=["%Y-%m-%d"], label=_("Paid by"))
    note = forms.CharField(max_length=200, required=False)


class CallForm(MoneyForm):
    """How a call or a task ended."""

    result = forms.ChoiceField(choices=lambda: labels.choices("call"), label=_("Outcome"))
    note = forms.CharField(max_length=500, required=False)


def first_error(form: forms.Form) -> str:
    """The first thing to correct, with the field it is about."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else None
        told = gettext("{number}: {problem}").format(number=label, problem=errors[0])
        return told if label else str(errors[0])
    return ""
