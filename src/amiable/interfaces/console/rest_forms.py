"""What people say of rests, and what they agree with customers about payments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from amiable.apps.banking.rests import RestSaid
from amiable.apps.banking.terms import Agreed
from amiable.core.matching.rests import DEDUCTIONS
from amiable.interfaces.console import labels
from amiable.interfaces.console.forms import AmountField

_FIELD = re.compile(r"rest-(\d{1,18})")


def rests_said(posted: QueryDict) -> list[RestSaid]:
    """What a form says of the rests of a payment: `rest-<installment>` is "reason" or
    "reason:detail", with `note-` and `until-` beside it."""
    return list(_said(posted))


def _said(posted: QueryDict) -> Iterator[RestSaid]:
    for name in posted:
        found = _FIELD.fullmatch(name)
        if found is None:
            continue
        key = found[1]
        reason, _, detail = posted[name].partition(":")
        words = gettext("What is left waits for an approval: {reason}")
        shown = labels.look("deduction" if reason == "deduction" else "rest", detail or reason)
        yield RestSaid(
            int(key), reason, detail=detail, note=posted.get(f"note-{key}", "")[:500],
            until=_day(posted.get(f"until-{key}", "")),
            hold_words=words.format(reason=shown.label),
        )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def rest_choices() -> list[tuple[str, list[tuple[str, Any]]]]:
    """What a rest may be: (heading, [(value, words)]) for a select; "" = no heading."""
    plain = ("part", "cents", "bank_fee", "discount")
    return [
        ("", [(code, labels.look("rest", code).label) for code in plain]),
        (
            gettext("Deducted by the payer"),
            [(f"deduction:{code}", labels.look("deduction", code).label) for code in DEDUCTIONS],
        ),
        (
            gettext("Contested"),
            [(f"dispute:{code}", words) for code, words in labels.choices("dispute")],
        ),
    ]


class TermsForm(forms.Form):
    """What was agreed with a customer about its payments; empty = as with everybody."""

    order = forms.ChoiceField(
        choices=lambda: labels.choices("order"), label=pgettext_lazy("of debts", "Order")
    )
    agreed = forms.CharField(required=False, max_length=500, label=_("What was agreed"))
    fee = AmountField(required=False, label=_("Bank fee, in EUR"))
    discount = forms.IntegerField(
        required=False, min_value=0, label=_("Discount for paying early, in thousandths")
    )

    @property
    def terms(self) -> Agreed:
        """Once the form is valid."""
        data = self.cleaned_data
        return Agreed(data["order"], data["agreed"].strip(), data["fee"], data["discount"])
