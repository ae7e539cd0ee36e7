"""The portfolio as a state machine: what may happen to it, and what must hold after each step."""

from __future__ import annotations

import functools
from datetime import date, datetime, time, timedelta

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.models import Case, Promise
from amiable.apps.cases.services import (
    CallOutcome,
    CaseError,
    PlanTerms,
    customer_fact_set,
    dispute_close,
    dispute_open,
    hold_lift,
    hold_place,
    plan_cancel,
    plan_record,
    plan_schedule,
    point_mark,
    promise_cancel,
    promise_record,
)
from amiable.apps.dunning.calling.closing import call_close
from amiable.apps.dunning.enrollment.enrollments import enrollments_move
from amiable.apps.dunning.models import Action
from amiable.apps.dunning.services import (
    action_approve,
    action_refuse,
    action_reopen,
    cases_replan,
    unknown_resolve,
)
from amiable.core.records import CustomerRow, InvoiceRow
from amiable.plugins.base import Outcome, Outgoing
from tests.stories.portfolio import checks
from tests.stories.portfolio.model import Contact, Debt, Debtor, Money, Pause, Word, worked
from tests.stories.portfolio.office import CLAIRE, PARIS, Handed, Office
from tests.stories.portfolio.scenarios import scenarios

WHO = {"actor": CLAIRE}
EUROS = st.sampled_from([4, 12, 60, 300, 900, 6_000, 60_000])
STARTS = [date(2026, 1, 5), date(2026, 3, 23), date(2026, 10, 19), date(2028, 2, 21)]
# Code, kind, postcode, email, phone, whether a letter arrives.
DEBTORS = [
    ("NANTES", "company", "44000", "a@client.example", "", True),
    ("REUNION", "company", "97400", "b@client.example", "+33639980001", True),
    ("CONSUMER", "consumer", "75011", "c@client.example", "+33639980002", True),
    ("TWIN", "consumer", "75011", "c@client.example", "+33639980002", True),
    ("MAIRIE", "public", "67000", "d@client.example", "", True),
    ("PAPER", "company", "31000", "", "", True),
    ("MAIL", "company", "", "e@client.example", "+33639980003", False),
]


WAITS = st.sampled_from([0, 0, 1, 1, 2, 5, 9])


def happening(**drawn):
    """A rule that comes after some days on which everything runs as it should."""

    def wrap(method):
        @functools.wraps(method)
        def lived(self, wait, **values):
            self.days_go_by(wait)
            return method(self, **values)

        return rule(wait=WAITS, **drawn)(lived)

    return wrap


class KilledError(Exception):
    """The worker dies here."""


