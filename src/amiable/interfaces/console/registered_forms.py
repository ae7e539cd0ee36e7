"""What people write about registered letters."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from amiable.core.registered import TOLD
from amiable.interfaces.console import labels

DAY = ["%Y-%m-%d"]


def kinds() -> list[tuple[str, str]]:
    """What may become of a letter, with its words."""
    return [(code, str(labels.look("delivery", code).label)) for code in TOLD]


class DepositForm(forms.Form):
    """The number on the slip, and the day the letter was handed to the post."""

    number = forms.CharField(required=False, max_length=40, label=_("Number of the letter"))
    deposited_on = forms.DateField(required=False, input_formats=DAY, label=_("Posted on"))


class EventForm(forms.Form):
    """What became of a letter."""

    kind = forms.ChoiceField(
        choices=kinds,
        label=_("What became of it"),
    )
    at_on = forms.DateField(input_formats=DAY, label=_("On which day"))
    note = forms.CharField(required=False, max_length=500, label=_("Note"))


class ProofForm(forms.Form):
    """A scan to keep with the letter."""

    kind = forms.ChoiceField(choices=lambda: labels.choices("proof"), label=_("What it is"))
    file = forms.FileField(label=_("File"), allow_empty_file=True)
