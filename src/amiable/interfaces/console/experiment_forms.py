"""What people write about an experiment, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amiable.apps.dunning.experiment.changes import Design
from amiable.apps.dunning.experiment.draws import ScenarioName
from amiable.interfaces.console import experiment_words


class ExperimentForm(forms.Form):
    """The design of an experiment; what is sound is decided by the service."""

    name = forms.CharField(max_length=120, required=False, label=_("Name"))
    challenger = forms.CharField(max_length=60, required=False, label=_("Challenger"))
    challenger_percent = forms.IntegerField(label=_("Challenger, % of payers"))
    holdout_percent = forms.IntegerField(label=_("Held back, % of payers"))
    holdout_days = forms.IntegerField(label=_("Reminders held back by, days"))
    effect_days = forms.IntegerField(label=_("Expected difference, days"))
    without_public = forms.BooleanField(required=False)
    with_running = forms.BooleanField(required=False)

    def __init__(
        self, *args: Any, choices: Sequence[tuple[str, ScenarioName]] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.choices = [(code, experiment_words.scenario(name)) for code, name in choices]

    @staticmethod
    def data_of(design: Design) -> dict[str, Any]:
        """A design as the fields show it."""
        data = asdict(design)
        return data | {"without_public": "public" in data.pop("excluded_kinds")}

    def design(self) -> Design:
        """The design written down. Without a challenger its share goes to the champion."""
        data = dict(self.cleaned_data)
        excluded = ("public",) if data.pop("without_public") else ()
        if not data["challenger"]:
            data["challenger_percent"] = 0
        return Design(excluded_kinds=excluded, **data)


class StopForm(forms.Form):
    """Why an experiment ends, and where its cases go."""

    reason = forms.CharField(max_length=200, label=_("Reason"))
    move_to = forms.CharField(max_length=20, required=False)
