"""What an organization asks of a scenario beyond its shape: texts that exist, a scenario to go on
with that exists, and sizes that fit. And for each problem: the step, the field, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from amiable.apps.dunning.models import Scenario
from amiable.apps.messaging.library.own import OwnMedia, is_written, own_media
from amiable.apps.messaging.writing.agreed import CONFIRMATIONS
from amiable.apps.messaging.writing.scripts import SCRIPTS
from amiable.apps.messaging.writing.wording import TEXTS
from amiable.core.scenario import HUMAN_MEDIA, Conditions, Medium, Step
from amiable.core.scenario import Scenario as Definition
from amiable.core.scenario_data import scenario_from_json, step_label
from amiable.core.sentences import Param, Sentence, declare, gettext_noop
from amiable.core.shipped import SHIPPED

MAX_STEPS = 40
# A step of the scenario that takes over is named "code.step" where the two are joined.
MAX_CODE = 29
_LENGTHS = {"name": 120, "description": 500, "template": 60, "code": MAX_CODE}
_LENGTH = 60
_LIMITS = {
    "min_amount_minor": (0, 10**12), "max_amount_minor": (0, 10**12), "min_score": (0, 100),
    "max_score": (0, 100), "min_days_since_contact": (0, 365), "min_broken_promises": (0, 100),
}  # fmt: skip

declare(
    {
        "scenario.too_many_steps": gettext_noop("A scenario has at most {limit} steps."),
        "scenario.too_long_text": gettext_noop(
            "{where}: {field} is one line of at most {limit} characters."
        ),
        "scenario.no_text": gettext_noop(
            "{where}: there is no text {template} for {medium}; there are {known}."
        ),
        "scenario.no_text_at_all": gettext_noop("{where}: there is no text for {medium}."),
        "scenario.same_medium": gettext_noop("{where}: {medium} appears twice."),
        "scenario.not_alone": gettext_noop("{where}: a call or a task needs no text."),
        "scenario.no_task": gettext_noop("{where}: only a task says what is to be done inside."),
        "scenario.crossed": gettext_noop("{where}: the minimum is above the maximum."),
        "scenario.no_such": gettext_noop(
            "{where}: there is no scenario {code} to take over after a broken promise."
        ),
        "scenario.after_itself": gettext_noop("{where}: a scenario cannot take over from itself."),
        "scenario.after_nothing": gettext_noop(
            "{where}: the scenario {code} has no step that follows a broken promise or a missed "
            "instalment."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence with its place: `step` = code of a step, or number of a rule or of a step without
    one, or "" for the file itself; `part` = window, conditions, when or ""; `field` as files name
    it, "" = none; `line` of the file, counted from 1, 0 = not known (no file). `code` = what is
    wrong, `message` says it without the line."""

    sentence: Sentence
    step: str | int
    part: str
    field: str
    remedy: Sentence
    code: str
    line: int
    message: Sentence


def scenario_check(organization_id: int, definition: Definition) -> list[Sentence]:
    """What keeps a well-formed scenario from being used here; empty when nothing does."""
    problems = [*_sizes(definition), *_conditions(definition)]
    if not problems:
        own = own_media(organization_id)
        problems = [problem for step in definition.steps for problem in _texts(step, own)]
    if definition.after_broken:
        problems += _after(organization_id, definition)
    return problems


def problem_of(sentence: Sentence) -> Problem:
    """Where a problem is, and what would do."""
    found, line = _unlocated(sentence)
    where, part = found.params.get("where"), ""
    if isinstance(where, Sentence) and where.code == "scenario.at_part":
        part, where = str(where.params["part"]), where.params["where"]
    step: str | int = ""
    if isinstance(where, Sentence) and where.code in _NUMBERED:
        place = where.params.get("step", where.params.get("number", ""))
        step = place if isinstance(place, int) else str(place)
    field = str(found.params.get("field") or _FIELDS.get(found.code, ""))
    remedy = Sentence(f"remedy.{found.code.removeprefix('scenario.')}")
    return Problem(sentence, step, part, field, remedy, found.code, line, found)


_NUMBERED = frozenset({"scenario.at_step", "scenario.at_number", "rule.at_number"})

# What is said in a call, and what confirms it or the payment page, is no step's text.
OF_CALLS = frozenset({*CONFIRMATIONS, *SCRIPTS})


def _unlocated(sentence: Sentence) -> tuple[Sentence, int]:
    """A problem without its line, and the line."""
    found, line = sentence, sentence.params.get("line")
    inner = sentence.params.get("problem")
    if sentence.code == "file.on_line" and isinstance(inner, Sentence):
        found = inner
    return found, line if isinstance(line, int) else 0


