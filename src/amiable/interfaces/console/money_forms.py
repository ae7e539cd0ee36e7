"""What people write when they settle money: amounts, accounts, and who collects."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from stdnum import iban as stdnum_iban
from stdnum.exceptions import ValidationError as NumberError

from amiable.apps.cases.handovers import Collector
from amiable.interfaces.console import formats, labels
from amiable.interfaces.console.forms import AmountField, MoneyForm

PARTS_AT_MOST = 2000


class WishForm(forms.Form):
    """How many decisions on the money the person has seen."""

    serial = forms.IntegerField(min_value=0, max_value=30_000)


class AllocateForm(WishForm):
    """The items ticked, and whether a judgment does not forbid it."""

    despite = forms.BooleanField(required=False)


class TransferForm(MoneyForm, WishForm):
    """To whom money is moved, and how much."""

    customer = forms.IntegerField(label=_("Customer"))
    amount = AmountField(label=_("Amount"))


class AccountForm(forms.Form):
    """An account of the payee of a refund."""

    iban = forms.CharField(max_length=50, label=_("IBAN"))
    name = forms.CharField(max_length=70, required=False, label=_("Account holder"))

    def clean_iban(self) -> str:
        """The IBAN without spaces; one with a wrong key is refused."""
        try:
            return str(stdnum_iban.validate(self.cleaned_data["iban"]))
        except NumberError as error:
            text = gettext("This is no valid IBAN: check it, a digit is wrong or missing.")
            raise forms.ValidationError(text, code="iban") from error


class RefundForm(AccountForm, MoneyForm, WishForm):
    """To which account money is given back, and how much."""

    amount = AmountField(label=_("Amount"))


class OrderForm(forms.Form):
    """When refunds leave, and how the bank books them. Empty = as soon as it can, one by one."""

    execute_on = forms.DateField(
        required=False, input_formats=["%Y-%m-%d"], label=_("Day of the transfer")
    )
    is_batch = forms.BooleanField(required=False)


_ACCOUNT = re.compile(r"account-(\d{1,18})")


def accounts_chosen(posted: QueryDict) -> dict[int, str]:
    """The account to debit of each creditor, of a form: `account-<creditor>` is an IBAN."""
    found = ((_ACCOUNT.fullmatch(name), posted[name]) for name in posted)
    return {int(creditor[1]): iban for creditor, iban in found if creditor}


class WriteOffForm(forms.Form):
    """Why a debt is given up."""

    reason = forms.CharField(max_length=200, label=_("Reason"))


class HandoverForm(forms.Form):
    """Who collects a debt from now on."""

    to = forms.ChoiceField(choices=lambda: labels.choices("collector"), label=_("To"))
    name = forms.CharField(max_length=200, label=_("Name"))

    def collector(self, today: Any) -> Collector:
        """Once the form is valid; the hold says in words why nothing is sent."""
        data = self.cleaned_data
        reason = gettext("handed over to {name} on {day}").format(
            name=data["name"], day=formats.day(today)
        )
        return Collector(data["to"], data["name"], reason)
