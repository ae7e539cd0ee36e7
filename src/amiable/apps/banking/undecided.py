"""Bank lines that wait for a person: locked before they are decided on, refused once they are."""

from __future__ import annotations

from amiable.apps.banking.models import StatementLine
from amiable.apps.banking.opening import LINE_FIELDS, WAITING, line_facts
from amiable.core.matching.facts import Line
from amiable.core.sentences import Param, Sentence, declare, gettext_noop

declare({"bank.not_waiting": gettext_noop("this line has already been decided")})


class MatchError(ValueError):
    """A decision that no longer fits the state of the line; `sentence` says why."""

    def __init__(self, code: str, **values: Param) -> None:
        self.sentence = Sentence(code, values)
        super().__init__(str(self.sentence))


def line_locked(organization_id: int, line_id: int) -> StatementLine:
    """A line that nobody else decides on meanwhile. Call in a transaction."""
    rows = StatementLine.objects.filter(organization_id=organization_id)
    return rows.select_for_update(no_key=True).get(id=line_id)


def line_waiting(organization_id: int, line_id: int) -> StatementLine:
    """The same. Raises MatchError when it has been decided."""
    row = line_locked(organization_id, line_id)
    if row.state not in WAITING:
        raise MatchError("bank.not_waiting")
    return row


def facts_of(row: StatementLine) -> Line:
    """The line as the engine knows it."""
    return line_facts([getattr(row, name) for name in LINE_FIELDS])
