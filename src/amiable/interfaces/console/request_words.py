"""Requests for payment in words: where one stands, where a campaign is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amiable.core.requesting import MEDIA
from amiable.interfaces.console.looks import Look

REQUESTS: dict[str, dict[str, Look]] = {
    "request": {
        "paid": Look(_("Paid"), "good"),
        "partly_paid": Look(_("Paid in part"), "good"),
        "promised": Look(_("Promised"), "info"),
        "disputed": Look(_("In dispute"), "warn"),
        "opened": Look(_("Opened"), "info"),
        "sent": Look(_("Sent, not opened"), "quiet"),
        "unknown": Look(_("Unknown: check"), "bad"),
        "failed": Look(_("Failed"), "bad"),
        "waiting": Look(_("Waits to leave"), "quiet"),
        "sending": Look(_("Being sent"), "info"),
        "stopped": Look(_("Left out"), "warn"),
        "cancelled": Look(_("Cancelled"), "quiet"),
        "draft": Look(_("Ready"), "info"),
    },
    "campaign": {
        "draft": Look(_("To confirm"), "warn"),
        "leaving": Look(_("Leaving"), "info"),
        "gone": Look(_("Sent"), "good"),
        "cancelled": Look(_("Cancelled"), "quiet"),
    },
}
BY = {"email_sms": MEDIA, "email": ("email",), "sms": ("sms",)}


class RequestFileForm(forms.Form):
    """A file of invoices to ask the payment of, and how."""

    file = forms.FileField(label=_("File"), allow_empty_file=True)
    by = forms.ChoiceField(choices=[(name, name) for name in BY], label=_("How to write"))
    partial = forms.BooleanField(required=False)
    creditor = forms.CharField(required=False, max_length=40)


def options_of(data: dict[str, Any]) -> dict[str, Any]:
    """What the form says, as options of an import."""
    media: Collection[str] = BY[data["by"]]
    return {"partial": data["partial"], "creditor": data["creditor"], "ask_by": list(media)}
