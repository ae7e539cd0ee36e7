"""Which text a message is written from: the nearest of the organization's own, else the shipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from amiable.apps.messaging.models import Template
from amiable.apps.messaging.writing.texts import WRITTEN, OwnText, shipped_text
from amiable.apps.messaging.writing.wording import language_of
from amiable.core.drafts import Draft


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text counts. `creditor_id` None = for all; `scenario_code` "" = in any scenario."""

    code: str
    medium: str
    language: str
    creditor_id: int | None = None
    scenario_code: str = ""


def own_texts(organization_id: int, drafts: Sequence[Draft]) -> dict[str, OwnText]:
    """The organization's own text of each draft that has one, by key: one query for all.

    For each medium that may serve (see texts.WRITTEN), the nearest scope first: creditor and
    scenario, creditor, scenario, organization; then the shipped text of that medium.
    """
    codes = {draft.template for draft in drafts}
    rows = newest(organization_id).filter(code__in=codes, is_withdrawn=False)
    found = {_place(row): OwnText(row.pk, row.version, row.text) for row in rows}
    if not found:
        return {}
    chosen = {draft.key: _nearest(draft, found) for draft in drafts}
    return {key: text for key, text in chosen.items() if text is not None}


def newest(organization_id: int) -> QuerySet[Template]:
    """The newest version of each place, withdrawn or not."""
    same = {name: OuterRef(name) for name in ("code", "medium", "language", "scenario_code")}
    later = Template.objects.annotate(whose=Coalesce("creditor_id", 0)).filter(
        organization_id=organization_id,
        version__gt=OuterRef("version"),
        whose=Coalesce(OuterRef("creditor_id"), 0),
        **same,
    )
    return Template.objects.filter(~Exists(later), organization_id=organization_id)


def scopes(creditor_id: int | None, scenario_code: str) -> list[tuple[int | None, str]]:
    """Creditor and scenario of the places to look at, nearest first."""
    wanted = [(creditor_id, scenario_code), (creditor_id, ""), (None, scenario_code), (None, "")]
    return list(dict.fromkeys(wanted))


def _nearest(draft: Draft, found: Mapping[Place, OwnText]) -> OwnText | None:
    language = language_of(draft.language)
    for medium in WRITTEN.get(draft.medium, (draft.medium,)):
        for creditor_id, scenario_code in scopes(draft.creditor_id, draft.scenario):
            place = Place(draft.template, medium, language, creditor_id, scenario_code)
            if place in found:
                return found[place]
        if shipped_text(draft.template, medium=medium, language=language) is not None:
            return None
    return None


def _place(row: Template) -> Place:
    return Place(row.code, row.medium, row.language, row.creditor_id, row.scenario_code)
