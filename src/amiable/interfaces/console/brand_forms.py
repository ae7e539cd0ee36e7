"""How a creditor looks, as people write it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amiable.apps.tenants.brand import BrandRow
from amiable.apps.tenants.settings import SettingsError
from amiable.interfaces.console import sentences

PICTURES = ("logo", "signature_image")
_ACCEPT = {"accept": "image/png,image/jpeg"}


class BrandForm(forms.Form):
    """A picture is replaced by a file, taken away by its box, and kept otherwise."""

    brand_color = forms.CharField(
        max_length=7, label=_("Color"), widget=forms.TextInput(attrs={"type": "color"})
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
        shown = {name: getattr(row, name) for name in ("brand_color", "sender_email",
                                                       "letter_window")}  # fmt: skip
        super().__init__(data, files, initial=shown, auto_id="brand-%s")
        for field in self.fields.values():
            box = isinstance(field, forms.BooleanField)
            field.widget.attrs["class"] = "form-check-input" if box else "form-control"
            field.disabled = not can
        self.fields["brand_color"].widget.attrs["class"] = "form-control form-control-color"

    def values(self) -> dict[str, Any]:
        """What to change, as brand_change takes it."""
        data = self.cleaned_data
        found = {name: data[name] for name in ("brand_color", "sender_email", "letter_window")}
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
