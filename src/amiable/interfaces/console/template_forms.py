"""A text being written: where it counts, its subject and body, and what is shown beside them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.core import signing
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from amiable.apps.dunning.writing import trials
from amiable.apps.messaging.library.bounded import Look, text_look
from amiable.apps.messaging.library.fields import FIELDS, Field
from amiable.apps.messaging.library.problems import Problem
from amiable.apps.messaging.library.resolution import Place
from amiable.apps.messaging.library.samples import KINDS, Use, sample, sample_values
from amiable.apps.messaging.library.templates import normalized
from amiable.apps.messaging.library.viewing import View
from amiable.apps.messaging.rendering.branding import PLAIN, brands
from amiable.apps.tenants.settings import settings_of
from amiable.core.drafts import Draft
from amiable.core.money import Money
from amiable.core.records import CustomerKind

OF_AGENCIES = frozenset({"mandate", "collector"})
PAGE_SALT, PAGE_SECONDS = "template-page", 600
GROUPS = {
    "block": _("Blocks"),
    "money": _("Amounts and references"),
    "date": _("Dates"),
    "party": _("Names"),
    "contact": _("Who writes"),
    "manner": _("Phrases that suit the medium"),
    "promise": _("Promises and returned payments"),
    "condition": _("Conditions"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """What the form holds."""

    subject: str
    body: str

    @property
    def text(self) -> str:
        """As it is kept: the subject on the first line."""
        return normalized(f"{self.subject}\n{self.body}")

    @staticmethod
    def of(text: str) -> Written:
        """The two parts of a kept text."""
        subject, _, body = text.partition("\n")
        return Written(subject, body.rstrip("\n"))

    @staticmethod
    def posted(post: QueryDict) -> Written:
        """What was sent; a subject is one line."""
        subject = " ".join(post.get("subject", "").split("\n"))
        return Written(subject.replace("\r", ""), post.get("body", ""))


@dataclass(frozen=True, slots=True)
class Said:
    """A problem with its place in the form: `line` of the body, 0 = the text as a whole, -1 = the
    subject; `excerpt` = that line."""

    problem: Problem
    line: int
    excerpt: str


def place_of(code: str, *, medium: str, language: str, given: Mapping[str, str]) -> Place:
    """The place that an address and its parameters name."""
    creditor = given.get("creditor", "")
    scenario = given.get("scenario", "")[:60]
    creditor_id = int(creditor) if creditor.isdecimal() and len(creditor) < 19 else None
    return Place(code, medium, language, creditor_id, scenario)


def address(place: Place, name: str = "console:template") -> str:
    """The address of a place's page."""
    path = reverse(name, args=(place.code, place.medium, place.language))
    query = QueryDict(mutable=True)
    if place.creditor_id:
        query["creditor"] = str(place.creditor_id)
    if place.scenario_code:
        query["scenario"] = place.scenario_code
    return f"{path}?{query.urlencode()}" if query else path


def looked_at(
    organization_id: int, place: Place, written: Written, *, chosen: str, on: date
) -> tuple[Look, bool]:
    """The text checked and seen. `chosen` = the id of a case, or a kind of customer of a made-up
    one; also whether a real case was found."""
    use = trials.text_use(organization_id, place)
    drafts: list[Draft] = []
    if chosen.isdecimal() and len(chosen) < 19:
        drafts = trials.trial_drafts(organization_id, int(chosen), place, on=on)
    is_real = bool(drafts)
    if not drafts:
        drafts = made_up(organization_id, place, use=use, kind=chosen)
    known = brands(organization_id, {draft.creditor_id for draft in drafts})
    shown = [(draft, known.get(draft.creditor_id, PLAIN)) for draft in drafts]
    return text_look(written.text, use, shown=shown), is_real


def made_up(organization_id: int, place: Place, *, use: Use, kind: str) -> list[Draft]:
    """A customer that does not exist, by each medium that the text serves."""
    known: CustomerKind = next((each for each in KINDS if each == kind), "company")
    media = trials.served_media(organization_id, place)
    return [sample(replace(use, medium=medium), known) for medium in media]


def said(look: Look, written: Written) -> list[Said]:
    """Its problems at their lines of the form."""
    lines = written.text.split("\n")
    return [
        Said(each, _line(each), lines[each.line - 1] if 0 < each.line <= len(lines) else "")
        for each in look.problems
    ]


def _line(problem: Problem) -> int:
    return {0: 0, 1: -1}.get(problem.line, problem.line - 1)


@dataclass(frozen=True, slots=True)
class SmsCost:
    """What a text message costs: a part, and all of them."""

    part: Money
    total: Money


def sms_cost(organization_id: int, views: Iterable[View]) -> SmsCost | None:
    """The cost of the text among these, None when there is none."""
    parts = next((view.size["parts"] for view in views if view.size), 0)
    if not parts:
        return None
    price = settings_of(organization_id).sms_part_minor
    return SmsCost(Money(price, "EUR"), Money(price * parts, "EUR"))


def page_key(view: View, user_id: int) -> str:
    """The HTML of a view, signed, so that it can be shown at an address of its own."""
    return signing.dumps([user_id, view.html], salt=PAGE_SALT, compress=True)


def page_html(key: str, user_id: int) -> str | None:
    """The HTML that a key holds; None when it is not ours, not theirs or too old."""
    try:
        owner, html = signing.loads(key, salt=PAGE_SALT, max_age=PAGE_SECONDS)
    except (signing.BadSignature, ValueError):
        return None
    return str(html) if owner == user_id else None


def picker(use: Use) -> list[tuple[Any, list[tuple[Field, str]]]]:
    """The values by group, each with what it would say to a made-up company."""
    draft = sample(use, "company")
    values = sample_values(draft)
    return [
        (
            label,
            [
                (each, _shown(each, values))
                for each in FIELDS
                if each.group == group and (use.is_agency or each.name not in OF_AGENCIES)
            ],
        )
        for group, label in GROUPS.items()
        if not (group == "block" and use.medium in {"sms", "phone"})
    ]


def _shown(field: Field, values: Mapping[str, object]) -> str:
    value = values.get(field.name)
    return "" if field.group in {"block", "condition"} or value is None else str(value)[:60]


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """Lines of two texts: ("same" | "gone" | "new", line)."""
    signs = {"  ": "same", "- ": "gone", "+ ": "new"}
    lines: Iterable[str] = difflib.Differ(charjunk=None).compare(
        before.splitlines(), after.splitlines()
    )
    return [(signs[line[:2]], line[2:]) for line in lines if line[:2] in signs]
