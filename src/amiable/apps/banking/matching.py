"""The match tick: decide on every waiting line, in booking order, and act on the decisions.

A chunk of lines is one transaction; a run that is cut leaves whole chunks, and the next run goes
on from the rows. When somebody else moved the accounts meanwhile, the run reads them again; a line
that cannot be posted all the same is left to a person, and the others are decided without it.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from django.db import transaction

from amiable.apps.banking.debit_batches import debits_post
from amiable.apps.banking.models import Match, StatementLine
from amiable.apps.banking.opening import WAITING, hypothesis_of, opening, waiting_ids, waiting_lines
from amiable.apps.banking.payout_doubts import payout_doubts
from amiable.apps.banking.payouts import payout_facts, payout_tie, payouts_refresh
from amiable.apps.banking.posting import (
    AUTOMATIC,
    Posting,
    lines_state,
    match_row,
    post_payments,
)
from amiable.apps.banking.proposed import proposals_drop, proposals_wake
from amiable.apps.banking.repaying import REFUNDS, post_refund
from amiable.apps.banking.returning import post_return
from amiable.apps.banking.undecided import MatchError
from amiable.apps.payments.models import Payment
from amiable.apps.payments.services import PaymentError
from amiable.apps.receivables.allocations import AllocationError
from amiable.apps.receivables.queries import chunks
from amiable.core.matching.engine import decide_all
from amiable.core.matching.facts import Decision, Line
from amiable.core.memory import collect_young, collector_paused
from amiable.core.sentences import Sentence, declare, gettext_noop

CHUNK = 500
# Lines looked at together: so many are in memory, with what they may pay, however many wait.
WINDOW = 20_000
ATTEMPTS = 3

State = StatementLine.State
STATES = {
    "post": State.POSTED,
    "propose": State.PROPOSED,
    "leave": State.LEFT,
    "ignore": State.IGNORED,
}


# So many lines of one run are set aside at most: beyond, something else is wrong.
MOST_ASIDE = 50

declare(
    {
        "bank.not_postable": gettext_noop(
            "it could not be posted: {why}. Look at it and decide yourself."
        )
    }
)


class _Moved(Exception):  # noqa: N818  # a reason to read again, not a failure
    """A line of the chunk was decided by somebody else since it was read."""


class _Aside(Exception):  # noqa: N818  # a reason to read again, not a failure
    """A line was left to a person; what was decided after it supposed that it is posted."""


def lines_match(
    organization_id: int, *, on: date, progress: Callable[[int, int], None] | None = None
) -> dict[str, int]:
    """Decide on every waiting line. `progress(done, total)` is called between chunks.

    Counts: lines (looked at), posted, returned, proposed, left, ignored. Lines that others decide
    on at the same time are left to them, or to the next run.
    """
    payouts_refresh(organization_id, on=on)
    counts: Counter[str] = Counter(posted=debits_post(organization_id, on=on))
    waiting = waiting_ids(organization_id)
    aside: set[int] = set()
    for start in range(0, len(waiting), WINDOW):
        ids = waiting[start : start + WINDOW]
        run = _Run(organization_id, on, ids, aside=aside, told=_told(progress, start, waiting))
        with collector_paused():
            entered = _entered(run)
        counts.update(run.outcomes.values())
        counts["lines"] += len(run.outcomes)
        if not entered:
            break
    payout_doubts(organization_id, on=on)
    names = ("lines", "posted", "returned", "proposed", "left", "ignored")
    return {name: counts[name] for name in names}


def _entered(run: _Run) -> bool:
    """Decide on the lines of a run; False when it is given up, and left to the next one."""
    attempts = 0
    while attempts < ATTEMPTS and len(run.aside) < MOST_ASIDE:
        try:
            run.go(careful=attempts > 0)
        except _Aside:
            attempts = 1
        except (_Moved, AllocationError, PaymentError, MatchError):
            attempts += 1
        else:
            return True
    return False


def _told(
    progress: Callable[[int, int], None] | None, start: int, waiting: Sequence[int]
) -> Callable[[int], None]:
    """Tells how many lines of a window are done, of all that wait."""

    def told(done: int) -> None:
        if progress:
            progress(min(start + done, len(waiting)), len(waiting))

    return told


class _Run:
    """The waiting lines of a window, without those set `aside`. `outcomes` = what became of each.

    `told` hears how many of the window are done.
    """

    def __init__(
        self,
        organization_id: int,
        on: date,
        ids: array[int],
        *,
        aside: set[int],
        told: Callable[[int], None],
    ) -> None:
        self.organization_id = organization_id
        self.on = on
        self.ids = ids
        self.aside = aside
        self.told = told
        self.outcomes: dict[int, str] = {}

    def go(self, *, careful: bool) -> None:
        """One pass. `careful` = a chunk failed before: of one that fails again, the line that does
        it is found."""
        self.careful = careful
        self.payments: dict[int, Payment] = {}  # posted in this pass, by line
        self.proposed: dict[int, list[Match]] = defaultdict(list)
        wanted = set(self.ids) - self.aside
        lines = waiting_lines(self.organization_id, wanted)
        self.lines: dict[int, Line] = {line.id: line for line in lines}
        if lines:
            self._decide(lines, done=len(self.ids) - len(lines))
        self.told(len(self.ids))

    def _decide(self, lines: Sequence[Line], *, done: int) -> None:
        state = opening(self.organization_id, lines, on=self.on)
        state = replace(state, payouts=tuple(payout_facts(self.organization_id, on=self.on)))
        self._load_proposals()
        chunk: list[Decision] = []
        for decision in decide_all(state, lines):
            chunk.append(decision)
            # A return must find the payments before it recorded, and the lines after it must
            # find its invoices open again: it ends its chunk.
            taken = decision.action == "post" and decision.hypotheses[0].returns
            if taken or len(chunk) >= CHUNK:
                self._enter(chunk)
                done += len(chunk)
                chunk = []
                collect_young()
                self.told(done)
        self._enter(chunk)

    def _load_proposals(self) -> None:
        for ids in chunks(self.lines):
            rows = Match.objects.filter(
                organization_id=self.organization_id,
                line_id__in=ids,
                state=Match.State.PROPOSED,
            )
            for match in rows.order_by("rank"):
                self.proposed[match.line_id].append(match)

    def _enter(self, chunk: Sequence[Decision]) -> None:
        """Act on a chunk; a careful run halves one that fails until the line is found that does
        it, leaves that line to a person and raises _Aside."""
        try:
            self._flush(chunk)
        except (AllocationError, PaymentError, MatchError) as error:
            if not self.careful:
                raise
            if len(chunk) == 1:
                self._leave(chunk[0].line_id, error.sentence)
                raise _Aside from error
            half = len(chunk) // 2
            self._enter(chunk[:half])
            self._enter(chunk[half:])

    @transaction.atomic
    def _leave(self, line_id: int, why: Sentence) -> None:
        """Leave a line to a person, unless somebody has decided on it meanwhile."""
        rows = StatementLine.objects.filter(id=line_id, state__in=WAITING)
        said = [Sentence("bank.not_postable", {"why": why})]
        lines_state(rows.select_for_update(no_key=True), State.LEFT, evidence=said)
        proposals_drop(self.organization_id, [line_id], on=self.on)
        self.aside.add(line_id)
        self.outcomes[line_id] = str(State.LEFT.value)

    @transaction.atomic
    def _flush(self, chunk: Sequence[Decision]) -> None:
        if not chunk:
            return
        rows = {
            row.id: row
            for row in StatementLine.objects.filter(
                organization_id=self.organization_id,
                id__in=[decision.line_id for decision in chunk],
                state__in=WAITING,
            )
            .order_by("id")
            .select_for_update(no_key=True)
        }
        if len(rows) != len(chunk):
            raise _Moved
        posts = [decision for decision in chunk if decision.action == "post"]
        self._supersede([d for d in chunk if d.action != "propose"])
        self._post(posts)
        self._propose([decision for decision in chunk if decision.action == "propose"])
        self._states(chunk, rows)
        self._count(chunk)

    def _post(self, decisions: Sequence[Decision]) -> None:
        postings = [
            Posting(self.lines[d.line_id], d.hypotheses[0], evidence=d.evidence) for d in decisions
        ]
        for posting in postings:
            if posting.chosen.kind in REFUNDS:
                post_refund(self.organization_id, posting, on=self.on, actor=AUTOMATIC)
            elif posting.chosen.pays_out:
                payout_tie(self.organization_id, posting, actor=AUTOMATIC)
        postings = [p for p in postings if p.chosen.kind not in REFUNDS and not p.chosen.pays_out]
        credits_ = [p for p in postings if not p.chosen.returns]
        if credits_:
            self.payments |= post_payments(
                self.organization_id, credits_, on=self.on, actor=AUTOMATIC
            )
        for posting in postings:
            taken = posting.chosen.returns
            if not taken:
                continue
            payment_ids = [p.payment_id or self.payments[p.line_id or 0].id for p in taken]
            post_return(
                self.organization_id,
                posting,
                payment_ids=payment_ids,
                on=self.on,
                actor=AUTOMATIC,
            )

    def _propose(self, decisions: Sequence[Decision]) -> None:
        """Keep proposals that stand as they were; replace the others."""
        fresh: list[Match] = []
        gone: list[Decision] = []
        for decision in decisions:
            rows = [
                match_row(
                    self.organization_id,
                    decision.line_id,
                    hypothesis,
                    rank=rank,
                    state=Match.State.PROPOSED,
                    decided_by=AUTOMATIC,
                )
                for rank, hypothesis in enumerate(decision.hypotheses, 1)
            ]
            for row, hypothesis in zip(rows, decision.hypotheses, strict=True):
                taken = hypothesis.returns
                if taken and taken[0].payment_id is None:
                    row.returned_payment = self.payments[taken[0].line_id or 0]
            before = [hypothesis_of(match).key for match in self.proposed[decision.line_id]]
            if before != [hypothesis_of(row).key for row in rows]:
                gone.append(decision)
                fresh += rows
        self._supersede(gone)
        Match.objects.bulk_create(fresh, batch_size=500)
        proposals_wake(self.organization_id, fresh, on=self.on)

    def _supersede(self, decisions: Sequence[Decision]) -> None:
        old = [d.line_id for d in decisions if self.proposed[d.line_id]]
        if old:
            proposals_drop(self.organization_id, old, on=self.on)

    def _states(self, chunk: Sequence[Decision], rows: dict[int, StatementLine]) -> None:
        moved = []
        for decision in chunk:
            row = rows[decision.line_id]
            evidence = [sentence.to_json() for sentence in decision.evidence]
            state = STATES[decision.action]
            if (row.state, row.evidence) != (state, evidence):
                row.state, row.evidence = state, evidence
                moved.append(row)
        StatementLine.objects.bulk_update(moved, ["state", "evidence"], batch_size=250)

    def _count(self, chunk: Sequence[Decision]) -> None:
        for decision in chunk:
            outcome = str(STATES[decision.action].value)
            if decision.action == "post" and decision.hypotheses[0].returns:
                outcome = "returned"
            self.outcomes[decision.line_id] = outcome
