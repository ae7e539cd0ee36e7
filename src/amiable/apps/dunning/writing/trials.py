"""Texts seen from the scenarios: which steps use them, and what they would say on a real case."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Q

from amiable.apps.cases.models import Case
from amiable.apps.dunning.facts import case_facts
from amiable.apps.dunning.models import Action, Scenario
from amiable.apps.dunning.writing.drafts import Ready, drafts
from amiable.apps.messaging.library.resolution import Place
from amiable.apps.messaging.library.samples import Use
from amiable.apps.messaging.writing.scripts import STAGE_OF
from amiable.apps.messaging.writing.texts import WRITTEN, shipped_text, text_exists
from amiable.apps.tenants.models import Organization
from amiable.core.drafts import Draft
from amiable.core.promises import commitments
from amiable.core.scenario import HUMAN_MEDIA, Medium, Stage, Step
from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario_data import scenario_from_json
from amiable.core.shipped import SHIPPED, SME_STANDARD
from amiable.core.stops import asked_minor


@dataclass(frozen=True, slots=True)
class TextUse:
    """A step that uses a text. `scenario_id` None = of a shipped scenario that is not copied."""

    scenario_id: int | None
    scenario: Definition
    step: Step

    @property
    def media(self) -> tuple[Medium, ...]:
        """By what it may leave."""
        return (self.step.medium, *self.step.fallback)


def text_uses(organization_id: int) -> dict[str, list[TextUse]]:
    """The steps that use each text: of the newest versions, then of shipped scenarios left."""
    rows = Scenario.objects.filter(organization_id=organization_id).order_by("code", "version")
    newest = {row.code: row for row in rows}
    scenarios = [(row.pk, scenario_from_json(row.definition)) for row in newest.values()]
    left = [(None, each) for code, each in SHIPPED.items() if code not in newest]
    found: dict[str, list[TextUse]] = defaultdict(list)
    for scenario_id, definition in [*scenarios, *left]:
        for step in definition.steps:
            if step.template and step.medium not in HUMAN_MEDIA:
                found[step.template].append(TextUse(scenario_id, definition, step))
    return found


def text_needed_by(organization_id: int, place: Place) -> str:
    """The name of a scenario, in any version, that would be left without words were the text of a
    place withdrawn; "" when none would."""
    is_for_all = place.creditor_id is None and place.scenario_code == ""
    if not is_for_all or text_exists(place.code, place.medium):
        return ""
    for row in Scenario.objects.filter(organization_id=organization_id).order_by("-version"):
        for step in scenario_from_json(row.definition).steps:
            media = {each for m in (step.medium, *step.fallback) for each in WRITTEN.get(m, (m,))}
            if step.template == place.code and place.medium in media:
                return row.name
    return ""


def text_use(organization_id: int, place: Place) -> Use:
    """How a text at a place is used: what its checks have to know."""
    uses = _at(organization_id, place)
    stages: set[Stage] = {use.step.stage for use in uses if use.step.stage != "litigation"}
    medium: Medium = place.medium  # type: ignore[assignment]  # of a place that was looked at
    return Use(
        code=place.code,
        medium=medium,
        language=place.language,
        stages=tuple(sorted(stages)) or (_stage_of(place.code),),
        is_agency=Organization.objects.get(id=organization_id).is_agency,
    )


def served_media(organization_id: int, place: Place) -> tuple[Medium, ...]:
    """The media that messages leave by which this text writes, its own first."""
    media: list[str] = [place.medium]
    for use in _at(organization_id, place):
        for medium in use.media:
            written = WRITTEN.get(medium, (medium,))
            shipped = (
                each
                for each in written
                if shipped_text(place.code, medium=each, language=place.language)
            )
            if place.medium in written and next(shipped, "") == place.medium:
                media.append(medium)
    return tuple(dict.fromkeys(media))  # type: ignore[arg-type]  # media of steps


def trial_drafts(organization_id: int, case_id: int, place: Place, *, on: date) -> list[Draft]:
    """What would leave to a case if the text's step came today, by each medium it serves, in the
    text's language. Empty when the case is not there."""
    case = Case.objects.filter(organization_id=organization_id, id=case_id).first()
    if case is None:
        return []
    facts = case_facts(organization_id, [case_id], on=on)[case_id]
    definition, step = _step(organization_id, place)
    given = commitments(facts, on)
    asked = {item.id: asked_minor(item, step, on, given=given) for item in facts.items}
    asked = {item_id: amount for item_id, amount in asked.items() if amount > 0}
    ready = [
        Ready(Action(key=f"trial-{medium}", medium=medium), facts, definition, step, asked)
        for medium in served_media(organization_id, place)
    ]
    return [
        replace(each, language=place.language) for each in drafts(organization_id, ready, on=on)
    ]


def trial_cases(organization_id: int, search: str, *, most: int = 8) -> list[tuple[int, str, str]]:
    """Cases to show a text on, as (id, customer, code), found by name or code."""
    rows = Case.objects.filter(organization_id=organization_id)
    for word in search.split()[:5]:
        rows = rows.filter(Q(customer__name__icontains=word) | Q(customer__code__icontains=word))
    return list(
        rows.order_by("customer__name", "id").values_list(
            "id", "customer__name", "customer__code"
        )[:most]
    )  # fmt: skip


def _step(organization_id: int, place: Place) -> tuple[Definition, Step]:
    """The step to play: of the place's scenario, else the first that uses the text."""
    uses = _at(organization_id, place)
    if uses:
        return uses[0].scenario, uses[0].step
    medium: Medium = place.medium  # type: ignore[assignment]
    return SME_STANDARD, Step("trial", 1, medium, _stage_of(place.code), place.code)


def _stage_of(code: str) -> Stage:
    """The stage of a text that no step uses: that of a script, else a friendly one."""
    stage: Stage = STAGE_OF.get(code, "friendly")  # type: ignore[assignment]  # stages by name
    return stage


def _at(organization_id: int, place: Place) -> list[TextUse]:
    uses = text_uses(organization_id).get(place.code, [])
    here = [use for use in uses if use.scenario.code == place.scenario_code]
    return here or uses
