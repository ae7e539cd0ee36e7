"""What customers write on the page, checked: a day and an amount, a reason, a payment made."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from amiable.apps.cases.dispute_reasons import reasons
from amiable.apps.cases.disputed import Contested
from amiable.apps.dunning.writing.portal import Page, PageItem
from amiable.core.invoice_lines import proposed_minor
from amiable.core.money import AmountError, minor
from amiable.core.numbers import ParseError, amount
from amiable.core.workdays import next_workday
from amiable.interfaces.portal import words
from amiable.interfaces.portal.line_fields import lines_checked, lines_of, lines_shown

LONGEST_NOTE = 1000
# Nobody pays a year late and remembers the day; older payments are told in words.
OLDEST_PAYMENT = timedelta(days=366)
METHODS: dict[str, str | Promise] = {
    "transfer": _("By bank transfer"),
    "card": _("By card"),
    "cheque": _("By cheque"),
    "direct_debit": _("By direct debit"),
    "other": _("In another way"),
}


# The best first: what is read first is no reproach.
SCORES: dict[int, str | Promise] = {
    5: _("Very satisfied"),
    4: _("Satisfied"),
    3: _("Neither satisfied nor dissatisfied"),
    2: _("Dissatisfied"),
    1: _("Very dissatisfied"),
}


class Amount(forms.CharField):
    """An amount as people type it, in the currency of the page; minor units once clean."""

    currency = "EUR"

    def clean(self, value: Any) -> Any:
        """Minor units above zero; None when nothing was written and nothing has to be."""
        text = super().clean(value)
        if not text:
            return None
        try:
            read, stated = amount(text[:40], "")
            found = minor(read, self.currency)
        except (AmountError, ParseError) as error:
            raise forms.ValidationError(
                _("Write the amount with figures, for example 1252.23.")
            ) from error
        if stated not in {"", self.currency} or found <= 0:
            raise forms.ValidationError(_("Write an amount above zero, in the same currency."))
        return found


class PortalForm(forms.Form):
    """A form of the page: its amounts are in the page's currency."""

    ids = "id_%s"
    note = forms.CharField(required=False, max_length=LONGEST_NOTE, label=_("Your message"))

    def __init__(self, data: Any = None, *, page: Page, on: date, initial: Any = None) -> None:
        super().__init__(data, initial=initial, auto_id=self.ids)
        self.page, self.on = page, on
        for field in self.fields.values():
            field.error_messages["required"] = _("Please fill this in.")
            if isinstance(field, forms.ChoiceField):
                field.error_messages["required"] = _("Please choose one.")
            if isinstance(field, Amount):
                field.currency = page.draft.currency


class DayForm(PortalForm):
    """`day` = one of those offered, or "other" with a day of one's own."""

    day = forms.CharField(max_length=10, label=_("When will you pay?"))
    other = forms.DateField(required=False, label=_("Another day"))

    @property
    def span(self) -> tuple[date, date | None]:
        """The first and the last day that are accepted; None = none is."""
        return self.on, self.page.promise_until

    def clean(self) -> dict[str, Any]:
        """The day that was chosen, within what the organization accepts."""
        data = super().clean() or {}
        first, until = self.span
        day = _day(data.get("day", ""), data.get("other"))
        if "day" in self.errors or "other" in self.errors:
            return data
        if until is None:
            said = _("A new date has to be agreed with us: tell us that you need longer.")
            self.add_error(None, said)
        elif day is None or not first <= day <= until:
            self.add_error("other", _("Choose one of the days that are offered."))
        return {**data, "due_on": day}


class PromiseForm(DayForm):
    """A day and an amount."""

    amount = Amount(label=_("How much?"))

    def clean_amount(self) -> int:
        """At most what is left to promise."""
        found: int = self.cleaned_data["amount"]
        if found > self.page.most_minor:
            raise forms.ValidationError(_("This is more than what is left to pay."), code="much")
        return found


class MoveForm(DayForm):
    """Another day for what was promised."""

    ids = "moved-%s"

    @property
    def span(self) -> tuple[date, date | None]:
        """From the day after the one that was promised."""
        moving = self.page.moving
        return (moving.first_on, moving.until) if moving else (self.on, None)


class PayForm(PortalForm):
    """How much of what is ticked is paid online now."""

    amount = Amount(label=_("Amount"))


class HelpForm(PortalForm):
    """Needs longer, or to pay in parts: a person answers."""

    ids = "help-%s"


