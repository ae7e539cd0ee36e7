"""Tags and filters of the console: icons, amounts, dates, sentences, badges."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from amiable.core.money import Money, exponent
from amiable.interfaces.console import formats, labels, sentences

register = template.Library()
# Whom a history names where no person acted.
_NOBODY = {
    "cli": _("command line"), "command line": _("command line"), "drop": _("files picked up"),
    "mailbox": _("mailbox"), "portal": _("payment page"),
}  # fmt: skip


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """An icon of the sprite, silent for screen readers: the text beside it speaks."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        css,
        static("vendor/icons.svg"),
        name,
    )


@register.filter
def money(value: Money | int | None, currency: str = "EUR") -> str:
    """An amount: a Money, or minor units and their currency. None is a dash."""
    if value is None:
        return "—"
    if isinstance(value, Money):
        return formats.money(value.amount_minor, value.currency)
    return formats.money(value, currency)


@register.filter
def amounts(values: Iterable[Money]) -> str:
    """Amounts of several currencies, one after the other."""
    return " · ".join(formats.money(value.amount_minor, value.currency) for value in values)


@register.filter
def money_short(value: Money | int | None, currency: str = "EUR") -> str:
    """An amount without its cents, for headlines."""
    if value is None:
        return "—"
    if isinstance(value, Money):
        return formats.money_short(value.amount_minor, value.currency)
    return formats.money_short(value, currency)


@register.filter
def number(value: Decimal | int | str | None, digits: int = 0) -> str:
    """A number with grouped thousands. None, or what a template could not find, is a dash."""
    return "—" if value is None or isinstance(value, str) else formats.number(value, digits)


@register.filter
def day(value: date | datetime | str | None) -> str:
    """A date; ISO text is accepted, None is a dash."""
    if not value:
        return "—"
    return formats.day(date.fromisoformat(value) if isinstance(value, str) else value)


@register.filter
def day_long(value: date) -> str:
    """A date with its weekday."""
    return formats.day_long(value)


@register.filter
def moment(value: datetime | None) -> str:
    """A date and time; None is a dash."""
    return "—" if value is None else formats.moment(value)


@register.filter
def sentence(value: Any) -> str:
    """A Sentence or its JSON in the reader's language."""
    return sentences.render(value)


@register.filter
def label(value: str, kind: str) -> str:
    """The words for a code: {{ message.medium|label:"medium" }}."""
    return str(labels.look(kind, value).label)


@register.filter
def tone(value: str, kind: str) -> str:
    """The tone of a code: {{ event.kind|tone:"delivery" }}."""
    return labels.look(kind, value).tone


@register.filter
def who(actor: str) -> str:
    """Who did something, as a history tells it: a person's name, or the part of the program."""
    return str(_NOBODY.get(actor, actor))


@register.filter
def iban(value: str) -> str:
    """An IBAN in groups of four."""
    return " ".join(value[i : i + 4] for i in range(0, len(value), 4))


@register.simple_tag
def invoice_link(invoice_id: int | None, number: str, *, css: str = "") -> SafeString | str:
    """The number of an invoice, leading to its page; the number alone when the page knows no id."""
    if not invoice_id:
        return number
    address = reverse("console:invoice", args=[invoice_id])
    return format_html('<a class="{}" href="{}">{}</a>', css or "invoice-link", address, number)


@register.simple_tag
def item_link(installment_id: int | None, number: str, *, css: str = "") -> SafeString | str:
    """As invoice_link, where the page knows the instalment alone."""
    if not installment_id:
        return number
    address = reverse("console:item", args=[installment_id])
    return format_html('<a class="{}" href="{}">{}</a>', css or "invoice-link", address, number)


@register.filter
def decimal(value: str, currency: str = "") -> str:
    """A decimal kept as text, as the reader writes it; text that is none stays as it is. A price
    has the decimals of its `currency` at least."""
    try:
        found = Decimal(value)
    except InvalidOperation:
        return value
    _, _, digits = f"{found:f}".partition(".")
    least = exponent(currency) if currency else 0
    return formats.number(found, max(least, len(digits.rstrip("0"))))


@register.inclusion_tag("console/parts/badge.html")
def badge(kind: str, value: str) -> dict[str, Any]:
    """A state as a coloured pill with its words: {% badge "message" message.state %}."""
    return {"look": labels.look(kind, value)}


@register.simple_tag(takes_context=True)
def address(context: dict[str, Any], **changes: Any) -> str:
    """The current address with some query parameters changed; None removes one."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = value
    return f"?{query.urlencode()}"


@register.inclusion_tag("console/parts/chip.html", takes_context=True)
def chip(
    context: dict[str, Any],
    words: str,
    *,
    on: str | None,
    count: int | None = None,
    whole: str = "",
    **choice: str,
) -> dict[str, Any]:
    """A choice of a list: {% chip _("Posted") state="posted" on=state count=n %}. `on` = what is
    chosen now, `whole` = the value that the address need not name."""
    ((key, value),) = choice.items()
    href = address(context, **{key: None if value == whole else value, "page": None})
    return {"words": words, "count": count, "is_on": (on or "") == value, "address": href}
