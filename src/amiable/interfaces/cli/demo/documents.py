"""Invoice PDFs of the fictional creditor (Factur-X), so that reminders have something to attach and
invoices have lines to contest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from pathlib import Path

import typst

from amiable.core.money import major
from amiable.interfaces.cli.demo.electronic import FILE_NAME, lines_of, net_of, rate_of, xml_of
from amiable.interfaces.cli.demo.people import Creditor
from amiable.interfaces.cli.demo.story import Bill, Books

FONTS = Path(__file__).resolve().parents[3] / "assets" / "fonts"

LAYOUT = Path(__file__).resolve().with_name("invoice.typ")
PHOTO = LAYOUT.with_name("photo.typ")

# Code de commerce L441-9 and L441-10: what an invoice between professionals must print.
BETWEEN_PROFESSIONALS = (
    "Pénalités de retard : taux de la BCE majoré de 10 points. Indemnité forfaitaire pour frais "
    "de recouvrement : 40 €. Pas d'escompte pour paiement anticipé."
)


def chased(story: Books, *, until: date, since: date | None = None) -> list[Bill]:
    """Invoices issued by `until` that are paid late, or never, during the run: the chased ones."""
    found = []
    for bill in story.bills:
        if bill.kind != "invoice" or bill.issued > until or (since and bill.issued <= since):
            continue
        paid_on = story.settled_on(bill)
        late = paid_on is None or (paid_on > bill.due and (paid_on - bill.due).days > 6)
        if late and (paid_on is None or paid_on >= story.run_begins):
            found.append(bill)
    return found


def write(
    story: Books,
    bills: Iterable[Bill],
    *,
    folder: Path,
    progress: Callable[[int], None] = lambda _done: None,
) -> list[Path]:
    """One PDF a bill, named by its number; those already there are left as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {folder / f"{bill.number}.pdf": bill for bill in bills}
    missing = [(path, bill) for path, bill in paths.items() if not path.exists()]
    halves = [missing[0::2], missing[1::2]]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda half: _compile(story, half, progress), halves))
    return sorted(paths)


def photo() -> bytes:
    """A picture as a customer might send it, PNG."""
    compiler = typst.Compiler(PHOTO, root=PHOTO.parent, ignore_system_fonts=True)
    content = compiler.compile(format="png", ppi=72)
    if not isinstance(content, bytes):
        raise TypeError("one picture was asked for, and none or several came")
    return content


def _compile(
    story: Books, missing: list[tuple[Path, Bill]], progress: Callable[[int], None]
) -> None:
    if not missing:
        return
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])
    compiler = typst.Compiler(
        LAYOUT, root=LAYOUT.parent, font_paths=fonts, ignore_system_fonts=True
    )
    for path, bill in missing:
        data = json.dumps(_data(story, bill), ensure_ascii=False)
        pdf = compiler.compile(
            format="pdf", sys_inputs={"data": data}, pdf_standards=["a-3b"],
            timestamp=datetime.combine(bill.issued, time(12), UTC),
        )  # fmt: skip
        if not isinstance(pdf, bytes):
            raise TypeError("one document was asked for, and none or several came")
        path.write_bytes(pdf)
        progress(1)


def _data(story: Books, bill: Bill) -> dict[str, object]:
    client, creditor = story.clients[bill.code], Creditor()
    net = net_of(bill, client)
    return {
        "xml": {"name": FILE_NAME, "content": xml_of(bill, client, creditor=creditor)},
        "number": bill.number,
        "issued": f"{bill.issued:%d/%m/%Y}",
        "due": f"{bill.due:%d/%m/%Y}",
        "lines": [
            [line.name, f"{line.quantity}", _euros(line.price_minor), _euros(line.net_minor)]
            for line in lines_of(bill, client)
        ],
        "order": bill.order_reference or "—",
        "net": _euros(net),
        "rate": f"{rate_of(client)} %",
        "vat": _euros(bill.total_minor - net),
        "total": _euros(bill.total_minor),
        "creditor": {
            "name": creditor.name,
            "lines": [creditor.activity, *creditor.address, f"SIREN {creditor.siren}"],
            "iban": creditor.iban,
        },
        "customer": {
            "name": client.name,
            "lines": [client.street, f"{client.postcode} {client.town.upper()}"],
        },
        "mentions": BETWEEN_PROFESSIONALS if client.kind == "company" else "",
    }


def _euros(amount_minor: int) -> str:
    units, cents = major(amount_minor).split(".")
    grouped = f"{int(units):,}".replace(",", "\u202f")
    return f"{grouped},{cents} €"