class DisputeForm(PortalForm):
    """An invoice, why, and how much of it."""

    item = forms.TypedChoiceField(coerce=int, label=_("Which invoice?"))
    reason = forms.ChoiceField(label=_("What is not right?"))
    line = forms.Field(required=False, label=_("Lines you contest"))
    amount = Amount(required=False, label=_("Contested amount"))

    def __init__(self, data: Any = None, *, page: Page, on: date, initial: Any = None) -> None:
        super().__init__(data, page=page, on=on, initial=initial)
        asked = str((data or initial or {}).get("item", ""))
        only = page.items[0].invoice_id if len(page.items) == 1 else None
        self.of = next((item for item in page.items if str(item.id) == asked), None)
        invoice_id = self.of.invoice_id if self.of else only
        self.lines = lines_of(page.link.organization_id, invoice_id)
        self.line_fields = lines_shown(self.lines, data or {})
        choices = [(item.id, item.number) for item in page.items]
        self.fields["item"].choices = choices  # type: ignore[attr-defined]
        known = reasons(page.link.organization_id, page.draft.creditor_id)
        self.reasons = {row.code: row for row in known if row.is_active}
        self.fields["reason"].choices = self.reason_choices  # type: ignore[attr-defined]

    @property
    def reason_choices(self) -> list[tuple[str, str]]:
        """The creditor's reasons, in the language of the page."""
        language = get_language() or ""
        return [(code, row.label(language)) for code, row in self.reasons.items()]

    @property
    def chosen(self) -> PageItem:
        """The invoice, once it is known to be of this page."""
        wanted = self.cleaned_data["item"]
        return next(item for item in self.page.items if item.id == wanted)

    def clean(self) -> dict[str, Any]:
        """No more than what is open; what is not told by the reason is told in words."""
        data = super().clean() or {}
        item = self.chosen if "item" in data else None
        data["lines"], data["line_amount"] = self._lines(item)
        typed, reckoned = data.get("amount"), data["line_amount"]
        amount = typed or reckoned
        if amount and item and amount > item.open_minor:
            self.add_error("amount", _("This is more than what is open of this invoice."))
        elif typed and reckoned and typed != reckoned:
            self.add_error("amount", self._which(reckoned))
        if data.get("reason") == "other" and not data.get("note") and "note" not in self.errors:
            self.add_error("note", _("Tell us in a few words what is not right."))
        whole = item is not None and amount == item.open_minor
        return {**data, "amount": None if whole else amount}

    def _which(self, reckoned: int) -> str:
        """Two amounts were said: neither wins silently."""
        text = gettext(
            "The lines you ticked come to {amount}, and you wrote another amount: leave it empty"
            " to contest these lines, or untick them to contest the amount you wrote."
        )
        return text.format(amount=words.money(reckoned, self.page.draft.currency))

    def _lines(self, item: PageItem | None) -> tuple[tuple[Contested, ...], int | None]:
        """The lines that are ticked, and what they come to: never above what is open."""
        if item is None:
            return (), None
        try:
            wished, priced = lines_checked(
                self.page.link.organization_id, item.invoice_id, self.data,
                currency=self.page.draft.currency,
            )  # fmt: skip
        except forms.ValidationError as error:
            self.add_error("line", error)
            return (), None
        parts = (each.amount_minor for each in priced)
        return wished, proposed_minor(parts, open_minor=item.open_minor) if priced else None


class WriteForm(PortalForm):
    """A message about a dispute."""


class ContactForm(PortalForm):
    """Whom to turn to instead: a name, and an email address or a telephone number."""

    name = forms.CharField(max_length=120, label=_("Name"))
    email = forms.EmailField(required=False, max_length=254, label=_("Email"))
    phone = forms.CharField(required=False, max_length=32, label=_("Telephone"))

    def clean_phone(self) -> str:
        """Digits and what people write between them."""
        found: str = self.cleaned_data["phone"].strip()
        if found and not re.fullmatch(r"\+?[0-9 ().\-]{6,31}", found):
            raise forms.ValidationError(_("Write the number with digits, for example 0612345678."))
        return found

    def clean(self) -> dict[str, Any]:
        """At least one way to reach the person."""
        data = super().clean() or {}
        if not self.errors and not (data.get("email") or data.get("phone")):
            self.add_error("email", _("Write an email address or a telephone number."))
        return data


class OpinionForm(PortalForm):
    """How it went: a mark, a few words, whether to be called."""

    score = forms.TypedChoiceField(
        coerce=int, choices=tuple(SCORES.items()), label=_("How satisfied are you?")
    )
    wants_call = forms.BooleanField(required=False, label=_("Please call me back"))


class PaidForm(PortalForm):
    """A payment that was made: when, how much and by what."""

    paid_on = forms.DateField(label=_("Paid on"))
    amount = Amount(label=_("Amount"))
    method = forms.ChoiceField(choices=tuple(METHODS.items()), label=_("How?"))

    def clean_paid_on(self) -> date:
        """A day that has come, and not long ago."""
        found: date = self.cleaned_data["paid_on"]
        if not self.on - OLDEST_PAYMENT <= found <= self.on:
            raise forms.ValidationError(_("Write the day on which it left, today at the latest."))
        return found


def offered_days(on: date, until: date | None) -> list[date]:
    """Days to promise in one tap: in a week, in two, at the end of the month, the last one."""
    if until is None:
        return []
    month_end = (on.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    wanted = (on + timedelta(days=7), on + timedelta(days=14), month_end, until)
    days = {min(next_workday(day), until) for day in wanted if on < day <= until}
    return sorted(days)


def _day(chosen: str, other: date | None) -> date | None:
    if chosen == "other":
        return other
    try:
        return date.fromisoformat(chosen)
    except ValueError:
        return None
