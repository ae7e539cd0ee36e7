"""What people set for payment plans, and answer to those that customers propose."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amiable.apps.cases.policies import MOST
from amiable.core.money import major
from amiable.core.plans import MODES, Policy
from amiable.core.schedules import EVERY
from amiable.interfaces.console import labels
from amiable.interfaces.console.forms import AmountField, MoneyForm


class AmountSetting(AmountField):
    """An amount of a policy; "" is nothing."""

    widget = forms.TextInput(
        attrs={"class": "form-control", "inputmode": "decimal", "autocomplete": "off"}
    )


def _number(name: str, label: Any, help_text: Any = "", *, least: int = 0) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=least,
        max_value=MOST[name],
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )


def _choice(group: str, codes: tuple[str, ...], label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=lambda: [(code, labels.look(group, code).label) for code in codes],
        label=label,
        widget=forms.Select(attrs={"class": "form-select"}),
    )


class PolicyForm(MoneyForm):
    """A plan policy: for whom, then what customers may agree by themselves."""

    creditor = forms.IntegerField(required=False)
    segment = forms.CharField(required=False, max_length=60)
    mode = _choice("plan_mode", MODES, _("Customers may"))
    every = _choice("every", EVERY, _("An instalment every"))
    most_parts = _number("most_parts", _("Instalments, at most"), least=2)
    most_months = _number("most_months", _("Months from the first to the last, at most"))
    least_part_minor = AmountSetting(required=False, label=_("Each instalment, at least"))
    most_minor = AmountSetting(
        required=False,
        label=_("Debt that needs no approval, at most"),
        help_text=_("Above it one of us decides. Empty = no limit."),
    )
    ahead_days = _number(
        "ahead_days",
        _("Invoices that fall due within so many days"),
        _("They are part of a plan, with those that are due. Later ones keep their day."),
    )
    first_pct = _number("first_pct", _("First instalment, at least, in % of the debt"))
    first_minor = AmountSetting(required=False, label=_("First instalment, at least"))
    first_days = _number("first_days", _("Days until the first instalment, at most"))
    most_broken = _number("most_broken", _("Plans not kept until one of us decides"), least=1)
    forgives = _number(
        "forgives",
        _("Missed instalments that end nothing"),
        _("The next one missed, or the last one of the plan, ends it."),
    )
    grace_days = _number("grace_days", _("Days of grace for each instalment"))
    remind_days = _number("remind_days", _("Reminder so many days before"), _("0 = no reminder."))
    charges_interest = forms.BooleanField(
        required=False,
        label=_("Late interest of companies runs on"),
        help_text=_("It is never part of the instalments. Consumers are never charged anything."),
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    @property
    def policy(self) -> Policy:
        """What was set, once the form is valid."""
        data = dict(self.cleaned_data)
        for name in ("least_part_minor", "first_minor"):
            data[name] = data[name] or 0
        return Policy(**{name: data[name] for name in Policy.__dataclass_fields__})

    @property
    def settings(self) -> list[forms.BoundField]:
        """The numbers and amounts of the policy, as they are shown side by side."""
        apart = {"creditor", "segment", "mode", "charges_interest"}
        return [self[name] for name in self.fields if name not in apart]


def policy_form(policy: Policy, prefix: str) -> PolicyForm:
    """The form of a policy that is set; `prefix` keeps the ids of a page apart."""
    shown = {name: getattr(policy, name) for name in Policy.__dataclass_fields__}
    for name in ("least_part_minor", "most_minor", "first_minor"):
        shown[name] = major(shown[name], "EUR") if shown[name] else ""
    return PolicyForm(initial=shown, auto_id=f"{prefix}-%s")


class DecideForm(forms.Form):
    """A decision on a plan that a customer proposed."""

    verdict = forms.ChoiceField(choices=[(code, code) for code in ("approve", "refuse")])
    answer = forms.CharField(required=False, max_length=1000)