def template_names(medium: str, own: OwnMedia) -> tuple[str, ...]:
    """The texts that exist for a medium, shipped or `own` (see own_media), by name."""
    names = {path.name.split(".")[0] for path in TEXTS.glob("*/*.liquid")} | own.keys()
    return tuple(sorted(name for name in names - OF_CALLS if is_written(own, name, medium=medium)))


def after_definition(organization_id: int, code: str) -> Definition | None:
    """The scenario of a code: the organization's newest version, else the shipped one."""
    rows = Scenario.objects.filter(organization_id=organization_id, code=code)
    row = rows.order_by("-version").first()
    return scenario_from_json(row.definition) if row else SHIPPED.get(code)


def _sizes(definition: Definition) -> Iterator[Sentence]:
    if len(definition.steps) > MAX_STEPS:
        yield Sentence("scenario.too_many_steps", {"limit": MAX_STEPS})
    where = Sentence("scenario.at_scenario")
    if not 1 <= definition.version <= 9999:
        params: dict[str, Param] = {
            "where": where, "field": "version", "low": 1, "high": 9999, "value": definition.version,
        }  # fmt: skip
        yield Sentence("scenario.range", params)
    if not definition.name.strip():
        yield Sentence("scenario.missing", {"where": where, "field": "name"})
    yield from _long(definition, where)
    for step in definition.steps[:MAX_STEPS]:
        yield from _long(step, step_label(step))


def _long(thing: Definition | Step | Conditions, where: Sentence) -> Iterator[Sentence]:
    """Texts that would not fit, or that hold what no line of text holds."""
    for described in fields(thing):
        value = getattr(thing, described.name)
        if isinstance(value, Conditions):
            params: dict[str, Param] = {"where": where, "part": described.name}
            yield from _long(value, Sentence("scenario.at_part", params))
        limit = _LENGTHS.get(described.name, _LENGTH)
        texts = value if isinstance(value, tuple) else (value,)
        lines = [text for text in texts if isinstance(text, str)]
        if len(lines) > _LENGTH or any(len(t) > limit or not t.isprintable() for t in lines):
            params = {"where": where, "field": described.name, "limit": limit}
            yield Sentence("scenario.too_long_text", params)


def _conditions(definition: Definition) -> Iterator[Sentence]:
    for step in definition.steps:
        asked = step.conditions
        place: dict[str, Param] = {"where": step_label(step), "part": "conditions"}
        where = Sentence("scenario.at_part", place)
        for name, (low, high) in _LIMITS.items():
            value = getattr(asked, name)
            if value is not None and not low <= value <= high:
                params: dict[str, Param] = {
                    "where": where, "field": name, "low": low, "high": high, "value": value,
                }  # fmt: skip
                yield Sentence("scenario.range", params)
        if asked.max_amount_minor is not None and asked.max_amount_minor < asked.min_amount_minor:
            yield Sentence("scenario.crossed", {"where": where, "field": "max_amount_minor"})
        if None not in (asked.min_score, asked.max_score) and asked.max_score < asked.min_score:  # type: ignore[operator]
            yield Sentence("scenario.crossed", {"where": where, "field": "max_score"})


def _texts(step: Step, own: OwnMedia) -> Iterator[Sentence]:
    """Every medium a step may take has its text, and none that needs no text has one."""
    where = step_label(step)
    media: tuple[Medium, ...] = (step.medium, *step.fallback)
    for medium in {m for m in media if media.count(m) > 1}:
        yield Sentence(
            "scenario.same_medium", {"where": where, "field": "fallback", "medium": medium}
        )
    if step.task and step.medium != "task":
        yield Sentence("scenario.no_task", {"where": where})
    written = [medium for medium in dict.fromkeys(media) if medium not in HUMAN_MEDIA]
    if step.template and not written and step.medium == "phone":
        yield Sentence("scenario.not_alone", {"where": where})
    for medium in written:
        if is_written(own, step.template, medium=medium) and step.template not in OF_CALLS:
            continue
        known = ", ".join(template_names(medium, own))
        params: dict[str, Param] = {"where": where, "template": step.template, "medium": medium}
        if known:
            yield Sentence("scenario.no_text", {**params, "known": known})
        else:
            yield Sentence("scenario.no_text_at_all", params)


