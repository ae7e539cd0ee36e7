"""Lives the story: each file is imported on the day it arrives, each working day runs its ticks.

The day in order: files, matching, the accountant's decisions, plan, send, then the team's calls,
approvals and disputes, and the figures of the evening. Resumes after the last day lived.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from amiable.core.workdays import add_workdays, is_workday
from amiable.interfaces.cli.demo import (
    accountant,
    answers,
    debits,
    documents,
    doors,
    files,
    incidents,
    online,
    policy,
    setup,
    staff,
)
from amiable.interfaces.cli.demo.ledger import books
from amiable.interfaces.cli.demo.setup import Lived, Settings
from amiable.interfaces.cli.demo.story import Books

SEND_AT = time(9, 30)
LEFT_LINES = 5  # working days whose bank lines wait for the visitor where they can
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Life:
    """One demo being lived: its story, its files, and how far it is."""

    organization_id: int
    lived: Lived
    folder: Path
    story: Books = field(init=False)
    deliveries: list[files.Delivery] = field(init=False)
    truth: accountant.Truth = field(init=False)
    _documented: date = date.min

    def __post_init__(self) -> None:
        s = self.lived.settings
        self.story = books(s.seed, s.anchor, customers=s.customers, invoices=s.invoices)
        self.deliveries = files.deliveries(self.story)
        self.truth = accountant.Truth(self.story)

    def live(self, until: date, progress: Progress) -> None:
        """Every day after the last one lived, up to `until`."""
        files.write(self.deliveries, self.folder, until=until)
        files.write_truth(self.story, self.folder)
        days = self._days(until)
        last = add_workdays(until + timedelta(days=1), -1)
        for done, day in enumerate(days):
            progress(done, len(days))
            self._day(day, last=last)
            self._remember(day)
        if days:
            self._evening(last)
            answers.receive(self.organization_id, on=last)
        self._remember(until)
        progress(len(days), len(days))

    def _remember(self, day: date) -> None:
        if self.lived.until is None or day > self.lived.until:
            self.lived = Lived(self.lived.settings, day)
            setup.remember(self.organization_id, self.lived)

    def _evening(self, day: date) -> None:
        """The statement of the last working day itself, after everything has left.

        It arrives again on the next morning, which changes nothing.
        """
        for delivery in self.deliveries:
            if delivery.covers == day and delivery.kind in {"payouts", "statement"}:
                path = files.write_one(delivery, self.folder)
                doors.receive(self.organization_id, delivery.kind, path, on=day)
                doors.match(self.organization_id, on=day)
                doors.replan(self.organization_id, on=day)

    def _days(self, until: date) -> list[date]:
        """Days with something to do: files that arrive, and every working day of the run."""
        since = self.lived.until or date.min
        wanted = {d.on for d in self.deliveries}
        day = self.story.run_begins
        while day <= until:
            if is_workday(day):
                wanted.add(day)
            day += timedelta(days=1)
        return sorted(day for day in wanted if since < day <= until)

    def _day(self, day: date, *, last: date) -> None:
        arrived = [delivery for delivery in self.deliveries if delivery.on == day]
        for delivery in arrived:
            path = self.folder / delivery.name
            doors.receive(self.organization_id, delivery.kind, path, on=day)
        running = day >= self.story.run_begins
        if running:
            if self.lived.until is None or self.lived.until < self.story.run_begins:
                policy.begin(self.organization_id, self.folder, on=day)
            self._documents(day)
            booked = debits.booked(self.organization_id, self.story, self.folder, day=day)
            if booked is not None:
                doors.receive(self.organization_id, "statement", booked, on=day)
        if any(delivery.kind == "statement" for delivery in arrived):
            doors.match(self.organization_id, on=day)
            pressing = self._pressing(day, last)
            for decide in (accountant.decide, online.enter):
                decide(self.organization_id, self.truth, on=day, only=pressing)
        if running and is_workday(day):
            self._work(day, last=last)

    def _pressing(self, day: date, last: date) -> set[str] | None:
        """Whose lines the accountant decides: everybody's (None), until the latest days.

        Then those who would be reminded today though they have paid; the rest is the visitor's.
        """
        if day <= add_workdays(last, -LEFT_LINES):
            return None
        return doors.about_to_be_reminded(self.organization_id, on=day)

    def _work(self, day: date, *, last: date) -> None:
        now = doors.local(datetime.combine(day, SEND_AT))
        since = self.lived.until or day - timedelta(days=1)
        staff.disputes(self.organization_id, self.story, since=since, day=day)
        debits.sign(self.organization_id, self.story, since=since, day=day)
        incidents.note(self.organization_id, self.story, since=since, day=day)
        policy.evolve(self.organization_id, self.story, self.folder, since=since, day=day)
        doors.tick(self.organization_id, now=now)
        desk = staff.Desk(self.organization_id, self.story, day, last)
        for work in (staff.calls, staff.tasks, staff.approvals, staff.batches):
            work(desk)
        debits.hand_over(self.organization_id, day=day, last=last)
        accountant.refund(self.organization_id, self.story, since=since, day=day)
        doors.snapshot(self.organization_id, on=day)

    def _documents(self, day: date) -> None:
        """PDFs of the invoices that will be chased, as the billing software would file them."""
        until = max(
            d.covers for d in self.deliveries if d.covers and d.kind == "invoices" and d.on <= day
        )
        if until == self._documented:
            return
        self._documented = until
        folder = self.folder / "pieces"
        bills = documents.chased(self.story, until=until)
        new = [bill for bill in bills if not (folder / f"{bill.number}.pdf").exists()]
        paths = documents.write(self.story, new, folder=folder)
        doors.receive_documents(self.organization_id, paths, on=day)


def open_life(settings: Settings, folder: Path) -> tuple[Life, bool]:
    """The demo of this database, or a new one of these settings; and whether it is new."""
    found = setup.find()
    if found is not None:
        organization_id, lived = found
        return Life(organization_id, lived, folder), False
    organization_id = setup.create(settings)
    return Life(organization_id, Lived(settings, None), folder), True
