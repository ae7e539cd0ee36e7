"""What people write on the page of assignment: a rule, the cases to move, a case's own scenario."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amiable.apps.dunning.enrollment.enrollments import CaseFilter
from amiable.core.money import major
from amiable.core.scenario import Conditions
from amiable.interfaces.console import labels
from amiable.interfaces.console.forms import AmountField

RULES = "rules"  # the choice "where the rules say" beside the scenarios


class WordsField(forms.CharField):
    """Words of one's own, apart from each other by commas. Cleans to a list."""

    def clean(self, value: Any) -> list[str]:
        """The words, without blanks and without repetition."""
        words = re.split(r"[,;\n]", super().clean(value) or "")
        return list(dict.fromkeys(word.strip() for word in words if word.strip()))


class RuleForm(forms.Form):
    """A rule: for whom, and which scenario. What is left empty asks nothing."""

    rule = forms.IntegerField(required=False)
    scenario = forms.CharField(max_length=60, label=_("Scenario"))
    segments = WordsField(required=False, max_length=600, label=_("Segments"))
    kinds = forms.MultipleChoiceField(
        required=False, choices=lambda: labels.choices("customer"), label=_("Kind of customer")
    )
    creditors = WordsField(required=False, max_length=600, label=_("Creditors"))
    languages = WordsField(required=False, max_length=60, label=_("Languages"))
    min_amount = AmountField(required=False, label=_("At least this much open"))
    max_amount = AmountField(required=False, label=_("At most this much open"))
    min_score = forms.IntegerField(
        required=False, min_value=0, max_value=100, label=_("Score of at least")
    )
    max_score = forms.IntegerField(
        required=False, min_value=0, max_value=100, label=_("Score of at most")
    )

    def conditions(self) -> dict[str, Any]:
        """The conditions as the rules read them; only what was asked."""
        given = dict(self.cleaned_data)
        asked = {
            "segments": given["segments"],
            "kinds": given["kinds"],
            "creditors": given["creditors"],
            "languages": given["languages"],
            "min_amount_minor": given["min_amount"],
            "max_amount_minor": given["max_amount"],
            "min_score": given["min_score"],
            "max_score": given["max_score"],
        }
        return {name: value for name, value in asked.items() if value not in (None, [], "")}


def shown(conditions: Conditions) -> dict[str, Any]:
    """Conditions of a rule as its form holds them: words, amounts as people write them."""
    fields: dict[str, Any] = {
        name: ", ".join(getattr(conditions, name))
        for name in ("segments", "creditors", "languages")
    }
    fields["kinds"] = conditions.kinds
    for name in ("min_amount", "max_amount"):
        value = getattr(conditions, f"{name}_minor")
        fields[name] = major(value, "EUR") if value else ""
    for name in ("min_score", "max_score"):
        value = getattr(conditions, name)
        fields[name] = "" if value is None else str(value)
    return fields


class MoveForm(forms.Form):
    """Which running cases, and where to. `to` = a scenario's id, or "rules"."""

    source = forms.CharField(required=False, max_length=80)
    segment = forms.CharField(required=False, max_length=60)
    kind = forms.CharField(required=False, max_length=10)
    creditor = forms.CharField(required=False, max_length=40)
    rules_give = forms.CharField(required=False, max_length=60)
    with_manual = forms.BooleanField(required=False)
    to = forms.RegexField(rf"^({RULES}|\d{{1,18}})$", label=_("Move to"))

    def clean_source(self) -> tuple[str, int | None]:
        """The code of a scenario and perhaps its version, written `code:2`."""
        code, _colon, version = self.cleaned_data["source"].partition(":")
        return code, int(version) if version.isdecimal() and len(version) < 7 else None

    def filter(self) -> CaseFilter:
        """The cases named."""
        data = self.cleaned_data
        code, version = data["source"]
        return CaseFilter(
            scenario_code=code,
            version=version,
            segment=data["segment"],
            kind=data["kind"],
            creditor=data["creditor"],
            rules_give=data["rules_give"],
            with_manual=data["with_manual"],
        )

    def target(self) -> int | None:
        """The scenario version to move to; None = what the rules say."""
        to = self.cleaned_data["to"]
        return None if to == RULES else int(to)


class CaseForm(forms.Form):
    """A case and the scenario a person wants for it."""

    case = forms.IntegerField()
    scenario = forms.RegexField(rf"^({RULES}|\d{{1,18}})$", label=_("Scenario"))
