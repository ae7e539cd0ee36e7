"""Texts of an organization's own: saved as versions that never change, withdrawn, taken back."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.messaging.library.bounded import text_look
from amiable.apps.messaging.library.problems import Problem
from amiable.apps.messaging.library.resolution import Place, newest, scopes
from amiable.apps.messaging.library.samples import Use
from amiable.apps.messaging.models import Template
from amiable.apps.messaging.writing.texts import WRITTEN, shipped_text, text_exists
from amiable.apps.messaging.writing.wording import LANGUAGES, TEXTS
from amiable.apps.tenants.models import Creditor
from amiable.apps.tenants.queries import organization_lock

MEDIA = ("email", "sms", "letter", "registered_letter", "phone")


class TemplateError(ValueError):
    """A text that cannot be saved; `problems` say why, each at its place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(each.sentence) for each in self.problems))


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an own text."""

    id: int
    place: Place
    version: int
    text: str
    created_at: datetime
    created_by: str
    is_withdrawn: bool


@dataclass(frozen=True, slots=True)
class Current:
    """What messages of a place are written from today. `place` = whose text it is, None = the
    shipped one; `version` 0 = shipped; `is_here` = an own text stands at this very place."""

    text: str
    place: Place | None
    version: int
    is_here: bool


@dataclass(frozen=True, slots=True)
class Written:
    """A text in the list: by language whether it is "own" (for all), "shipped" or "missing", and
    the narrower places that have a text of their own."""

    code: str
    medium: str
    languages: Mapping[str, str]
    narrower: tuple[Place, ...]


def place_problem(organization_id: int, place: Place) -> str:
    """Why no text can stand at a place, "" when one can."""
    if place.medium not in MEDIA or place.language not in LANGUAGES:
        return f"no text by {place.medium} in {place.language}"
    own = Template.objects.filter(
        organization_id=organization_id, code=place.code, medium=place.medium
    )
    if not text_exists(place.code, place.medium) and not own.exists():
        return f"no text {place.code} by {place.medium}"
    theirs = Creditor.objects.filter(organization_id=organization_id, id=place.creditor_id or 0)
    if place.creditor_id is not None and not theirs.exists():
        return f"no creditor {place.creditor_id}"
    return ""


def template_save(
    organization_id: int, place: Place, text: str, *, use: Use, now: datetime, actor: str
) -> tuple[int, bool]:
    """Keep a text; returns (version, whether it is new): the same words change nothing.

    Raises TemplateError for a text with errors, LookupError for a place that cannot be.
    """
    if problem := place_problem(organization_id, place):
        raise LookupError(problem)
    text = normalized(text)
    look = text_look(text, use)
    if not look.is_right:
        raise TemplateError(each for each in look.problems if each.weight == "error")
    return template_keep(organization_id, place, text, now=now, actor=actor)


@transaction.atomic
def template_keep(
    organization_id: int, place: Place, text: str, *, now: datetime, actor: str
) -> tuple[int, bool]:
    """Keep a text that was looked at; returns as template_save."""
    organization_lock(organization_id)
    last = _rows(organization_id, place).order_by("-version").first()
    if last and last.text == text and not last.is_withdrawn:
        return last.version, False
    row = Template.objects.create(
        organization_id=organization_id,
        code=place.code,
        medium=place.medium,
        language=place.language,
        creditor_id=place.creditor_id,
        scenario_code=place.scenario_code,
        version=last.version + 1 if last else 1,
        text=text,
        created_at=now,
        created_by=actor,
    )
    _recorded(organization_id, "template.saved", row, on=now.date(), actor=actor)
    return row.version, True


@transaction.atomic
def template_withdraw(organization_id: int, place: Place, *, on: date, actor: str) -> bool:
    """Give the place back to what its text hid; False when there was none."""
    organization_lock(organization_id)
    row = _rows(organization_id, place).order_by("-version").first()
    if row is None or row.is_withdrawn:
        return False
    row.is_withdrawn = True
    row.save(update_fields=["is_withdrawn"])
    _recorded(organization_id, "template.withdrawn", row, on=on, actor=actor)
    return True


def template_restore(
    organization_id: int, place: Place, version: int, *, use: Use, now: datetime, actor: str
) -> int:
    """Save an earlier version again, as the newest; returns its number. Raises as template_save."""
    row = _rows(organization_id, place).filter(version=version).first()
    if row is None:
        raise LookupError(f"no version {version}")
    return template_save(organization_id, place, row.text, use=use, now=now, actor=actor)[0]


def template_versions(organization_id: int, place: Place) -> list[Version]:
    """The versions of a place, newest first."""
    rows = _rows(organization_id, place).order_by("-version")
    return [
        Version(
            row.pk, place, row.version, row.text, row.created_at, row.created_by, row.is_withdrawn
        )
        for row in rows
    ]


def template_current(organization_id: int, place: Place) -> Current:
    """The text that messages of a place are written from. Raises LookupError for none at all."""
    rows = newest(organization_id).filter(
        code=place.code, language=place.language, is_withdrawn=False
    )
    found = {_place(row): row for row in rows}
    for medium in WRITTEN.get(place.medium, (place.medium,)):
        for creditor_id, scenario_code in scopes(place.creditor_id, place.scenario_code):
            near = Place(place.code, medium, place.language, creditor_id, scenario_code)
            if near in found:
                row = found[near]
                return Current(row.text, near, row.version, near == place)
        shipped = shipped_text(place.code, medium=medium, language=place.language)
        if shipped is not None:
            return Current(shipped, None, 0, is_here=False)
    raise LookupError(f"no text {place.code} by {place.medium} in {place.language}")


def template_places(organization_id: int) -> list[Written]:
    """Every text there is, shipped or own, by code and medium: one query."""
    own: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for row in newest(organization_id).filter(is_withdrawn=False).defer("text"):
        own[row.code, row.medium].append(_place(row))
    shipped = {(code, medium) for path in TEXTS.glob("*/*.liquid")
               for code, medium, _ in [path.name.split(".")]}  # fmt: skip
    return [
        Written(
            code,
            medium,
            {each: _state(code, medium, each, own[code, medium]) for each in LANGUAGES},
            tuple(
                sorted(
                    (p for p in own[code, medium] if p.creditor_id or p.scenario_code),
                    key=lambda p: (p.language, p.creditor_id or 0, p.scenario_code),
                )
            ),
        )
        for code, medium in sorted(shipped | own.keys())
    ]


def normalized(text: str) -> str:
    """The text with plain line ends, composed letters, and one line end at its end."""
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(line.rstrip(" \t") for line in lines.split("\n")).rstrip("\n") + "\n"


def other_languages(organization_id: int, place: Place) -> dict[str, Current | None]:
    """What the other languages are written from at a place, to see whether they go together."""
    found: dict[str, Current | None] = {}
    for language in LANGUAGES:
        if language == place.language:
            continue
        try:
            found[language] = template_current(organization_id, replace(place, language=language))
        except LookupError:
            found[language] = None
    return found


def _state(code: str, medium: str, language: str, own: list[Place]) -> str:
    if Place(code, medium, language) in own:
        return "own"
    shipped = shipped_text(code, medium=medium, language=language)
    return "missing" if shipped is None else "shipped"


def _rows(organization_id: int, place: Place) -> QuerySet[Template]:
    return Template.objects.filter(
        organization_id=organization_id,
        code=place.code,
        medium=place.medium,
        language=place.language,
        creditor_id=place.creditor_id,
        scenario_code=place.scenario_code,
    )


def _place(row: Template) -> Place:
    return Place(row.code, row.medium, row.language, row.creditor_id, row.scenario_code)


def _recorded(organization_id: int, kind: str, row: Template, *, on: date, actor: str) -> None:
    payload = {
        "code": row.code,
        "medium": row.medium,
        "language": row.language,
        "creditor": row.creditor_id,
        "scenario": row.scenario_code,
        "version": row.version,
    }
    event_record(organization_id, Happening(kind, on, actor, payload=payload))
