"""Texts in words: the list by scenario, and how the languages of a text go together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language, gettext

from amiable.apps.dunning.library.checks import OF_CALLS
from amiable.apps.dunning.writing.trials import TextUse
from amiable.apps.messaging.library.fields import BY_NAME
from amiable.apps.messaging.library.own import WRITTEN_MEDIA
from amiable.apps.messaging.library.resolution import Place
from amiable.apps.messaging.library.templates import (
    Current,
    TemplateError,
    Written,
    other_languages,
)
from amiable.apps.messaging.writing.texts import WRITTEN
from amiable.apps.messaging.writing.wording import language_of
from amiable.core.scenario import Scenario
from amiable.interfaces.console import labels, scenario_words
from amiable.interfaces.console.sentences import render

_VALUE = re.compile(r"\{\{-?\s*(\w+)|\{%-?\s*(?:if|elsif|unless)\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Row:
    """A text in the list: the steps that use it by this medium, and what there is of it."""

    written: Written
    names: tuple[str, ...]
    stage: str

    @property
    def is_missing(self) -> bool:
        """Whether a language has no text of its own."""
        return "missing" in self.written.languages.values()


@dataclass(frozen=True, slots=True)
class Shelf:
    """The texts of a scenario. `is_own` = the organization uses it; `scenario` None = of none."""

    scenario: Scenario | None
    scenario_id: int | None
    rows: tuple[Row, ...]


def shelves(
    uses: Mapping[str, Sequence[TextUse]], places: Sequence[Written], *, medium: str
) -> list[Shelf]:
    """The texts by scenario in the order of its steps; the scenarios in use first."""
    chosen = [each for each in places if medium in {"", each.medium}]
    by_code: dict[str, list[Written]] = {}
    for each in chosen:
        by_code.setdefault(each.code, []).append(each)
    scenarios: dict[str, tuple[int | None, Scenario]] = {}
    for each_use in (use for group in uses.values() for use in group):
        scenarios.setdefault(each_use.scenario.code, (each_use.scenario_id, each_use.scenario))
    found = [
        Shelf(scenario, scenario_id, tuple(_rows(scenario, by_code)))
        for scenario_id, scenario in sorted(
            scenarios.values(), key=lambda pair: (pair[0] is None, pair[1].code)
        )
    ]
    used = {row.written.code for shelf in found for row in shelf.rows}
    left = tuple(Row(each, (), "") for each in chosen if each.code not in used)
    return [shelf for shelf in [*found, Shelf(None, None, left)] if shelf.rows]


def models(places: Sequence[Written]) -> list[tuple[str, str]]:
    """(code.medium, words) of the texts that a new one may begin with."""
    found = []
    for each in places:
        whole = "missing" not in each.languages.values()
        if whole and each.medium in WRITTEN_MEDIA and each.code not in OF_CALLS:
            text, medium = labels.look("text", each.code), labels.look("medium", each.medium)
            found.append((f"{each.code}.{each.medium}", f"{text.label} ({medium.label})"))
    return sorted(found, key=lambda pair: pair[1].lower())


def language_here() -> str:
    """The language of texts nearest to that of the screen."""
    return language_of(get_language() or "")


def _rows(scenario: Scenario, by_code: Mapping[str, Sequence[Written]]) -> list[Row]:
    names: dict[str, list[str]] = {}
    stages: dict[str, str] = {}
    for step in scenario.steps:
        if step.template in by_code:
            names.setdefault(step.template, []).append(scenario_words.step_name(step))
            stages.setdefault(step.template, step.stage)
    rows = []
    for code, called in names.items():
        media = {m for s in scenario.steps if s.template == code for m in (s.medium, *s.fallback)}
        served = {each for m in media for each in WRITTEN.get(m, (m,))}
        rows += [
            Row(each, tuple(dict.fromkeys(called)), stages[code])
            for each in by_code[code]
            if each.medium in served
        ]
    return rows


def scenarios(uses: Collection[TextUse]) -> list[tuple[str, str]]:
    """(code, name) of the scenarios that use a text."""
    found = {use.scenario.code: scenario_words.own(use.scenario.name) for use in uses}
    return sorted(found.items(), key=lambda pair: pair[1])


def divergences(organization_id: int, place: Place, current: Current) -> list[str]:
    """How the other languages of a text differ from it: in age or in what they say."""
    found = []
    for language, other in other_languages(organization_id, place).items():
        name = str(labels.look("spoken", language).label)
        if other is None:
            found.append(gettext("There is no text in {language}.").format(language=name))
        elif current.is_here and not other.is_here:
            text = gettext("In {language} it is still another text: write it there, too.")
            found.append(text.format(language=name))
        elif other.is_here and not current.is_here:
            text = gettext("You have written a text of your own in {language}, not here.")
            found.append(text.format(language=name))
        elif current.is_here:
            found += _values_apart(current.text, other.text, name)
    return found


def _values_apart(here: str, there: str, name: str) -> list[str]:
    mine, theirs = _values(here), _values(there)
    found = []
    for text, names in (
        (gettext("Only this text speaks of: {values}."), mine - theirs),
        (gettext("Only the text in {language} speaks of: {values}."), theirs - mine),
    ):
        if names:
            values = ", ".join(sorted(gettext(BY_NAME[each].label) for each in names))
            found.append(text.format(values=values, language=name))
    return found


def _values(text: str) -> set[str]:
    return {name for pair in _VALUE.findall(text) for name in pair if name in BY_NAME}


def first_problem(error: TemplateError) -> str:
    """The first thing to correct, in words."""
    first = error.problems[0]
    return f"{render(first.sentence)} {render(first.remedy)}"
