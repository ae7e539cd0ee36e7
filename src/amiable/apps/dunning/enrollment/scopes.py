"""The names by which cases are chosen: one that nothing bears is refused, never taken for none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amiable.apps.dunning.enrollment.assignment import known_traits
from amiable.apps.dunning.models import Scenario
from amiable.core.sentences import Sentence, declare, gettext_noop

_NAMED = 20  # names listed in a sentence

declare(
    {
        "scope.segment": gettext_noop("No customer has the segment {value}; there are: {known}."),
        "scope.no_segment": gettext_noop(
            "No customer has the segment {value}: none has any segment."
        ),
        "scope.creditor": gettext_noop("There is no creditor {value}; there are: {known}."),
        "scope.scenario": gettext_noop("There is no scenario {value}; there are: {known}."),
    }
)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Running cases, by what is left unset less narrowly. `rules_give` = the code of the scenario
    that the rules would give. Cases whose scenario a person chose are left out unless asked, and
    those drawn for a running experiment always: a move would spoil what it compares."""

    scenario_code: str = ""
    version: int | None = None
    segment: str = ""
    kind: str = ""
    creditor: str = ""
    rules_give: str = ""
    with_manual: bool = False


def filter_problem(organization_id: int, cases: CaseFilter) -> Sentence | None:
    """The first name in a filter that nothing bears, with those that exist; None = all known."""
    problem = trait_problem(organization_id, segment=cases.segment, creditor=cases.creditor)
    for code, version in ((cases.scenario_code, cases.version), (cases.rules_give, None)):
        if code and problem is None:
            problem = scenario_problem(organization_id, code, version=version)
    return problem


def trait_problem(
    organization_id: int, *, segment: str = "", creditor: str = ""
) -> Sentence | None:
    """What is wrong with a segment or the code of a creditor ("" = all)."""
    if not (segment or creditor):
        return None
    known = known_traits(organization_id)
    if segment and segment not in known.segments:
        if not known.segments:
            return Sentence("scope.no_segment", {"value": segment[:60]})
        return _unknown("scope.segment", segment, known.segments)
    codes = [code for code, _ in known.creditors]
    return _unknown("scope.creditor", creditor, codes) if creditor not in {"", *codes} else None


def scenario_problem(
    organization_id: int, code: str, *, version: int | None = None
) -> Sentence | None:
    """What is wrong with the code of a scenario, or with a version of it."""
    rows = Scenario.objects.filter(organization_id=organization_id)
    known = list(rows.order_by("code", "-version").values_list("code", "version"))
    if any(code == each and version in {None, number} for each, number in known):
        return None
    value = code if version is None else f"{code}:{version}"
    there = [f"{each}:{number}" for each, number in known if each == code]
    return _unknown("scope.scenario", value, there or dict(known))


def _unknown(code: str, value: str, known: Iterable[str]) -> Sentence:
    names = list(known)
    listed = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return Sentence(code, {"value": value[:60], "known": listed})
