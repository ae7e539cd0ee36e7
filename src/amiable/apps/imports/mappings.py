"""How a source's columns are read, saved under a name, and known again by their header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from amiable.apps.imports.models import ImportMapping
from amiable.core.sentences import Sentence, declare, gettext_noop
from amiable.plugins.base import Layout
from amiable.plugins.tables import compared, header_known

declare(
    {
        "mapping.unnamed": gettext_noop("Give the mapping a name: that of the bank, for example."),
        "mapping.day": gettext_noop("Say which column holds the day of the movement."),
        "mapping.amount": gettext_noop(
            "Say which column holds the amount, or which ones hold debit and credit."
        ),
        "mapping.label": gettext_noop("Say which column holds the text of the movement."),
        "mapping.same_name": gettext_noop(
            "Two columns are called {column}: rename one of them in the file."
        ),
        "mapping.twice": gettext_noop("The column {column} is chosen twice: choose it once."),
    }
)

NEEDS = (
    (("booked_on", "value_on"), "mapping.day"),
    (("amount", "debit", "credit"), "mapping.amount"),
    (("label", "label_more"), "mapping.label"),
)


class MappingError(ValueError):
    """A mapping that cannot be saved; `sentence` says why."""

    def __init__(self, code: str, **params: str) -> None:
        self.sentence = Sentence(code, params)
        super().__init__(str(self.sentence))


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """Our fields and their columns ("" = none holds it), the header of the file, how its cells are
    written, and the account of files that name none."""

    kind: str = ""
    name: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    layout: Layout = field(default_factory=Layout)
    account: str = ""


def mapping_save(organization_id: int, mapping: SavedMapping) -> None:
    """Save how a source's columns are read; the same name again replaces it."""
    ImportMapping.objects.update_or_create(
        organization_id=organization_id,
        kind=mapping.kind,
        name=mapping.name[:60],
        defaults={
            "columns": dict(mapping.columns),
            "header": list(mapping.header),
            "layout": asdict(mapping.layout),
            "account": mapping.account[:40],
        },
    )


def mapping_checked(mapping: SavedMapping) -> SavedMapping:
    """The mapping of a statement's columns, once nothing is missing. Raises MappingError."""
    chosen = [column for column in mapping.columns.values() if column]
    twice = next((column for column in chosen if chosen.count(column) > 1), "")
    if twice:
        raise MappingError("mapping.twice", column=twice)
    names = compared(mapping.header)
    same = next((c for c in chosen if names.count(compared([c])[0]) > 1), "")
    if same:
        raise MappingError("mapping.same_name", column=same)
    for needed, code in NEEDS:
        if not any(mapping.columns.get(name) for name in needed):
            raise MappingError(code)
    if not mapping.name:
        raise MappingError("mapping.unnamed")
    return mapping


def mapping_remove(organization_id: int, kind: str, name: str) -> None:
    """Forget a mapping. Raises LookupError when there is none of that name."""
    rows = ImportMapping.objects.filter(organization_id=organization_id, kind=kind, name=name)
    if not rows.delete()[0]:
        raise LookupError(_unknown(organization_id, kind, name))


def mapping_named(organization_id: int, kind: str, name: str) -> SavedMapping:
    """A saved mapping by its name. Raises LookupError when unknown."""
    found = mappings(organization_id, kind).get(name)
    if found is None:
        raise LookupError(_unknown(organization_id, kind, name))
    return found


def mapping_of_file(organization_id: int, kind: str, path: Path) -> SavedMapping:
    """The mapping whose header the file bears; an empty one when there is none."""
    saved = mappings(organization_id, kind)
    headers = {name: mapping.header for name, mapping in saved.items() if mapping.header}
    try:
        return saved.get(header_known(path, headers), SavedMapping()) if headers else SavedMapping()
    except OSError:
        return SavedMapping()


def mappings(organization_id: int, kind: str) -> dict[str, SavedMapping]:
    """Saved mappings of a kind by name."""
    rows = ImportMapping.objects.filter(organization_id=organization_id, kind=kind).order_by("name")
    return {
        row.name: SavedMapping(
            kind, row.name, row.columns, tuple(row.header), Layout(**row.layout), row.account
        )
        for row in rows
    }


def _unknown(organization_id: int, kind: str, name: str) -> str:
    names = ", ".join(mappings(organization_id, kind)) or "-"
    return f"no mapping {name!r} for {kind}; there are: {names}"
