"""The fields of the scenario editor: where each stands in a file, and how people write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from amiable.core.money import major
from amiable.interfaces.console import formats, labels
from amiable.interfaces.console import scenario_words as words
from amiable.interfaces.console.forms import AmountField

Text = str | Promise
Choices = list[tuple[str, Text]]
NONE = ("", "—")
_FALLBACKS = 3


@dataclass(frozen=True, slots=True)
class Spec:
    """A field: `path` as the file names it, dotted inside a part; `kind` = text, number, amount,
    select, checks, check, list (texts apart by commas), ordered (selects in order), days."""

    path: str
    label: Text
    kind: str
    options: str = ""  # of labels.LOOKS, or a name that the draft fills in
    hint: Text = ""
    optional: bool = False
    limit: int = 60
    refreshes: bool = False  # another choice brings other fields: the cards are drawn anew


SCENARIO = (
    Spec("name", _("Name"), "text", limit=120),
    Spec("description", _("What it is for, in a sentence"), "text", limit=500),
    Spec("min_amount_minor", _("Smallest amount reminded (EUR)"), "amount"),
    Spec("min_gap_days", _("Fewest days between two contacts"), "number"),
    Spec("regroup_days", _("Days a new invoice waits to join the next contact"), "number"),
    Spec("deadline_days", _("Days to pay that a message gives"), "number"),
    Spec("catch_up", _("Old invoices never reminded"), "select", "catch_up"),
    Spec("catch_up_step", _("Catch-up step"), "select", "steps", optional=True),
    Spec("after_broken", _("After a broken promise, go on with"), "select", "scenarios",
         optional=True),
    Spec("event_days", _("Days after which an event starts nothing"), "number"),
    Spec("approval_above_minor", _("A person confirms above (EUR)"), "amount",
         hint=_("Empty: no amount.")),
    Spec("show_paused", _("Messages list apart what is in dispute, promised or on hold"), "check"),
)  # fmt: skip

STEP: tuple[tuple[str, Text, tuple[Spec, ...]], ...] = (
    ("what", _("What"), (
        Spec("name", _("Name"), "text", limit=120),
        Spec("medium", _("Medium"), "select", "medium", refreshes=True),
        Spec("stage", _("Tone"), "select", "stage"),
        Spec("template", _("Text"), "select", "texts", optional=True),
        Spec("task", _("To do inside"), "select", "task", optional=True),
        Spec("approval", _("Approval"), "select", "approval"),
    )),
    ("when", _("When"), (
        Spec("offset_days", _("Days"), "days"),
        Spec("days", _("Counted in"), "select", "day_kind"),
        Spec("anchor", _("Counted from"), "select", "anchor"),
        Spec("accompanies", _("Goes out together with"), "select", "steps", optional=True),
    )),
    ("whom", _("To whom"), (
        Spec("recipients", _("Written to (nobody ticked: the usual contact)"), "checks",
             "recipient"),
        Spec("fallback", _("If the customer cannot be reached so, else by"), "ordered", "medium",
             refreshes=True),
        Spec("attachments", _("Attached"), "checks", "attachment"),
        Spec("tries", _("Calls in all, when nobody answers"), "number",
             hint=_("0 = as the settings say.")),
    )),
    ("conditions", _("Only if"), (
        Spec("conditions.min_amount_minor", _("Overdue at least (EUR)"), "amount"),
        Spec("conditions.max_amount_minor", _("Overdue at most (EUR)"), "amount"),
        Spec("conditions.min_score", _("Score at least"), "number"),
        Spec("conditions.max_score", _("Score at most"), "number"),
        Spec("conditions.min_stage", _("Level reached at least"), "select", "stage",
             optional=True),
        Spec("conditions.min_days_since_contact", _("Days since the last contact"), "number"),
        Spec("conditions.min_broken_promises", _("Broken promises at least"), "number"),
        Spec("conditions.segments", _("Segments"), "list", hint=_("Separated by commas.")),
        Spec("conditions.creditors", _("Creditors (codes)"), "list",
             hint=_("Separated by commas.")),
        Spec("conditions.languages", _("Languages (codes)"), "list", hint=_("fr, en…")),
        Spec("conditions.kinds", _("Kind of customer"), "checks", "customer"),
        Spec("conditions.contact_by", _("Can be reached by"), "checks", "medium"),
    )),
    ("window", _("When it may leave"), (
        Spec("window.weekdays", _("Days"), "checks", "weekday"),
        Spec("window.from_hour", _("From (hour)"), "number"),
        Spec("window.until_hour", _("Until (hour)"), "number"),
    )),
    ("file", _("In files and histories"), (
        Spec("code", _("Code"), "text", limit=29,
             hint=_("Keep it: what was done is remembered under it.")),
    )),
)  # fmt: skip
STEP_SPECS = tuple(spec for _code, _label, specs in STEP for spec in specs)


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field ready to be drawn."""

    spec: Spec
    html_name: str
    value: Any
    choices: Choices
    problems: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Id of its first control."""
        return f"f-{self.html_name.replace('.', '-')}"


def written(spec: Spec, thing: Any) -> Any:
    """What the field shows for a Scenario or a Step."""
    value = thing
    for part in spec.path.split("."):
        value = getattr(value, part)
    return _SHOWN[spec.kind](spec, value)


def _amount_shown(spec: Spec, minor: int | None) -> str:
    """A least amount of nothing asks nothing, and is left empty."""
    if minor is None or (not minor and spec.path.endswith("min_amount_minor")):
        return ""
    return major(minor).replace(".", formats.decimal_mark())


def _days_shown(_spec: Spec, days: int) -> tuple[str, str]:
    return str(abs(days)), "before" if days < 0 else "after"


def _text_shown(spec: Spec, value: Any) -> str:
    ours = spec.path in {"name", "description"}
    return "" if value is None else words.own(value) if ours else str(value)


_SHOWN: Mapping[str, Callable[[Spec, Any], Any]] = {
    "text": _text_shown,
    "select": _text_shown,
    "number": _text_shown,
    "amount": _amount_shown,
    "days": _days_shown,
    "check": lambda _spec, value: value,
    "checks": lambda _spec, value: list(value),
    "ordered": lambda _spec, value: list(value),
    "list": lambda _spec, value: ", ".join(value),
}


def posted(spec: Spec, post: QueryDict, *, name: str) -> Any:
    """What was written in the field, in the shape of `written`."""
    if spec.kind == "checks":
        return post.getlist(name)[:20]
    if spec.kind == "ordered":
        return [value for value in post.getlist(name)[:_FALLBACKS] if value]
    if spec.kind == "check":
        return post.get(name) == "on"
    if spec.kind == "days":
        return (post.get(name, "").strip()[:20], post.get(f"{name}.side", "after"))
    return post.get(name, "").strip()[: spec.limit + 2 if spec.kind == "text" else 1000]


def value_of(spec: Spec, value: Any) -> Any:
    """What the file says for it; None = nothing, the default. What cannot be read stays text, for
    the check to speak of."""
    if spec.kind in {"checks", "check", "ordered"}:
        return value
    if spec.kind == "days":
        count = _number(value[0])
        return -count if value[1] == "before" and isinstance(count, int) else count
    if spec.kind == "list":
        return [each for text in value.split(",") if (each := text.strip())]
    if not value:
        return None
    read: Callable[[str], Any] = {"number": _number, "amount": _amount}.get(spec.kind, words.kept)
    return read(value)


def data_of(specs: tuple[Spec, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping that a file would hold."""
    data: dict[str, Any] = {}
    for spec in specs:
        value = value_of(spec, values[spec.path])
        if value is None:
            continue
        *parts, name = spec.path.split(".")
        inner = data
        for part in parts:
            inner = inner.setdefault(part, {})
        inner[name] = value
    return data


def view(spec: Spec, value: Any, *, prefix: str, given: Mapping[str, Choices]) -> FieldView:
    """The field with its choices; a value that is no choice any more stays one, to be corrected."""
    choices: Choices = []
    if spec.options:
        known = given.get(spec.options)
        choices = list(labels.choices(spec.options)) if known is None else list(known)
        if spec.kind == "select" and value and value not in dict(choices):
            choices.append((value, value))
        if spec.optional:
            choices.insert(0, NONE)
    shown = [*value, *[""] * _FALLBACKS][:_FALLBACKS] if spec.kind == "ordered" else value
    return FieldView(spec, f"{prefix}{spec.path}", shown, choices)


def _number(text: str) -> int | str | None:
    plain = text.replace("\u2212", "-")
    return int(plain) if re.fullmatch(r"[-+]?[0-9]{1,9}", plain) else text or None


def _amount(text: str) -> int | str | None:
    try:
        return AmountField().to_python(text)
    except ValidationError:
        return text