class Portfolio(RuleBasedStateMachine):
    """One organization, seven customers, two creditors."""

    def __init__(self) -> None:
        super().__init__()
        # What a run writes is taken back with it, as Django's own test cases do.
        self.run = transaction.atomic()
        self.run._from_testcase = True
        self.run.__enter__()
        self.number = 0
        self.trouble: list[str] = []
        self.contacts: list[Contact] = []
        self.order: dict[tuple[object, ...], tuple[int, str]] = {}
        self.again: set[int] = set()
        self.seen = self.seen_reminded = 0
        self.bank: date | None = None
        self.imported_on: date | None = None

    def teardown(self) -> None:
        broken = broken_invariants()
        transaction.set_rollback(True)
        self.run.__exit__(None, None, None)
        assert not broken, broken

    # -- the beginning -----------------------------------------------------------------------

    @initialize(
        chosen=st.lists(scenarios(), min_size=2, max_size=3, unique_by=lambda s: s.definition.code),
        start=st.sampled_from(STARTS),
        age=st.sampled_from([None, None, 5]),
        stock=st.lists(
            st.tuples(st.integers(0, len(DEBTORS) - 1), st.integers(-10, 60), EUROS),
            min_size=4, max_size=10,
        ),
    )  # fmt: skip
    def begin(self, chosen, start, age, stock) -> None:
        policies = {"bank_data_max_age_days": age, "is_agency": True, "address": ["1 quai", "LYON"]}
        self.office = Office(policies=policies, now=datetime.combine(start, time(10), tzinfo=PARIS))
        self.office.answer = self.answer
        self.day, self.age = start, age
        self.scenarios = [self.office.keep(s.definition, default=s is chosen[0]) for s in chosen]
        other = self.office.second_creditor()
        self.debtors: dict[int, Debtor] = {}
        for place, (code, kind, postcode, email, phone, address) in enumerate(DEBTORS):
            row = self.office.customer(
                code, kind=kind, postcode=postcode, city="Ville" if address else "", email=email,
                phone=phone, owner=other if place % 3 == 2 else None,
            )  # fmt: skip
            points = {k: "valid" for k, v in (("email", email), ("phone", phone)) if v}
            self.debtors[row.id] = Debtor(
                row.id, code, kind, postcode, shares=frozenset({email, phone} - {""}),
                points=points, has_address=address,
            )  # fmt: skip
        self.rows = {row.id: row for row in self.office.customers()}
        for debtor, age, euros in stock:
            self.bring(list(self.debtors.values())[debtor], age=age, term=30, total=euros * 100)

    # -- what comes in -----------------------------------------------------------------------

    def debtor(self, data) -> Debtor:
        return data.draw(st.sampled_from(list(self.debtors.values())))

    def debt(self, data, *, open_only: bool = True) -> tuple[Debtor, Debt] | None:
        rows = [
            (debtor, debt)
            for debtor in self.debtors.values()
            for debt in debtor.debts.values()
            if debt.open > 0 or not open_only
        ]
        return data.draw(st.sampled_from(rows)) if rows else None

    @happening(
        data=st.data(), euros=EUROS, age=st.integers(-30, 20) | st.integers(20, 400),
        term=st.sampled_from([0, 15, 30, 60]), count=st.integers(1, 3),
        paid=st.sampled_from([0, 0, 0, 0, 50, 100]),
    )  # fmt: skip
    def invoices_arrive(self, data, euros, age, term, count, paid) -> None:
        debtor = self.debtor(data)
        for each in range(count):
            self.bring(debtor, age=age + each, term=term, total=euros * 100 + each, paid=paid)

    def bring(self, debtor: Debtor, *, age: int, term: int, total: int, paid: int = 0) -> None:
        """Import an invoice that fell due `age` days ago, of which `paid` percent is paid."""
        self.number += 1
        due = self.day - timedelta(days=age)
        issued = min(due - timedelta(days=term), self.day)
        row = self.row(debtor, "invoice", issued, due, total, total - total * paid // 100)
        self.office.import_rows([row], on=self.day)
        found = self.office.installment(row.number)
        debtor.debts[found] = Debt(found, row.number, row.issue_date, row.due_date, row.open_minor)
        if row.open_minor != row.total_minor:
            debtor.receipts.append((self.day, row.total_minor - row.open_minor))
        self.know_cases()

    @happening(data=st.data(), euros=EUROS)
    def a_credit_note_arrives(self, data, euros) -> None:
        debtor = self.debtor(data)
        self.number += 1
        row = self.row(debtor, "credit_note", self.day, self.day, euros * 100, euros * 100)
        self.office.import_rows([row], on=self.day)
        debtor.credit += euros * 100
        debtor.receipts.append((self.day, euros * 100))
        self.know_cases()

    def row(self, debtor, kind, issued, due, total, left) -> InvoiceRow:
        owner = self.rows[debtor.id].creditor.code
        return InvoiceRow(
            line=self.number, number=f"F{self.number}", kind=kind, issue_date=issued, due_date=due,
            currency="EUR", total_minor=total, open_minor=left,
            customer=CustomerRow(self.number, debtor.code, debtor.code, creditor=owner),
        )  # fmt: skip

    def know_cases(self) -> None:
        for case_id, customer_id in Case.objects.values_list("id", "customer_id"):
            if customer_id in self.debtors:
                self.debtors[customer_id].case = case_id

    @happening(
        data=st.data(), share=st.sampled_from([100, 100, 40, 0]), more=st.sampled_from([0, 0, 7_00])
    )
    def a_payment_comes(self, data, share, more) -> None:
        found = self.debt(data)
        if found is None:
            return
        debtor, first = found
        several = share == 100 and data.draw(st.booleans())
        paid = [d for d in debtor.debts.values() if d.open > 0] if several else [first]
        parts = {d.id: max(1, d.open * share // 100) for d in paid} if share else {}
        amount = sum(parts.values()) + more or first.open
        payment = self.office.pay_minor(self.rows[debtor.id], amount, on=self.day, parts=parts)
        for item, part in parts.items():
            debtor.debts[item].open -= part
        debtor.credit += amount - sum(parts.values())
        debtor.receipts.append((self.day, amount))
        debtor.money.append(Money(payment.id, amount, parts))

    @happening(data=st.data(), returned=st.booleans(), reason=st.sampled_from(["AM04", "MD06"]))
    def a_payment_is_taken_back(self, data, returned, reason) -> None:
        rows = [(d, m) for d in self.debtors.values() for m in d.money if not m.back]
        if not rows:
            return
        debtor, money = data.draw(st.sampled_from(rows))
        self.office.take_back(money.id, on=self.day, reason=reason if returned else "")
        money.back = True
        for item, part in money.parts.items():
            debtor.debts[item].open += part
        debtor.credit -= money.amount - sum(money.parts.values())
        debtor.receipts.append((self.day, -money.amount))

    @happening(behind=st.sampled_from([0, 1, 9]))
    def a_statement_comes(self, behind) -> None:
        until = self.day - timedelta(days=behind)
        self.office.statement(until=until)
        self.bank = max(self.bank or until, until)
        self.imported_on = self.day

    # -- what customers and people say -------------------------------------------------------

    @happening(data=st.data(), share=st.sampled_from([None, None, 30, 100]))
    def a_dispute_is_opened(self, data, share) -> None:
        found = self.debt(data)
        if found is None or found[1].dispute_id is not None:
            return
        _, debt = found
        amount = None if share is None else max(1, debt.open * share // 100)
        debt.dispute_id = dispute_open(
            self.office.id, debt.id, reason="price", amount_minor=amount, on=self.day, **WHO
        )
        debt.disputed = amount

    @happening(data=st.data())
    def a_dispute_is_closed(self, data) -> None:
        rows = [d for each in self.debtors.values() for d in each.debts.values() if d.dispute_id]
        if rows:
            debt = data.draw(st.sampled_from(rows))
            assert dispute_close(
                self.office.id, debt.dispute_id, outcome="settled", on=self.day, **WHO
            )
            debt.disputed, debt.dispute_id = 0, None

    @happening(
        data=st.data(), share=st.sampled_from([100, 100, 97, 50, 10]), within=st.integers(0, 40)
    )
    def a_promise_is_made(self, data, share, within) -> None:
        found = self.debt(data)
        if found is None:
            return
        debtor, _ = found
        amount = sum(d.open for d in debtor.debts.values()) * share // 100
        due = self.day + timedelta(days=within)
        try:
            made = promise_record(
                self.office.id, debtor.case, amount_minor=max(1, amount), due_on=due, on=self.day,
                **WHO,
            )  # fmt: skip
        except CaseError:
            return
        debtor.words.append(Word(made, max(1, amount), self.day, due))

    @happening(
        data=st.data(), share=st.sampled_from([100, 60]), count=st.integers(2, 4),
        every=st.sampled_from(["week", "two_weeks", "month"]), after=st.integers(0, 20),
    )  # fmt: skip
    def a_plan_is_agreed(self, data, share, count, every, after) -> None:
        found = self.debt(data)
        if found is None:
            return
        debtor, _ = found
        amount = sum(d.chased for d in debtor.debts.values()) * share // 100
        terms = PlanTerms(max(2, amount), count, self.day + timedelta(days=after), every)
        try:
            parts = plan_schedule(self.office.id, debtor.case, terms, on=self.day)
            agreed = plan_record(self.office.id, debtor.case, instalments=parts, on=self.day, **WHO)
        except CaseError:
            return
        for row in Promise.objects.filter(plan_id=agreed):
            debtor.words.append(Word(row.id, row.amount_minor, self.day, row.due_on, agreed))

    @happening(data=st.data())
    def a_word_is_taken_back(self, data) -> None:
        rows = [w for d in self.debtors.values() for w in d.words if not w.cancelled]
        if not rows:
            return
        word = data.draw(st.sampled_from(rows))
        if word.plan is None:
            together = [word]
            done = promise_cancel(self.office.id, word.id, on=self.day, **WHO)
        else:
            together = [w for w in rows if w.plan == word.plan]
            done = plan_cancel(self.office.id, word.plan, on=self.day, **WHO)
        for each in together if done else []:
            each.cancelled = True

    @happening(data=st.data(), days=st.sampled_from([None, 0, 3, 20]), whole=st.booleans())
    def a_hold_is_placed(self, data, days, whole) -> None:
        found = self.debt(data, open_only=False)
        if found is None:
            return
        debtor, debt = found
        until = None if days is None else self.day + timedelta(days=days)
        placed = hold_place(
            self.office.id, debtor.case, reason="talks", on=self.day, ends_on=until,
            installment_id=None if whole else debt.id, **WHO,
        )  # fmt: skip
        (debtor if whole else debt).pauses[placed] = Pause(self.day, until)

    @happening(data=st.data())
    def a_hold_is_lifted(self, data) -> None:
        owners = [x for d in self.debtors.values() for x in (d, *d.debts.values()) if x.pauses]
        if owners:
            owner = data.draw(st.sampled_from(owners))
            placed = data.draw(st.sampled_from(list(owner.pauses)))
            if hold_lift(self.office.id, placed, on=self.day, **WHO):
                owner.pauses[placed].until = self.day - timedelta(days=1)

    @happening(data=st.data(), kind=st.sampled_from(["email", "phone"]),
          mark=st.sampled_from(["valid", "valid", "invalid", "opted_out"]))  # fmt: skip
    def an_address_is_marked(self, data, kind, mark) -> None:
        debtor = self.debtor(data)
        if kind in debtor.points:
            self.mark(debtor, kind, mark)

    def mark(self, debtor: Debtor, kind: str, mark: str) -> None:
        point = self.office.point(self.rows[debtor.id], kind)
        point_mark(self.office.id, point, mark, on=self.day, reason="550", **WHO)
        debtor.points[kind] = mark

    @happening(
        data=st.data(), fact=st.sampled_from(["insolvent", "dead"]), true=st.sampled_from([1, 0, 0])
    )
    def a_fact_is_learned(self, data, fact, true) -> None:
        debtor = self.debtor(data)
        name = {"insolvent": "insolvent_since", "dead": "deceased_since"}[fact]
        value = self.day if true else None
        customer_fact_set(self.office.id, debtor.id, name, value=value, on=self.day, **WHO)
        setattr(debtor, fact, bool(true))

    # -- what people decide ------------------------------------------------------------------

    @happening(data=st.data(), refuse=st.sampled_from([False, False, False, True]))
    def approvals_are_given(self, data, refuse) -> None:
        waiting = list(self.office.actions(state="to_approve").values_list("id", flat=True))
        if waiting and refuse:
            one = [data.draw(st.sampled_from(waiting))]
            action_refuse(self.office.id, one, reason="not now", on=self.day, **WHO)
        self.approve_all()

    def approve_all(self) -> None:
        waiting = list(self.office.actions(state="to_approve").values_list("id", flat=True))
        if waiting:
            action_approve(self.office.id, waiting, on=self.day, **WHO)

    @happening()
    def approvals_are_taken_back(self) -> None:
        given = self.office.actions(state="approved").exclude(decided_by="")
        action_reopen(self.office.id, list(given.values_list("id", flat=True)), on=self.day, **WHO)

    @happening(data=st.data(), result=st.sampled_from(
        ["done", "done", "no_answer", "wrong_number", "refused", "callback", "already_paid"]))  # fmt: skip
    def a_call_or_task_is_done(self, data, result) -> None:
        if todo := self.todo():
            self.work_off(data.draw(st.sampled_from(todo)), result)

    def todo(self) -> list[Action]:
        """Calls and tasks that wait, as the console shows them: planned anew where facts changed."""
        cases_replan(self.office.id, on=self.day)
        due = self.office.actions(state="todo", due_on__lte=self.day)
        return list(due.select_related("case").order_by("id"))

    def work_off(self, action: Action, result: str = "done") -> None:
        debtor = self.debtors[action.case.customer_id]
        result = "done" if action.medium == "task" else result
        back = self.day + timedelta(days=3)
        number = "" if result != "wrong_number" else self.office.value(debtor.id, "phone")
        outcome = CallOutcome(result, callback_on=back, phone=number)
        assert call_close(self.office.id, action.id, outcome, on=self.day, **WHO)
        if result == "callback":
            debtor.pauses[-action.id] = Pause(self.day, back)
        if result == "wrong_number":
            debtor.points["phone"] = "invalid"
        if action.medium == "phone" and result not in checks.REACHED_NOBODY:
            companion = bool(checks.step_data(action)[0].get("accompanies"))
            self.contacts.append(Contact(debtor.id, debtor.case, self.day, "phone", companion))

    @happening(data=st.data())
    def cases_are_moved_to_another_scenario(self, data) -> None:
        cases = [d.case for d in self.debtors.values() if d.case]
        if cases:
            some = data.draw(st.lists(st.sampled_from(cases), min_size=1, unique=True))
            to = data.draw(st.sampled_from(self.scenarios))
            enrollments_move(self.office.id, some, to=to, on=self.day, **WHO)

    @happening(data=st.data(), left=st.booleans())
    def a_doubt_is_settled(self, data, left) -> None:
        doubts = list(self.office.actions(state="unknown"))
        if not doubts:
            return
        action = data.draw(st.sampled_from(doubts))
        known = any(h.action_id == action.id for h in self.office.handed)
        assert unknown_resolve(self.office.id, action.id, left=known, on=self.day, **WHO)

    # -- what channels say -------------------------------------------------------------------

    @happening(
        kinds=st.lists(
            st.sampled_from(["retry", "failed", "unknown", "unknown but left", "killed"]),
            max_size=3,
        )
    )
    def the_channels_have_trouble(self, kinds) -> None:
        self.trouble = list(kinds)

    def answer(self, message: Outgoing) -> Outcome | None:
        kind = self.trouble.pop(0) if self.trouble else ""
        if kind == "killed":
            raise KilledError
        if kind == "unknown but left":
            self.office.take(message)
            return Outcome("unknown", detail="the line was cut")
        return Outcome(kind, detail="no", retry_after_seconds=900) if kind else None

    @happening(data=st.data(), kind=st.sampled_from(["bounced", "delivered"]))
    def a_channel_tells_later(self, data, kind) -> None:
        rows = [c for c in self.contacts if c.message and c.medium != "phone"]
        if not rows:
            return
        contact = data.draw(st.sampled_from(rows[-6:]))
        if kind == "bounced" and contact.medium == "email":
            self.office.event(contact.message, "bounced", on=self.day)
            self.mark(self.debtors[contact.debtor], "email", "invalid")
            self.contacts.remove(contact)
            # Nobody got it: the step may be taken again, another way.
            self.again |= {h.action_id for h in self.office.handed
                           if h.message_id == contact.message}  # fmt: skip
        elif kind == "delivered":
            self.office.event(contact.message, "delivered", on=self.day)

    # -- days that pass ----------------------------------------------------------------------

    def days_go_by(self, days: int) -> None:
        """Ordinary days: what waits is approved, one run in the morning, calls and tasks done."""
        for _ in range(days):
            self.day += timedelta(days=1)
            self.approve_all()
            self.tick(10, twice=False)
            while todo := self.todo():
                self.work_off(todo[0])

    @rule(days=st.integers(1, 9), hour=st.integers(0, 23), twice=st.booleans())
    def days_pass_at_other_hours(self, days, hour, twice) -> None:
        for _ in range(days):
            self.day += timedelta(days=1)
            self.tick(hour, twice=twice)

    @rule(days=st.integers(1, 40))
    def nothing_runs_for_days(self, days) -> None:
        self.day += timedelta(days=days)

    @rule(hour=st.integers(0, 23))
    def a_day_is_run_again(self, hour) -> None:
        self.tick(hour, twice=True)

    @rule(hour=st.integers(6, 20))
    def only_the_sender_runs(self, hour) -> None:
        self.send(hour)

    @rule()
    def only_the_planner_runs(self) -> None:
        self.office.plan(self.day)

    def tick(self, hour: int, *, twice: bool) -> None:
        for _ in range(2 if twice else 1):
            self.office.plan(self.day)
            # After a statement of the same day, what was held back comes the next.
            if worked(self.day) and self.imported_on != self.day:
                problems = checks.lost_problems(self.office, self.day)
                assert not problems, problems
            self.send(hour)

    def send(self, hour: int) -> None:
        quiet = not self.trouble
        for minute in range(0, 60, 15):
            try:
                self.office.send(self.day, hour, minute)
                break
            except KilledError:
                # Ten minutes go by: what the dead worker held may be taken again.
                late = datetime(2020, 1, 1, tzinfo=PARIS)
                Action.objects.filter(state="claimed").update(leased_until=late)
        self.look()
        if quiet:
            problems = checks.unsent_problems(self.office, self.office.now)
            assert not problems, problems

    def look(self) -> None:
        """Judge what left since the last look."""
        fresh = self.age is None or (
            self.bank is not None and (self.day - self.bank).days <= self.age
        )
        for handed in self.office.handed[self.seen :]:
            action = Action.objects.select_related("case", "scenario__after").get(
                id=handed.action_id
            )
            debtor = self.debtors[action.case.customer_id]
            problems = checks.message_problems(handed, debtor, self.contacts, bank_fresh=fresh)
            problems += checks.order_problems(action, self.order)
            assert not problems, problems
            self.note(handed, action, debtor)
        self.seen = len(self.office.handed)
        for reminded in self.office.reminded[self.seen_reminded :]:
            promise = Promise.objects.select_related("case").get(id=reminded.promise_id)
            debtor = self.debtors[promise.case.customer_id]
            problems = checks.reminded_problems(reminded, debtor, bank_fresh=fresh)
            assert not problems, problems
        self.seen_reminded = len(self.office.reminded)

    def note(self, handed: Handed, action: Action, debtor: Debtor) -> None:
        companion = bool(checks.step_data(action)[0].get("accompanies"))
        self.contacts.append(
            Contact(
                debtor.id, debtor.case, handed.at.date(), action.medium, companion,
                handed.message_id,
            )
        )  # fmt: skip

    # -- what always holds -------------------------------------------------------------------

    @precondition(lambda self: hasattr(self, "office"))
    @invariant()
    def all_is_well(self) -> None:
        problems = checks.money_problems(self.office, self.debtors.values())
        problems += checks.explained_problems(self.office.actions())
        problems += checks.left_twice(self.office.handed, self.again)
        assert not problems, problems
