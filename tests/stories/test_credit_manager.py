"""The main job, as a credit manager lives it, through the commands she types."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from amiable.interfaces.cli.main import amiable
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

INVOICES = (Path(__file__).parent.parent / "samples/stories/factures.csv").read_text("utf-8")

STATEMENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>{on}T06:00:00</CreDtTm></GrpHdr>
<Stmt><Id>{on}</Id><CreDtTm>{on}T06:00:00</CreDtTm>
<Acct><Id><IBAN>FR1420041010050500013M02606</IBAN></Id></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{opening}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{closing}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><Dt>{on}</Dt></BookgDt><ValDt><Dt>{on}</Dt></ValDt><AcctSvcrRef>{reference}</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>{e2e}</EndToEndId></Refs>
<RltdPties><{party}><Nm>{payer}</Nm></{party}></RltdPties>
<RmtInf><Ustrd>{text}</Ustrd></RmtInf>{more}</TxDtls></NtryDtls></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""


def statement(on: date, **fields: str) -> str:
    return STATEMENT.format(
        **{
            "on": on,
            "sign": "CRDT",
            "family": "RCDT",
            "sub": "ESCT",
            "party": "Dbtr",
            "e2e": "NOTPROVIDED",
            "more": "",
            **fields,
        }
    )


class Desk:
    """The credit manager's desk: commands typed on a given day."""

    def __init__(self, folder) -> None:
        self.folder = folder

    def type(self, *words: str, on: date) -> dict:
        result = CliRunner().invoke(
            amiable, [*words, "--json", "--on", on.isoformat()], standalone_mode=False
        )
        if result.exception:
            raise result.exception
        return json.loads(result.stdout)

    def hand_in(self, kind: str, name: str, content: str, *, on: date) -> dict:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return self.type("import", kind, str(path), on=on)

    def live(self, first: date, last: date) -> list[tuple[date, str, str]]:
        """Run every day of a period; what left or was put on the to-do list, in order."""
        from amiable.apps.dunning.models import Action

        told: list[tuple[date, str, str]] = []
        day = first
        while day <= last:
            self.type("day", on=day)
            done = Action.objects.filter(planned_on=day).exclude(state="cancelled")
            told += [
                (day, action.case.customer.code, action.step)
                for action in done.order_by("id").select_related("case__customer")
            ]
            day += timedelta(days=1)
        return told


@pytest.fixture
def desk(tmp_path):
    factories.creditor(factories.organization())
    return Desk(tmp_path)


def test_two_customers_one_pays_and_is_left_in_peace(desk):
    # 1 October: the invoices come in; nobody is late yet.
    report = desk.hand_in("invoices", "factures.csv", INVOICES, on=date(2026, 10, 1))
    assert report["counts"]["created"] == 3, report

    # 2 October: both get a courteous reminder. Duval's second invoice is announced beforehand
    # by the preventive message only once, together with nothing else.
    october = desk.live(date(2026, 10, 1), date(2026, 10, 2))
    assert (date(2026, 10, 2), "C001", "reminder_1") in october
    assert (date(2026, 10, 2), "C002", "reminder_1") in october

    # 5 October: Lemoine has paid, with the number of the invoice written his own way.
    desk.hand_in(
        "statement",
        "releve.xml",
        statement(
            date(2026, 10, 5), opening="100.00", closing="196.10", amount="96.10",
            reference="R1", payer="GARAGE LEMOINE", text="VIR FACT FA 2026 0103",
        ),
        on=date(2026, 10, 5),
    )  # fmt: skip
    later = desk.live(date(2026, 10, 5), date(2026, 12, 15))
    assert [step for _, code, step in later if code == "C002"] == []

    # Duval has not: the scenario takes its course, one contact at a time, to the formal notice,
    # which waits for her approval.
    steps = [step for _, code, step in later if code == "C001"]
    assert steps.index("reminder_2") < steps.index("firm_letter") < steps.index("formal_notice")
    balance = desk.type("report", "aged-balance", on=date(2026, 12, 15))
    assert "1732.23" in json.dumps(balance)


def test_an_unpaid_direct_debit_opens_the_invoice_again(desk):
    desk.hand_in("invoices", "factures.csv", INVOICES, on=date(2026, 10, 1))
    debit = {"e2e": "FA2026-0103", "payer": "GARAGE LEMOINE", "text": "PRLV FA2026-0103"}
    first, back = date(2026, 10, 2), date(2026, 10, 8)
    desk.hand_in(
        "statement", "in.xml",
        statement(first, opening="0.00", closing="96.10", amount="96.10", reference="D1", **debit),
        on=first,
    )  # fmt: skip
    desk.type("match", on=first)
    # Paid: nothing to plan for Lemoine.
    dry = desk.type("plan", "--dry-run", on=date(2026, 10, 6))
    assert not [a for a in dry["actions"] if a["customer"] == "Garage Lemoine"]
    desk.hand_in(
        "statement", "back.xml",
        statement(
            back, opening="96.10", closing="0.00", amount="96.10", reference="D2", sign="DBIT",
            family="IDDT", sub="UPDD", party="Dbtr",
            more="<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>", **debit,
        ),
        on=back,
    )  # fmt: skip
    desk.type("match", on=back)
    dry = desk.type("plan", "--dry-run", on=back)
    (action,) = [a for a in dry["actions"] if a["customer"] == "Garage Lemoine"]
    assert action["amount"] == "96.10"
    assert action["invoices"] == ["FA2026-0103"]


def test_every_day_can_be_run_twice(desk):
    desk.hand_in("invoices", "factures.csv", INVOICES, on=date(2026, 10, 1))
    day = date(2026, 10, 2)
    first = desk.type("day", on=day)
    second = desk.type("day", on=day)
    assert first["send"]["sent"] == 2
    assert second["send"]["sent"] == 0
    assert second["plan"]["added"] == 0


def test_a_payment_cancels_what_was_about_to_leave_as_soon_as_it_is_matched(desk):
    desk.hand_in("invoices", "factures.csv", INVOICES, on=date(2026, 10, 1))
    day = date(2026, 10, 2)
    desk.type("plan", on=day)
    desk.hand_in(
        "statement", "in.xml",
        statement(
            day, opening="0.00", closing="96.10", amount="96.10", reference="R1",
            payer="GARAGE LEMOINE", text="FA2026-0103",
        ),
        on=day,
    )  # fmt: skip
    assert desk.type("match", on=day)["actions_cancelled"] == 1
    sent = desk.type("send", on=day)
    assert (sent["sent"], sent["cancelled"]) == (1, 0)
