"""Batches told apart: the bulk line of the statement and its details are one money, in any order."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from amiable.apps.audit.queries import broken_invariants
from amiable.apps.banking import queries
from amiable.apps.banking.models import Batch, Match, StatementLine
from amiable.apps.banking.services import (
    MatchError,
    StatementError,
    line_assign,
    lines_match,
    statement_import,
)
from amiable.apps.banking.splitting import batch_join, batch_refuse, batch_split
from amiable.apps.tenants.models import Creditor
from amiable.plugins.base import ReadOptions
from amiable.plugins.sniffing import read_file
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db

DAY = TODAY.isoformat()
IBAN = "FR1420041010050500013M02606"
PAID = ((50_000, "FA2026-0001", "DUPONT SARL"), (25_000, "FA2026-0002", "GARAGE MARTIN"))
TAGS = {"053": ("BkToCstmrStmt", "Stmt"), "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}


def euros(amount_minor: int) -> str:
    return f"{abs(amount_minor) // 100}.{abs(amount_minor) % 100:02d}"


def details(paid=PAID) -> str:
    return "".join(
        f"<TxDtls><Refs><EndToEndId>E-{label}</EndToEndId></Refs>"
        f'<Amt Ccy="EUR">{euros(amount)}</Amt>'
        f"<CdtDbtInd>{'CRDT' if amount >= 0 else 'DBIT'}</CdtDbtInd>"
        f"<RltdPties><Dbtr><Nm>{name}</Nm></Dbtr></RltdPties>"
        f"<RmtInf><Ustrd>{label}</Ustrd></RmtInf></TxDtls>"
        for amount, label, name in paid
    )


def bulk(
    amount: int, *, told: str = "", batch: str = "", ref: str = "", size: int = 0, **more
) -> str:
    named = f"<PmtInfId>{batch}</PmtInfId>" if batch else ""
    counted = f"<NbOfTxs>{size}</NbOfTxs>" if size else ""
    reference = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""
    return (
        f'<Ntry><Amt Ccy="EUR">{euros(amount)}</Amt>'
        f"<CdtDbtInd>{'CRDT' if amount >= 0 else 'DBIT'}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{DAY}</Dt></BookgDt>{reference}{more.get('charges', '')}"
        f"<NtryDtls><Btch>{named}{counted}</Btch>{told}</NtryDtls>"
        f"<AddtlNtryInf>{more.get('label', 'REMISE DE PRELEVEMENTS')}</AddtlNtryInf></Ntry>"
    )


def camt(path: Path, kind: str, *entries: str, balance: int = 0, number: str = "1") -> Path:
    message, holder = TAGS[kind]
    stated = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{euros(amount)}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{DAY}</Dt></Dt></Bal>"
        for code, amount in (("OPBD", 0), ("CLBD", balance))
    )
    path.write_text(
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.08"><{message}>'
        f"<{holder}><Id>{kind}-{number}</Id><CreDtTm>{DAY}T07:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{stated if kind == '053' else ''}{''.join(entries)}</{holder}></{message}></Document>"
    )
    return path


@pytest.fixture
def org():
    organization = factories.organization()
    factories.creditor(organization)
    return organization


def take(org, path: Path, notes=None) -> dict[str, int]:
    read = read_file(path, ReadOptions(), kind="statement")
    assert read.errors == ()
    return statement_import(
        org.id, read.statements, source=path.name, on=TODAY, actor="test", notes=notes
    )


def standing() -> list[tuple[int, str]]:
    """What counts as money, by amount."""
    out = ("split", "awaited")
    rows = StatementLine.objects.exclude(state__in=out).order_by("-amount_minor")
    return list(rows.values_list("amount_minor", "record__payer_name"))


BOTH = [(50_000, "DUPONT SARL"), (25_000, "GARAGE MARTIN")]


@pytest.mark.parametrize(
    "names",
    [
        ({"batch": "SDD-1"}, {"batch": "SDD-1"}),
        ({"ref": "ASR-1", "size": 2}, {"ref": "ASR-1"}),
        ({}, {}),
        ({"size": 2}, {"batch": "only there"}),
    ],
)
@pytest.mark.parametrize("order", list(permutations(("053", "054", "053 again", "054 again"), 3)))
def test_the_bulk_line_and_its_details_are_one_money_in_any_order(org, tmp_path, names, order):
    ours, theirs = names
    for number, kind in enumerate(order):
        told = {"told": details(), **theirs} if kind[:3] == "054" else ours
        path = camt(tmp_path / f"{number}.xml", kind[:3], bulk(75_000, **told), balance=75_000)
        take(org, path)
    assert standing() == BOTH
    assert StatementLine.objects.get(state="split").amount_minor == 75_000
    assert broken_invariants() == []


def test_details_alone_wait_and_are_no_money(org, tmp_path):
    path = camt(tmp_path / "n.xml", "054", bulk(75_000, told=details(), batch="B"))
    counts = take(org, path)
    assert (counts["batches"], counts["lines"], counts["split"]) == (1, 0, 0)
    assert take(org, path)["batches"] == 0
    assert standing() == []
    assert queries.lines(org.id) == [] == queries.statements(org.id)
    assert lines_match(org.id, on=TODAY)["lines"] == 0
    assert broken_invariants() == []


def test_a_statement_that_tells_the_details_itself_needs_no_notification(org, tmp_path):
    told = bulk(75_000, told=details(), batch="B")
    for order in (("054", "053"), ("053", "054")):
        for kind in order:
            take(org, camt(tmp_path / f"{kind}.xml", kind, told, balance=75_000))
        assert standing() == BOTH
        assert not StatementLine.objects.filter(state="split").exists()


@pytest.mark.parametrize("first", ["whole", "parts"])
def test_a_statement_sent_again_with_or_without_details_is_the_same_money(org, tmp_path, first):
    texts = {
        "whole": bulk(75_000, batch="B", size=2),
        "parts": bulk(75_000, told=details(), batch="B"),
    }
    for number, name in enumerate((first, *({"whole", "parts"} - {first}))):
        path = camt(
            tmp_path / f"{name}.xml", "053", texts[name], balance=75_000, number=str(number)
        )
        take(org, path)
    assert standing() == BOTH
    assert broken_invariants() == []


def test_twins_of_a_batch_that_the_bank_names_apart_are_two(org, tmp_path):
    lines = [bulk(75_000, batch=batch) for batch in "AB"]
    take(org, camt(tmp_path / "s.xml", "053", *lines, balance=150_000))
    for batch in "BA":
        told = bulk(75_000, told=details(), batch=batch)
        take(org, camt(tmp_path / "n.xml", "054", told, number=batch))
    assert StatementLine.objects.filter(state="split").count() == 2
    assert sorted(standing()) == sorted(BOTH * 2)
    assert broken_invariants() == []


def test_pieces_of_one_batch_are_put_together(org, tmp_path):
    notes: list = []
    pieces = [bulk(amount, told=details([paid]), batch="B") for paid in PAID for amount in paid[:1]]
    take(org, camt(tmp_path / "s.xml", "053", bulk(75_000, batch="B"), balance=75_000))
    take(org, camt(tmp_path / "1.xml", "054", pieces[0]), notes)
    assert [note.code for note in notes] == ["bank.batch_unequal"]
    assert "500.00" in str(notes[0].sentence)
    assert standing() == [(75_000, None)]
    take(org, camt(tmp_path / "2.xml", "054", pieces[1], number="2"))
    assert standing() == BOTH
    assert broken_invariants() == []


def test_details_of_another_sum_leave_the_line_whole_and_say_so(org, tmp_path):
    notes: list = []
    take(org, camt(tmp_path / "s.xml", "053", bulk(75_100, batch="B"), balance=75_100))
    counts = take(
        org, camt(tmp_path / "n.xml", "054", bulk(75_000, told=details(), batch="B")), notes
    )
    assert (counts["split"], counts["batches"]) == (0, 1)
    assert {name: str(notes[0].params[name]) for name in ("told", "booked")} == {
        "told": "750.00",
        "booked": "751.00",
    }
    assert standing() == [(75_100, None)]
    assert queries.lines(org.id)[0].details.state == "unequal"


@pytest.mark.parametrize(
    "line",
    [
        bulk(75_000, batch="other"),
        bulk(75_000, ref="other", size=2),
        bulk(75_000, size=3),
        bulk(-75_000, batch="B"),
        bulk(75_000, told=details([(75_000, "x", "SOMEBODY")])),
    ],
)
def test_what_contradicts_is_another_money(org, tmp_path, line):
    take(org, camt(tmp_path / "s.xml", "053", line, balance=75_000))
    take(org, camt(tmp_path / "n.xml", "054", bulk(75_000, told=details(), batch="B", ref="R")))
    assert not StatementLine.objects.filter(state="split").exists()


def test_two_batches_of_a_day_and_amount_go_to_two_lines_or_wait(org, tmp_path):
    other = [(amount, label + "b", name) for amount, label, name in PAID]
    notified = [
        bulk(75_000, told=details(paid), batch=f"N{n}") for n, paid in enumerate((PAID, other))
    ]
    take(org, camt(tmp_path / "n.xml", "054", *notified))
    lines = [bulk(75_000, label=f"REMISE {n}") for n in range(2)]
    take(org, camt(tmp_path / "1.xml", "053", lines[0], balance=75_000))
    assert standing() == [(75_000, None)]  # which of the two, nothing tells
    take(org, camt(tmp_path / "2.xml", "053", *lines, balance=150_000, number="2"))
    assert [amount for amount, _ in standing()] == [50_000, 50_000, 25_000, 25_000]
    assert broken_invariants() == []


def test_what_a_person_posted_is_not_undone_unasked(org, tmp_path):
    debtor = factories.customer(Creditor.objects.get(), "Dupont")
    take(org, camt(tmp_path / "s.xml", "053", bulk(75_000, batch="B"), balance=75_000))
    line = StatementLine.objects.get()
    line_assign(org.id, line.id, debtor.id, allocations=[], on=TODAY, actor="ann")
    notes: list = []
    counts = take(
        org, camt(tmp_path / "n.xml", "054", bulk(75_000, told=details(), batch="B")), notes
    )
    assert (counts["split"], counts["proposed"]) == (0, 1)
    assert [note.code for note in notes] == ["bank.batch_proposed"]
    assert standing() == [(75_000, None)]
    assert queries.lines(org.id)[0].details.state == "proposed"
    batch_split(org.id, line.id, on=TODAY, actor="ann")
    assert standing() == BOTH
    assert Match.objects.get().state == "undone"
    assert {view.part_of and str(view.part_of) for view in queries.lines(org.id)} == {
        None,
        "750.00",
    }
    assert broken_invariants() == []


def test_a_split_that_was_turned_down_or_taken_back_does_not_come_again(org, tmp_path):
    path = camt(tmp_path / "s.xml", "053", bulk(75_000, batch="B"), balance=75_000)
    take(org, path)
    told = camt(tmp_path / "n.xml", "054", bulk(75_000, told=details(), batch="B"))
    take(org, told)
    line = StatementLine.objects.get(state="split")
    batch_join(org.id, line.id, on=TODAY, actor="ann")
    assert standing() == [(75_000, None)]
    assert broken_invariants() == []
    take(org, camt(tmp_path / "n2.xml", "054", bulk(75_000, told=details(), batch="B"), number="2"))
    take(org, path)
    assert standing() == [(75_000, None)]
    with pytest.raises(MatchError):
        batch_refuse(org.id, line.id, on=TODAY, actor="ann")
    assert Batch.objects.get().state == "refused"


def test_a_part_that_is_posted_keeps_the_batch_split(org, tmp_path):
    debtor = factories.customer(Creditor.objects.get(), "Dupont")
    take(org, camt(tmp_path / "s.xml", "053", bulk(75_000, batch="B"), balance=75_000))
    take(org, camt(tmp_path / "n.xml", "054", bulk(75_000, told=details(), batch="B")))
    part = StatementLine.objects.get(amount_minor=50_000)
    line_assign(org.id, part.id, debtor.id, allocations=[], on=TODAY, actor="ann")
    with pytest.raises(MatchError) as refusal:
        batch_join(org.id, StatementLine.objects.get(state="split").id, on=TODAY, actor="ann")
    assert refusal.value.sentence.code == "bank.parts_posted"


def test_a_payout_is_split_into_payments_and_the_fee_kept(org, tmp_path):
    kept = '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">7.50</TtlChrgsAndTaxAmt><Rcrd><Amt Ccy="EUR">7.50</Amt></Rcrd></Chrgs>'
    payout = bulk(74_250, told=details(), charges=kept, label="STRIPE PAYOUT")
    counts = take(org, camt(tmp_path / "s.xml", "053", payout, balance=74_250))
    assert (counts["lines"], counts["unbalanced"]) == (3, 0)
    assert [amount for amount, _ in standing()] == [50_000, 25_000, -750]
    for number in ("1", "2"):  # cut otherwise: 0.01 less is no fee that the file tells
        other = bulk(74_249, told=details(), charges=kept, label="STRIPE PAYOUT")
        read = read_file(camt(tmp_path / f"{number}.xml", "053", other, balance=74_249))
        assert [entry.batch_size for entry in read.statements[0].entries] == [2]
        assert [warning.code for warning in read.warnings] == ["camt.batch_unequal"]


def test_details_with_a_fee_split_the_net_line_of_the_statement(org, tmp_path):
    kept = '<Chrgs><Rcrd><Amt Ccy="EUR">7.50</Amt></Rcrd></Chrgs>'
    take(org, camt(tmp_path / "s.xml", "053", bulk(74_250, ref="P-1"), balance=74_250))
    take(
        org, camt(tmp_path / "n.xml", "054", bulk(74_250, told=details(), charges=kept, ref="P-1"))
    )
    assert [amount for amount, _ in standing()] == [50_000, 25_000, -750]
    assert broken_invariants() == []


def test_another_format_knows_the_batch_whole_or_in_parts(org, tmp_path):
    take(org, camt(tmp_path / "s.xml", "053", bulk(75_000, batch="B"), balance=75_000))
    take(org, camt(tmp_path / "n.xml", "054", bulk(75_000, told=details(), batch="B")))
    (said,) = read_file(tmp_path / "s.xml").statements
    (whole,) = said.entries
    plain = replace(whole, label="REM PRLV", batch_id="", batch_size=0)
    parts = [replace(plain, amount_minor=amount, label=label) for amount, label, _ in PAID]
    for entries in ((plain,), tuple(parts)):
        other = replace(said, entries=entries, format="mt940", reference=str(len(entries)))
        counts = statement_import(org.id, [other], source="x", on=TODAY, actor="test")
        assert (counts["lines"], counts["overlapping"]) == (0, 0)


def test_a_notification_without_batches_is_refused_as_before(org, tmp_path):
    single = bulk(75_000, told=details([(75_000, "x", "SOMEBODY")])).replace("<Btch></Btch>", "")
    with pytest.raises(StatementError):
        take(org, camt(tmp_path / "n.xml", "054", single))


def test_linking_asks_as_often_for_many_batches_as_for_one(
    org, tmp_path, django_assert_max_num_queries
):
    many = [bulk(10_000 + n, batch=f"B{n}", size=1) for n in range(40)]
    told = [
        bulk(10_000 + n, batch=f"B{n}", told=details([(10_000 + n, f"FA{n}", f"P{n}")]))
        for n in range(40)
    ]
    take(org, camt(tmp_path / "s.xml", "053", *many, balance=sum(10_000 + n for n in range(40))))
    path = camt(tmp_path / "n.xml", "054", *told)
    with django_assert_max_num_queries(45):
        take(org, path)
    assert StatementLine.objects.filter(state="split").count() == 40