def _after(organization_id: int, definition: Definition) -> Iterator[Sentence]:
    code = definition.after_broken
    params: dict[str, Param] = {"where": Sentence("scenario.at_scenario"), "code": code}
    if code == definition.code:
        yield Sentence("scenario.after_itself", params)
        return
    after = after_definition(organization_id, code)
    if after is None:
        yield Sentence("scenario.no_such", params)
    elif not {"promise_broken", "instalment_missed"} & set(after.events):
        yield Sentence("scenario.after_nothing", params)


# The field a problem is about, where its sentence does not name one.
_FIELDS: Mapping[str, str] = {
    "scenario.no_steps": "steps",
    "scenario.too_many_steps": "steps",
    "scenario.same_code": "code",
    "scenario.bad_code": "code",
    "scenario.order": "offset_days",
    "scenario.before_event": "offset_days",
    "scenario.catch_up_step": "catch_up_step",
    "scenario.accompanies": "accompanies",
    "scenario.preventive": "stage",
    "scenario.formal_approval": "approval",
    "scenario.task": "template",
    "scenario.template": "template",
    "scenario.no_text": "template",
    "scenario.no_text_at_all": "template",
    "scenario.not_alone": "template",
    "scenario.no_task": "task",
    "scenario.window": "window",
    "scenario.tries": "tries",
    "scenario.previous": "anchor",
    "scenario.receipt": "anchor",
    "scenario.no_such": "after_broken",
    "scenario.after_itself": "after_broken",
    "scenario.after_nothing": "after_broken",
}

declare(
    {
        "remedy.too_long": gettext_noop("Hand in the scenario alone."),
        "remedy.too_deep": gettext_noop("Write it in the shape that an exported scenario has."),
        "remedy.alias": gettext_noop("Write the value out at each place."),
        "remedy.not_text": gettext_noop("Save the file as text in UTF-8."),
        "remedy.not_yaml": gettext_noop("Write it in the shape that an exported scenario has."),
        "remedy.not_yaml_at": gettext_noop("Correct that line; an indent or a quote is often it."),
        "remedy.twice": gettext_noop("Keep one of the two."),
        "remedy.no_mapping": gettext_noop("Write it in the shape that an exported file has."),
        "remedy.unknown_field": gettext_noop("Correct the name, or remove the field."),
        "remedy.missing": gettext_noop("Fill it in."),
        "remedy.not_one_of": gettext_noop("Choose one of the values named."),
        "remedy.wrong_type": gettext_noop("Write a value of that kind."),
        "remedy.no_steps": gettext_noop("Add a step."),
        "remedy.too_many_steps": gettext_noop("Remove steps, or make two scenarios of it."),
        "remedy.tries": gettext_noop("Leave it at 0, or make the step a call."),
        "remedy.same_code": gettext_noop("Give one of the two another code."),
        "remedy.bad_code": gettext_noop("Write a short code such as reminder_2."),
        "remedy.order": gettext_noop("Move the step to its place, or change its days."),
        "remedy.catch_up_step": gettext_noop("Choose a step that counts from a date, or none."),
        "remedy.accompanies": gettext_noop("Choose a step with a day of its own, or none."),
        "remedy.preventive": gettext_noop("Change the tone, or the day."),
        "remedy.formal_approval": gettext_noop(
            "Set the approval to manual: a person approves it, one by one."
        ),
        "remedy.task": gettext_noop("Remove these, or choose another medium."),
        "remedy.template": gettext_noop("Choose a text."),
        "remedy.window": gettext_noop("Choose at least one day, and an hour before the last."),
        "remedy.previous": gettext_noop("Count from a date or an event, or put a step before it."),
        "remedy.receipt": gettext_noop("Put a formal notice before it, or count from a date."),
        "remedy.before_event": gettext_noop("Count days after, or count from a date."),
        "remedy.range": gettext_noop("Write a number between the two."),
        "remedy.too_long_text": gettext_noop("Shorten it, without line breaks."),
        "remedy.no_text": gettext_noop("Choose one of the texts named, or another medium."),
        "remedy.no_text_at_all": gettext_noop("Choose another medium."),
        "remedy.same_medium": gettext_noop("Keep one of the two."),
        "remedy.not_alone": gettext_noop("Remove the text."),
        "remedy.no_task": gettext_noop("Choose the medium task, or remove what is to be done."),
        "remedy.crossed": gettext_noop("Correct one of the two."),
        "remedy.no_such": gettext_noop("Import that scenario first, or choose another."),
        "remedy.after_itself": gettext_noop("Choose another scenario, or none."),
        "remedy.after_nothing": gettext_noop("Add such a step there, or choose another scenario."),
    }
)
