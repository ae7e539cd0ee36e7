"""The settings as people write them: one form for each part of the page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amiable.apps.tenants.settings import FIELDS, Settings, SettingsError
from amiable.interfaces.console import formats, labels, sentences
from amiable.interfaces.console.forms import AmountField

LETTERS = ("email", "letter", "registered_letter", "sms", "phone")


class SettingsForm(forms.Form):
    """A part of the settings: its fields have the names of Settings."""

    name = ""

    def __init__(self, data: Any = None, *, settings: Settings, can_manage: bool) -> None:
        super().__init__(data, initial=self.shown(settings), auto_id=f"{self.name}-%s")
        for field in self.fields.values():
            box = isinstance(field, forms.BooleanField)
            select = isinstance(field, forms.ChoiceField)
            css = "form-check-input" if box else "form-select" if select else "form-control"
            field.widget.attrs["class"] = css
            field.disabled = not can_manage

    @classmethod
    def shown(cls, settings: Settings) -> dict[str, Any]:
        """What the fields hold at first."""
        return {field: getattr(settings, field) for field in FIELDS}

    def values(self) -> dict[str, Any]:
        """What to change, by field of Settings."""
        return {name: value for name, value in self.cleaned_data.items() if name in FIELDS}

    def refuse(self, error: SettingsError) -> None:
        """Show each problem at the field it is about."""
        for name, why in error.problems.items():
            self.add_error(name if name in self.fields else None, sentences.render(why))


class BankForm(SettingsForm):
    """How old the bank data may be."""

    name = "bank"
    bank_data_max_age_days = forms.IntegerField(
        required=False,
        label=_("Oldest bank data, in days"),
        help_text=_("Empty = off."),
        widget=forms.NumberInput(attrs={"min": 1, "max": 90}),
    )


class MinimumForm(SettingsForm):
    """The least sum for which anybody is reminded."""

    name = "minimum"
    min_amount_minor = AmountField(
        required=False,
        label=_("Least sum for a reminder"),
        help_text=_("Empty or 0 = off. Each case is measured in its own currency."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    @classmethod
    def shown(cls, settings: Settings) -> dict[str, Any]:
        least = settings.min_amount_minor
        return {"min_amount_minor": formats.number(Decimal(least) / 100, 2) if least else ""}

    def clean_min_amount_minor(self) -> int:
        """Minor units; nothing written = off."""
        return self.cleaned_data["min_amount_minor"] or 0


class SmsForm(SettingsForm):
    """What text messages cost."""

    name = "sms"
    sms_part_minor = AmountField(
        label=_("Price of a part, in EUR"),
        help_text=_("What your gateway bills for 160 plain characters, to the cent."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    @classmethod
    def shown(cls, settings: Settings) -> dict[str, Any]:
        return {"sms_part_minor": formats.number(Decimal(settings.sms_part_minor) / 100, 2)}


class RestForm(SettingsForm):
    """What a payer may keep of an invoice without a person being asked."""

    name = "rests"
    rest_cents_minor = AmountField(
        required=False,
        label=_("Cents, in EUR"),
        help_text=_("A rest that is not worth asking for."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    rest_fee_minor = AmountField(
        required=False,
        label=_("Bank fee, in EUR"),
        help_text=_("What a bank on the way may have kept of one invoice."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    rest_discount_permille = forms.IntegerField(
        label=_("Discount for paying early, in thousandths"),
        help_text=_("30 = 3 %. Only of invoices paid by their due date."),
        widget=forms.NumberInput(attrs={"min": 0, "max": 100}),
    )

    @classmethod
    def shown(cls, settings: Settings) -> dict[str, Any]:
        amounts = {
            name: formats.number(Decimal(getattr(settings, name)) / 100, 2)
            for name in ("rest_cents_minor", "rest_fee_minor")
        }
        return {**super().shown(settings), **amounts}

    def clean(self) -> dict[str, Any]:
        """Minor units; nothing written = nothing is given up."""
        data = super().clean() or {}
        for name in ("rest_cents_minor", "rest_fee_minor"):
            data[name] = data.get(name) or 0
        return data


class PromiseForm(SettingsForm):
    """When a promise counts as kept."""

    name = "promises"
    promise_grace_days = forms.IntegerField(
        label=_("Days of grace"),
        help_text=_("Calendar days that a bank may take after the promised date."),
        widget=forms.NumberInput(attrs={"min": 0, "max": 30}),
    )
    promise_tolerance_pct = forms.IntegerField(
        label=_("Part that must have come, in %"),
        help_text=_("A promise of which this part has come is kept."),
        widget=forms.NumberInput(attrs={"min": 50, "max": 100}),
    )


class ReplyForm(SettingsForm):
    """How long an unread answer stops the reminders."""

    name = "replies"
    unread_reply_hold_days = forms.IntegerField(
        label=_("Days without a reminder"),
        help_text=_("0 = an unread answer stops nothing."),
        widget=forms.NumberInput(attrs={"min": 0, "max": 30}),
    )


class AgencyForm(SettingsForm):
    """Who the organization is."""

    name = "agency"
    is_agency = forms.BooleanField(
        required=False,
        label=_("We collect for others (CPCE L124-1)"),
        help_text=_("Letters then name us, our address and our activity, beside the creditor."),
    )
    address = forms.CharField(
        required=False,
        label=_("Address"),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
    )
    email = forms.CharField(
        required=False,
        max_length=254,
        label=_("Email"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        required=False,
        max_length=32,
        label=_("Phone"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    @classmethod
    def shown(cls, settings: Settings) -> dict[str, Any]:
        return {**super().shown(settings), "address": "\n".join(settings.address)}

    def clean_address(self) -> list[str]:
        """One line of the address a line."""
        return [line for line in self.cleaned_data["address"].splitlines() if line.strip()]


class LettersForm(SettingsForm):
    """Which envelopes letters go into."""

    name = "letters"
    letter_window = forms.CharField(
        required=False,
        max_length=40,
        label=_("Window of the envelopes"),
        help_text=_(
            "dl, edics or din, or your own: left, top, width and height in millimetres, like "
            "110,55,85,33. Empty = dl."
        ),
        widget=forms.TextInput(attrs={"list": "windows", "autocomplete": "off"}),
    )


class CallForm(SettingsForm):
    """How calls are made, and how often they are tried."""

    name = "calls"
    call_tries = forms.IntegerField(
        label=_("Calls in all, when nobody answers"),
        help_text=_("Then the scenario goes on. A step of a scenario may have its own number."),
        widget=forms.NumberInput(attrs={"min": 1, "max": 9}),
    )
    call_retry_days = forms.IntegerField(
        label=_("Days between two tries"),
        help_text=_("0 = the other half of the same day."),
        widget=forms.NumberInput(attrs={"min": 0, "max": 30}),
    )
    dial_address = forms.CharField(
        max_length=200,
        label=_("What starts a call"),
        help_text=_(
            "tel:{number} for the telephone, sip:{number}@pbx.example or the page of a softphone."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class PortalForm(SettingsForm):
    """How long payment links work, and what customers may arrange there by themselves."""

    name = "portal"
    portal_link_days = forms.IntegerField(
        label=_("Days a link works"),
        help_text=_("Counted from the message that carries it."),
        widget=forms.NumberInput(attrs={"min": 1, "max": 730}),
    )
    portal_promise_days = forms.IntegerField(
        label=_("Latest promise, in days"),
        help_text=_("Who needs longer asks you. 0 = every promise is agreed with you."),
        widget=forms.NumberInput(attrs={"min": 0, "max": 90}),
    )
    claim_days = forms.IntegerField(
        label=_("Days to look for a payment"),
        help_text=_(
            "Who says that it is paid reads this number, and gets no reminder meanwhile. What was "
            "said before keeps its own day."
        ),
        widget=forms.NumberInput(attrs={"min": 1, "max": 30}),
    )


class SurveyForm(SettingsForm):
    """Whether customers are asked how it went, once all is settled."""

    name = "survey"
    survey_on_portal = forms.BooleanField(
        required=False,
        label=_("Ask on the payment page"),
        help_text=_("Once all is paid: one question there, at most once a quarter per person."),
    )
    survey_by_email = forms.BooleanField(
        required=False,
        label=_("Ask by email"),
        help_text=_("A courtesy that nobody has asked for: off unless you want it."),
    )
    survey_days = forms.IntegerField(
        label=_("Days before the email"),
        help_text=_("Counted from the day all was settled; it leaves on a working day."),
        widget=forms.NumberInput(attrs={"min": 0, "max": 20}),
    )


class CodeForm(SettingsForm):
    """When a code confirms that it is the customer who signs on the payment page."""

    name = "codes"
    code_for_plans = forms.ChoiceField(
        label=_("For payment plans"),
        choices=[
            ("always", _("Always")), ("above", _("Above an amount")), ("never", _("Never")),
        ],
    )  # fmt: skip
    code_above_minor = AmountField(
        required=False,
        label=_("Above which amount"),
        help_text=_("What the plan spreads, in the currency of the case."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    mandate_code_waiver = forms.CharField(
        required=False,
        max_length=200,
        label=_("Mandates without a code: why"),
        help_text=_(
            "Empty = a code before any bank data, which is the rule. A reason switches it off; it "
            "is kept with each mandate that is signed meanwhile."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @classmethod
    def shown(cls, settings: Settings) -> dict[str, Any]:
        above = formats.number(Decimal(settings.code_above_minor) / 100, 2)
        return {**super().shown(settings), "code_above_minor": above}

    def clean_code_above_minor(self) -> int:
        """Minor units; nothing written = above nothing."""
        return self.cleaned_data["code_above_minor"] or 0


class CapForm(SettingsForm):
    """One more limit of contacts."""

    name = "cap"
    count = forms.IntegerField(
        label=_("At most"), widget=forms.NumberInput(attrs={"min": 1, "max": 50})
    )
    medium = forms.ChoiceField(required=False, label=_("Medium"))
    kind = forms.ChoiceField(required=False, label=_("Customers"))
    days = forms.IntegerField(
        label=_("In so many days"), widget=forms.NumberInput(attrs={"min": 1, "max": 365})
    )

    def __init__(self, data: Any = None, *, settings: Settings, can_manage: bool) -> None:
        super().__init__(data, settings=settings, can_manage=can_manage)
        self.caps = settings.to_json()["contact_caps"]
        media = [(code, labels.look("medium", code).label) for code in LETTERS]
        self.fields["medium"].choices = [("", _("All contacts together")), *media]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            ("", _("All customers")), *labels.choices("customer"),
        ]  # fmt: skip

    @classmethod
    def shown(cls, settings: Settings) -> dict[str, Any]:  # noqa: ARG003
        return {}

    def values(self) -> dict[str, Any]:
        return {"contact_caps": [*self.caps, dict(self.cleaned_data)]}


class TestForm(SettingsForm):
    """Test mode on or off: only with the box ticked that says what happens."""

    __test__ = False
    name = "test"
    test_recipient = forms.CharField(
        required=False,
        max_length=254,
        label=_("Internal address"),
        help_text=_("An address of your own house that can receive many messages."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    confirm = forms.BooleanField(
        label=_("I have read what happens"),
        error_messages={"required": _("Tick the box once you have read what happens.")},
    )

    def clean(self) -> dict[str, Any]:
        """An address to switch it on; none to switch it off."""
        data = super().clean() or {}
        if self.data.get("mode") == "off":
            data["test_recipient"] = ""
        elif not data.get("test_recipient"):
            self.add_error("test_recipient", _("Write the address that gets the messages."))
        return data


FORMS: dict[str, type[SettingsForm]] = {
    form.name: form
    for form in (
        BankForm, MinimumForm, RestForm, SmsForm, PromiseForm, ReplyForm, CallForm, PortalForm,
        CodeForm, SurveyForm, AgencyForm, LettersForm, CapForm, TestForm,
    )
}  # fmt: skip
