"""How a creditor looks, as people write it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amiable.apps.tenants.brand import BrandRow
from amiable.apps.tenants.settings import SettingsError
from amiable.interfaces.console import formats, sentences

TEXTS = (
    "brand_color", "sender_email", "letter_window", "sms_sender", "claims_from", "ics",
    "debit_iban", "debit_lead_days", "debit_notice_days",
)  # fmt: skip
PICTURES = ("logo", "signature_image")
_ACCEPT = {"accept": "image/png,image/jpeg"}


class BrandForm(forms.Form):
    """A picture is replaced by a file, taken away by its box, and kept otherwise."""

    brand_color = forms.CharField(
        max_length=7, label=_("Colour"), widget=forms.TextInput(attrs={"type": "color"})
    )
    sender_email = forms.CharField(
        required=False,
        max_length=254,
        label=_("Emails are sent from"),
        help_text=_("Empty = the creditor's address."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    letter_window = forms.CharField(
        required=False,
        max_length=40,
        label=_("Window of the envelopes"),
        help_text=_("Empty = that of the organization."),
        widget=forms.TextInput(attrs={"list": "windows", "autocomplete": "off"}),
    )
    sms_sender = forms.CharField(
        required=False,
        max_length=16,
        label=_("Text messages are sent from"),
        help_text=_("A name of 3 to 11 letters or a number; empty = the provider chooses."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    claims_from = forms.ChoiceField(
        required=False,
        label=_("Claim interest and the fixed fee"),
        choices=(
            ("", _("Never: messages only recall the law")),
            ("formal", _("In formal notices")),
            ("firm", _("In firm messages and formal notices")),
        ),
        help_text=_("Computed on the day of the message, invoice by invoice, and set out in it."),
        widget=forms.Select(),
    )
    late_rate_bp = forms.CharField(
        required=False,
        max_length=8,
        label=_("Late-payment rate of your sales terms"),
        help_text=_("Percent a year, between companies; empty = the rate of the law."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "decimal"}),
    )
    ics = forms.CharField(
        required=False,
        max_length=40,
        label=_("Creditor identifier (ICS)"),
        help_text=_("Empty = nothing is collected by direct debit."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    debit_iban = forms.CharField(
        required=False,
        max_length=42,
        label=_("Account that direct debits are collected on"),
        help_text=_("An IBAN; empty = the creditor's."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    debit_lead_days = forms.IntegerField(
        required=False, label=_("Bank days before the collection that the bank wants the file")
    )
    debit_notice_days = forms.IntegerField(
        required=False,
        label=_("Days between the announcement and the collection"),
        help_text=_("14, unless your contracts say less."),
    )
    logo = forms.FileField(
        required=False, label=_("Logo"), widget=forms.FileInput(attrs=_ACCEPT),
        help_text=_("PNG or JPEG, 60 kB at most; it goes with every email."),
    )  # fmt: skip
    logo_off = forms.BooleanField(required=False, label=_("Take the logo away"))
    signature_image = forms.FileField(
        required=False, label=_("Signature"), widget=forms.FileInput(attrs=_ACCEPT),
        help_text=_("PNG or JPEG, 60 kB at most; over the name of who signs letters."),
    )  # fmt: skip
    signature_image_off = forms.BooleanField(required=False, label=_("Take the signature away"))

    def __init__(self, data: Any = None, files: Any = None, *, row: BrandRow, can: bool) -> None:
        shown = {name: getattr(row, name) for name in TEXTS}
        if row.late_rate_bp is not None:
            shown["late_rate_bp"] = formats.number(Decimal(row.late_rate_bp) / 100, 2)
        super().__init__(data, files, initial=shown, auto_id="brand-%s")
        for field in self.fields.values():
            box = isinstance(field, forms.BooleanField)
            chosen = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["class"] = "form-check-input" if box else chosen
            field.disabled = not can
        self.fields["brand_color"].widget.attrs["class"] = "form-control form-control-color"

    def values(self) -> dict[str, Any]:
        """What to change, as brand_change takes it."""
        data = self.cleaned_data
        names = (*TEXTS, "late_rate_bp")
        found = {name: data[name] for name in names if data[name] is not None}
        for name in PICTURES:
            if data[name]:
                found[name] = data[name].read()
            elif data[f"{name}_off"]:
                found[name] = b""
        return found

    def refuse(self, error: SettingsError) -> None:
        """Show each problem at its field."""
        for name, why in error.problems.items():
            self.add_error(name, sentences.render(why))
