"""What people write about disputes, checked; and the sentence that each outcome begins with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.cases.dispute_reasons import ReasonRow, case_reasons
from amiable.core.disputes import AWAITED_DAYS, EINVOICING
from amiable.interfaces.console import labels

LONGEST_WORDS = 4000
# What a customer is told with each outcome, to be completed by a person.
SENTENCES: dict[str, str | Promise] = {
    "rejected": _("We have looked into what you told us. The invoice is right and stays due."),
    "credit_note": _("You are right: you receive a credit note. Please pay what is left after it."),
    "goodwill": _("We no longer ask for the amount that you contest."),
    "corrected": _("You are right: you receive a corrected invoice, which replaces this one."),
    "withdrawn": _("As you told us, you no longer contest this invoice. It stays due."),
}
# Why an invoice rests while what was announced is awaited.
AWAITED_WORDS: dict[str, str | Promise] = {
    "credit_note": _("A credit note was announced"),
    "corrected": _("A corrected invoice was announced"),
}


def case_reason_choices(organization_id: int, case_id: int) -> list[tuple[str, str]]:
    """Why an invoice of a case may be contested, in the reader's language."""
    language = translation.get_language() or ""
    return [(row.code, row.label(language)) for row in case_reasons(organization_id, case_id)]


class TakeForm(forms.Form):
    """Who looks after a dispute, and by when it is answered."""

    owner = forms.IntegerField(required=False, label=_("Looked after by"))
    respond_by = forms.DateField(input_formats=["%Y-%m-%d"], label=_("To be answered by"))


class SayForm(forms.Form):
    """A message to the customer, or a note among ourselves."""

    kind = forms.ChoiceField(choices=[("message", ""), ("note", "")])
    text = forms.CharField(required=False, max_length=LONGEST_WORDS, label=_("Your words"))


class SettleForm(forms.Form):
    """How a dispute ends."""

    outcome = forms.ChoiceField(
        choices=lambda: labels.choices("dispute_outcome"), label=_("Outcome")
    )
    sentence = forms.CharField(max_length=LONGEST_WORDS, label=_("What the customer is told"))

    @property
    def hold_words(self) -> str:
        """Why the invoice rests; "" where it does not."""
        words = AWAITED_WORDS.get(self.cleaned_data["outcome"], "")
        return gettext("{words}: it is awaited for {days} days").format(
            words=words, days=AWAITED_DAYS
        ) if words else ""  # fmt: skip


class AskForm(forms.Form):
    """A question to a colleague without an account."""

    name = forms.CharField(max_length=120, label=_("Name"))
    email = forms.EmailField(required=False, max_length=254, label=_("Email"))
    question = forms.CharField(max_length=LONGEST_WORDS, label=_("Question"))


class ReasonForm(forms.Form):
    """A reason of a creditor."""

    creditor = forms.IntegerField()
    code = forms.CharField(required=False, max_length=20)
    label_fr = forms.CharField(max_length=120, label=_("In French"))
    label_en = forms.CharField(max_length=120, label=_("In English"))
    einvoicing = forms.ChoiceField(
        required=False, choices=[("", ""), *((code, code) for code in EINVOICING)],
        label=_("E-invoicing code"),
    )  # fmt: skip
    active = forms.BooleanField(required=False)

    @property
    def row(self) -> ReasonRow:
        """The reason, once the form is valid."""
        data: dict[str, Any] = self.cleaned_data
        return ReasonRow(
            data["code"], data["label_fr"], data["label_en"], data["einvoicing"],
            is_active=data["active"], is_shipped=False,
        )  # fmt: skip


def sentences(language: str) -> list[tuple[str, str | Promise, str]]:
    """(code, words for us, sentence for the customer in its language) of each outcome."""
    with translation.override(language):
        told = {code: str(words) for code, words in SENTENCES.items()}
    return [(code, words, told[code]) for code, words in labels.choices("dispute_outcome")]
