"""The shapes of plug-ins. One file per plug-in; a module exposes its instance as PLUGIN."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol

from amiable.core.numbers import DayOrder, DecimalMark
from amiable.core.payouts import PayoutRow
from amiable.core.records import (
    CustomerRow,
    DebitResult,
    InvoiceRow,
    RowError,
    StatementRecord,
    TrackingRow,
    VirtualIbanRow,
)

FileKind = Literal[
    "invoices", "customers", "statement", "tracking", "virtual_ibans", "payouts", "debit_results"
]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What a reader found. `records` hold rows that are whole; each bad row is in `errors`.

    `rows` = number of data rows seen; `summary` is plain JSON (INTERFACES, `amiable read`).
    `raw` = the original cells of rejected rows by line, for the file of rejected rows.
    `cells_of` reads the original cells of other lines, while the file exists.
    `settled` = invoices the source closed: they close what we know and create nothing.
    `warnings` are of the same shape as errors, for rows that were taken all the same.
    """

    kind: FileKind
    format: str
    invoices: tuple[InvoiceRow, ...] = ()
    customers: tuple[CustomerRow, ...] = ()
    statements: tuple[StatementRecord, ...] = ()
    errors: tuple[RowError, ...] = ()
    rows: int = 0
    summary: Mapping[str, Any] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    raw: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[RowError, ...] = ()
    settled: tuple[InvoiceRow, ...] = ()
    tracking: tuple[TrackingRow, ...] = ()
    virtual_ibans: tuple[VirtualIbanRow, ...] = ()
    payouts: tuple[PayoutRow, ...] = ()
    debit_results: tuple[DebitResult, ...] = ()
    cells_of: Callable[[Collection[int]], Mapping[int, tuple[str, ...]]] | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How a source writes its cells, where that leaves doubt; empty = as the file proves.

    `encoding` = a codec of Python; `days` = the order of day, month and year; `reversed` = an
    amount without a side of its own is money out.
    """

    encoding: str = ""
    decimal: DecimalMark = ""
    days: DayOrder = "dmy"
    reversed: bool = False


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read: `columns` maps our field names to the file's column names ("" = none holds it).

    `partial` = movements that can be read are wanted beside the errors of the others.
    `progress` is told bytes read and bytes in all, of files that may take long.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    default_term: str = "30 net"
    currency: str = "EUR"
    layout: Layout = Layout()
    partial: bool = False
    progress: Callable[[int, int], None] | None = None


class Reader(Protocol):
    """A file format. Never raises on bad content: every defect is a RowError in the result."""

    code: str
    kind: FileKind
    label: str

    def sniff(self, head: bytes, name: str, /) -> bool:
        """Whether the first 64 KiB and the name look like this format."""
        ...

    def read(self, path: Path, options: ReadOptions, /) -> ReadResult:
        """Read the whole file, in bounded memory."""
        ...


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom an electronic registered letter is for. `person` = who is named at a company, where one
    is known; `consented_on` = the day a consumer agreed to such letters at this address (CPCE
    L100), None = nothing is noted; a professional's consent is not asked for."""

    name: str
    is_professional: bool
    person: str = ""
    consented_on: date | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A frozen message on its way out.

    `recipient` stands first on it; `copies` are the others who get it; `done` = those who
    need it no more: it reached them, or they refused it for good. `sender` = the name or number a
    text message shows, "" for the channel's own; `addressee` = of an electronic registered letter.
    """

    key: str
    medium: str
    recipient: str
    subject: str
    content: bytes
    content_type: str
    message_id: str = ""
    copies: tuple[str, ...] = ()
    done: frozenset[str] = frozenset()
    sender: str = ""
    addressee: Addressee | None = None

    @property
    def envelope(self) -> tuple[str, ...]:
        """Addresses to hand the message to now, each once."""
        everybody = dict.fromkeys((self.recipient, *self.copies))
        return tuple(address for address in everybody if address not in self.done)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a channel answers. `unknown` = it may have left: a person decides, nothing is resent.

    `sent` = somebody got it: all of the envelope but those in `refused` (for good) and `deferred`
    (for now), each with what the other side said.
    """

    state: Literal["sent", "failed", "retry", "unknown"]
    provider_id: str = ""
    detail: str = ""
    retry_after_seconds: int = 0
    refused: Mapping[str, str] = field(default_factory=dict)
    deferred: Mapping[str, str] = field(default_factory=dict)


class Session(Protocol):
    """An open connection of a channel; reused for many messages."""

    def send(self, message: Outgoing) -> Outcome:
        """Hand one message over. Never raises for what the other side does."""
        ...


class Channel(Protocol):
    """A way out. `media` are the media it can carry; `config` is plain data.

    `resend_safe` = handing the same key over twice delivers once, so that a message found half
    sent after a crash may be handed over again; otherwise a person decides.
    `schemes` = how addresses of this channel begin in the configuration (AMIABLE_*_URL).
    """

    code: str
    media: frozenset[str]
    label: str
    resend_safe: bool
    schemes: frozenset[str]

    def configure(self, url: str) -> dict[str, Any]:
        """The config that an address says. Raises ValueError with what it should look like."""
        ...

    def session(self, config: Mapping[str, Any]) -> AbstractContextManager[Session]:
        """Open a session; an unreachable server shows in the outcomes, not as an exception."""
        ...


class Collects(Protocol):
    """A channel that collects messages and hands them over together, at the end of a session."""

    def finish(self, config: Mapping[str, Any]) -> int:
        """Hand over what processes that died have collected; returns how many collections. What a
        living process holds is left alone. Raises OSError."""
        ...
