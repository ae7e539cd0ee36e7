"""A scenario being written: the whole form is the draft, checked at each turn, saved when right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext

from amiable.apps.dunning.library import scenarios
from amiable.apps.messaging.library.own import OwnMedia, own_media
from amiable.core.scenario import Scenario, Step
from amiable.core.scenario_data import ScenarioError, scenario_from_json
from amiable.core.sentences import Sentence
from amiable.core.shipped import SHIPPED
from amiable.interfaces.console import scenario_words as words
from amiable.interfaces.console.scenario_fields import (
    SCENARIO,
    STEP,
    STEP_SPECS,
    Choices,
    FieldView,
    Spec,
    Text,
    data_of,
    posted,
    value_of,
    view,
    written,
)
from amiable.interfaces.console.sentences import render

MOST_STEPS = 40
_KEY = re.compile(r"[a-z0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Said:
    """A problem in words, with the field it is about (`path` "" = the step as a whole)."""

    path: str
    label: str
    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together; what is rare is folded away until something is said there."""

    label: Text
    fields: tuple[FieldView, ...]
    is_rare: bool
    is_open: bool


@dataclass(slots=True)
class StepDraft:
    """A card: `key` names it in the form; `step` = what could be read of it."""

    key: str
    values: dict[str, Any]
    is_open: bool = False
    is_first_view: bool = False
    problems: list[Said] = field(default_factory=list)
    step: Step | None = None
    groups: list[Group] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What the step is called."""
        return self.values["name"] or self.values["code"].replace("_", " ") or "?"


@dataclass(slots=True)
class Draft:
    """The form. `base` = the version it began from; `definition` = what it says, when it can be
    read; `is_right` = it can be saved."""

    base: scenarios.ScenarioVersion
    values: dict[str, Any]
    steps: list[StepDraft]
    problems: list[Said] = field(default_factory=list)
    definition: Scenario | None = None
    is_right: bool = False
    fields: list[FieldView] = field(default_factory=list)
    newest: int = 0

    @property
    def count(self) -> int:
        """How many problems there are."""
        return len(self.problems) + sum(len(step.problems) for step in self.steps)


def draft_of(base: scenarios.ScenarioVersion) -> Draft:
    """The form filled in with a version."""
    steps = [
        StepDraft(str(number), {spec.path: written(spec, step) for spec in STEP_SPECS})
        for number, step in enumerate(base.definition.steps, 1)
    ]
    values = {spec.path: written(spec, base.definition) for spec in SCENARIO}
    return Draft(base, values, steps, newest=base.versions[0].version)


def draft_posted(base: scenarios.ScenarioVersion, post: QueryDict) -> Draft:
    """The form as it was sent, whatever it holds."""
    keys = [key for key in dict.fromkeys(post.getlist("step")) if _KEY.fullmatch(key)]
    steps = [
        StepDraft(
            key,
            {spec.path: posted(spec, post, name=f"{key}-{spec.path}") for spec in STEP_SPECS},
            is_open=post.get(f"{key}-open") == "yes",
        )
        for key in keys[: MOST_STEPS + 1]
    ]
    newest = post.get("newest", "")
    return Draft(
        base,
        {spec.path: posted(spec, post, name=spec.path) for spec in SCENARIO},
        steps,
        newest=int(newest) if newest.isdecimal() and len(newest) < 6 else 0,
    )


def draft_check(organization_id: int, draft: Draft) -> Draft:
    """Read the draft as a file would be; problems go to the step and field they are about."""
    base = draft.base.definition
    data = {
        **data_of(SCENARIO, draft.values),
        "code": base.code,
        "version": base.version,
        "steps": [data_of(STEP_SPECS, step.values) for step in draft.steps],
    }
    sentences: Sequence[Sentence]
    try:
        draft.definition = scenario_from_json(data)
        sentences = scenarios.scenario_check(organization_id, draft.definition)
    except ScenarioError as error:
        draft.definition, sentences = error.scenario, error.problems
    draft.is_right = not sentences
    _place(draft, sentences)
    for step, read in zip(
        draft.steps, draft.definition.steps if draft.definition else (), strict=False
    ):
        step.step = read
    return draft


def draft_change(draft: Draft, change: str) -> Draft:
    """Carry out what a button of the form asks: "add", or up, down, copy, remove and a step's key.
    Anything else only draws the form anew."""
    what, _, key = change.partition(":")
    steps = draft.steps
    at = next((i for i, step in enumerate(steps) if step.key == key), None)
    if what == "add" and len(steps) < MOST_STEPS:
        steps.append(_new(draft))
    elif at is None:
        return draft
    elif what in {"up", "down"}:
        other = max(0, min(len(steps) - 1, at + (1 if what == "down" else -1)))
        steps[at], steps[other] = steps[other], steps[at]
    elif what == "remove":
        steps.pop(at)
    elif what == "copy" and len(steps) < MOST_STEPS:
        steps.insert(at + 1, _copy(draft, steps[at]))
    return draft


def draft_draw(organization_id: int, draft: Draft) -> Draft:
    """Give every field its choices and its problems."""
    named: Choices = [(step.values["code"], step.title) for step in draft.steps]
    given: dict[str, Choices] = {"steps": named, "scenarios": _others(organization_id, draft)}
    texts = own_media(organization_id)
    draft.fields = [
        _with_problems(view(spec, draft.values[spec.path], prefix="", given=given), draft.problems)
        for spec in SCENARIO
    ]
    for step in draft.steps:
        own = {
            **given,
            "steps": [(code, title) for code, title in named if code != step.values["code"]],
            "texts": _texts(step.values, texts),
        }
        step.groups = [
            _group(step, code, label, tuple(_field(step, spec, own) for spec in shown))
            for code, label, specs in STEP
            if (shown := [spec for spec in specs if spec.path not in _pointless(step.values)])
        ]
    return draft


def _group(step: StepDraft, code: str, label: Text, shown: tuple[FieldView, ...]) -> Group:
    said = any(
        each.problems or step.values[each.spec.path] != written(each.spec, _USUAL)
        for each in shown
        if each.spec.path != "code"
    )
    return Group(label, shown, is_rare=code in {"conditions", "window", "file"}, is_open=said)


def _pointless(values: Mapping[str, Any]) -> frozenset[str]:
    """Fields that say nothing for a medium; left out of the form, they become empty."""
    if values["medium"] == "task":
        return frozenset({"template", "recipients", "fallback", "attachments", "tries"})
    silent = values["medium"] == "phone" and not values["fallback"]
    calls = "phone" in (values["medium"], *values["fallback"])
    pointless = {"task", "template", "attachments"} if silent else {"task"}
    return frozenset(pointless if calls else {*pointless, "tries"})


def _field(step: StepDraft, spec: Spec, given: Mapping[str, Choices]) -> FieldView:
    shown = view(spec, step.values[spec.path], prefix=f"{step.key}-", given=given)
    return _with_problems(shown, step.problems)


def _with_problems(shown: FieldView, problems: list[Said]) -> FieldView:
    own = tuple(f"{each.text} {each.remedy}" for each in problems if each.path == shown.spec.path)
    return replace(shown, problems=own)


def _place(draft: Draft, sentences: Sequence[Sentence]) -> None:
    names = {step.values["code"]: step.title for step in draft.steps}
    for sentence in sentences:
        problem = scenarios.problem_of(sentence)
        holders = list(_holders(draft, problem))
        for holder in holders:
            specs = SCENARIO if isinstance(holder, Draft) else STEP_SPECS
            said = _said(problem, specs, names)
            if isinstance(holder, StepDraft):
                holder.is_open = True
            holder.problems.append(said)


def _holders(draft: Draft, problem: scenarios.Problem) -> Iterator[Draft | StepDraft]:
    """The card a problem belongs on; the form itself when none does."""
    found: list[StepDraft] = []
    if isinstance(problem.step, int):
        found = draft.steps[problem.step - 1 : problem.step]
    elif problem.step or problem.sentence.code == "scenario.bad_code":
        found = [step for step in draft.steps if step.values["code"] == problem.step]
        if problem.sentence.code == "scenario.same_code":
            found = found[-1:]
    yield from found or [draft]


def _said(problem: scenarios.Problem, specs: Sequence[Spec], names: Mapping[str, str]) -> Said:
    path = f"{problem.part}.{problem.field}" if problem.part else problem.field
    path = "window.weekdays" if path == "window" else path
    spec = next((spec for spec in specs if spec.path == path), None)
    label = str(spec.label) if spec else problem.field
    params = words.of_problem(problem.sentence.params, names)
    if "field" in params:
        params["field"] = label
    whole = render(Sentence("scenario.at_scenario")) if "field" in params else label
    params["where"] = names.get(str(problem.step), "") or whole[:1].upper() + whole[1:]
    text = render(Sentence(problem.sentence.code, params))
    if spec and spec.kind == "amount" and problem.sentence.code == "scenario.wrong_type":
        text = gettext("Write the amount in digits, for example 1252,23.")
    return Said(path if spec else "", label, text, render(problem.remedy))


def _others(organization_id: int, draft: Draft) -> Choices:
    """The scenarios that can take over: those with a step after a broken promise."""
    shelves = scenarios.scenario_shelves(organization_id)
    known = {**SHIPPED, **{shelf.newest.code: shelf.definition for shelf in shelves}}
    return [
        (code, words.own(each.name))
        for code, each in known.items()
        if code != draft.base.definition.code
        and {"promise_broken", "instalment_missed"} & set(each.events)
    ]


def _texts(values: Mapping[str, Any], own: OwnMedia) -> Choices:
    """The texts that exist for the medium and for all it falls back on."""
    media = [m for m in (values["medium"], *values["fallback"]) if m not in {"phone", "task", ""}]
    if not media:
        return []
    names = [set(scenarios.template_names(medium, own)) for medium in media]
    return sorted(
        ((name, words.labels_word("text", name)) for name in set.intersection(*names)),
        key=lambda pair: pair[1],
    )


def _new(draft: Draft) -> StepDraft:
    """An email a week after the last step that counts from the due date."""
    days = [
        number
        for step in draft.steps
        if step.values["anchor"] == "due_date" and not step.values["accompanies"]
        and isinstance(number := value_of(STEP_SPECS[_DAYS], step.values["offset_days"]), int)
    ]  # fmt: skip
    key = _free_key(draft)
    blank = Step(
        code=_free_code(draft, "step"), offset_days=max(max(days, default=0), 0) + 7,
        medium="email", stage="friendly", template="reminder_2", name=gettext("New step"),
    )  # fmt: skip
    values = {spec.path: written(spec, blank) for spec in STEP_SPECS}
    return StepDraft(key, values, is_open=True, is_first_view=True)


def _copy(draft: Draft, step: StepDraft) -> StepDraft:
    values = {**step.values, "code": _free_code(draft, step.values["code"])}
    return StepDraft(_free_key(draft), values, is_open=True, is_first_view=True)


def _free_key(draft: Draft) -> str:
    taken = {step.key for step in draft.steps}
    return next(str(number) for number in range(1, 999) if str(number) not in taken)


def _free_code(draft: Draft, code: str) -> str:
    """A code nobody has in this draft, nor had in the version it began from."""
    taken = {step.values["code"] for step in draft.steps} | set(draft.base.definition.by_code)
    stem = re.sub(r"_\d+$", "", code)[:25] or "step"
    return next(f"{stem}_{n}" for n in range(2, 999) if f"{stem}_{n}" not in taken)


_USUAL = Step("", 0, "email", "friendly")
_DAYS = next(i for i, spec in enumerate(STEP_SPECS) if spec.path == "offset_days")
