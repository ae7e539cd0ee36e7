"""A plan signed on the payment page and collected by direct debit: the bank's files in both
directions, an account without funds once, and everything paid at the end."""

from __future__ import annotations

from datetime import date, timedelta
from html import escape
from pathlib import Path

import pytest
from django.test import Client
from lxml import etree
from sepaxml.validation import try_valid_xml

from amiable.apps.banking.services import lines_match
from amiable.apps.cases.models import PaymentPlan
from amiable.apps.cases.queries import words_given
from amiable.apps.dunning.debiting.filing import debit_account
from amiable.apps.dunning.debiting.results import debits_follow
from amiable.apps.insights.intake import file_import
from amiable.apps.messaging.models import Message
from amiable.apps.payments.debits.models import Debit, DebitFile, Mandate
from amiable.apps.receivables.models import Installment
from amiable.apps.receivables.queries import installment_balances
from amiable.core.direct_debits import submit_by
from tests.apps.portal_pages import no_limits, owing, path_of
from tests.apps.test_direct_debits import at, filed, look
from tests.portal.test_plan_debits import journey
from tests.portal.test_plan_signing import AUTOMATIC, set_policy

pytestmark = pytest.mark.django_db

SPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


class House:
    """The creditor, its bank, and the plan of one customer who owes 1,550.00."""

    def __init__(self, folder: Path) -> None:
        no_limits()
        self.folder = folder
        self.case = owing(ics="FR72ZZZ123456")
        set_policy(self.case, AUTOMATIC)
        self.owner = self.case.customer.creditor
        journey(Client(enforce_csrf_checks=True), path_of(self.case))
        self.plan = PaymentPlan.objects.get()
        self.look(self.plan.agreed_on)

    def look(self, day: date) -> None:
        Message.objects.filter(state="frozen").update(retry_at=at(day) - timedelta(hours=1))
        look(self.owner, day)

    def hands_over(self, debit: Debit) -> DebitFile:
        """The file of its last day, valid against the schema of ISO 20022."""
        file = filed(self.owner, submit_by(debit.collect_on, self.owner.debit_lead_days))
        try_valid_xml(bytes(file.content), "pain.008.001.08")  # raises when it is not
        root = etree.fromstring(bytes(file.content))
        assert [e.text for e in root.iterfind(".//{*}EndToEndId")] == [debit.end_to_end_id]
        assert root.findtext(".//{*}InstdAmt") == euros(debit.amount_minor)
        return file

    def reads(self, day: date, entry: str) -> None:
        """The statement of a day, entered as a file, and what follows from it."""
        path = self.folder / f"{day}.xml"
        account = debit_account(self.owner)
        path.write_text(
            f'<Document xmlns="{SPACE}"><BkToCstmrStmt><Stmt><Id>{day}</Id>'
            f"<CreDtTm>{day}T18:00:00</CreDtTm><Acct><Id><IBAN>{account}</IBAN></Id>"
            f"<Ccy>EUR</Ccy></Acct>{entry}</Stmt></BkToCstmrStmt></Document>",
            "utf-8",
        )
        org = self.owner.organization
        done = file_import(
            org, "statement", source=path, filename=path.name, now=at(day), actor="camille"
        )
        assert (done.state, done.errors) == ("done", ())
        lines_match(org.pk, on=day)
        debits_follow(org.pk, on=day)
        self.look(day)

    def collects(self, debit: Debit) -> None:
        """The bank books the group of the file as one line."""
        file = self.hands_over(debit)
        group = etree.fromstring(bytes(file.content)).findtext(".//{*}PmtInfId")
        told = f"<Btch><PmtInfId>{escape(group)}</PmtInfId><NbOfTxs>1</NbOfTxs></Btch>"
        self.reads(debit.collect_on, entry(debit.amount_minor, debit.collect_on, told))

    def sends_back(self, debit: Debit, code: str) -> date:
        """Two days later; the day of that."""
        day = debit.collect_on + timedelta(days=2)
        told = (
            f"<TxDtls><Refs><EndToEndId>{debit.end_to_end_id}</EndToEndId>"
            f"<MndtId>{debit.mandate.rum}</MndtId></Refs>"
            f"<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf></TxDtls>"
        )
        self.reads(day, entry(-debit.amount_minor, day, told))
        return day

    def stands(self, day: date) -> tuple[str, list[int]]:
        """How the plan stands, and what came for each instalment."""
        given = words_given(self.owner.organization_id, [self.case.pk], on=day)[self.case.pk]
        (plan,) = given.plans
        return plan.state, [part.received_minor for part in plan.parts]

    def owed(self) -> int:
        ids = Installment.objects.values_list("id", flat=True)
        return sum(installment_balances(self.owner.organization_id, list(ids)).values())


def euros(amount_minor: int) -> str:
    return f"{abs(amount_minor) // 100}.{abs(amount_minor) % 100:02d}"


def entry(amount_minor: int, day: date, told: str) -> str:
    kind, family = ("CRDT", "ESDD") if amount_minor > 0 else ("DBIT", "UPDD")
    return (
        f'<Ntry><Amt Ccy="EUR">{euros(amount_minor)}</Amt><CdtDbtInd>{kind}</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>{family}</SubFmlyCd></Fmly>"
        f"</Domn></BkTxCd><NtryDtls>{told}</NtryDtls></Ntry>"
    )


@pytest.fixture
def house(tmp_path) -> House:
    return House(tmp_path)


def test_three_instalments_are_collected_one_of_them_at_the_second_try(house):
    first, second, third = Debit.objects.order_by("collect_on")
    assert {d.state for d in (first, second, third)} == {"announced"}
    sums = [d.amount_minor for d in (first, second, third)]
    assert (sum(sums), house.owed()) == (155_000, 155_000)

    # The first comes as agreed.
    house.collects(first)
    assert house.stands(first.collect_on) == ("running", [sums[0], 0, 0])
    assert house.owed() == 155_000 - sums[0]

    # The second is booked, and two days later the bank takes it back: the account was empty.
    house.collects(second)
    assert house.stands(second.collect_on) == ("running", [sums[0], sums[1], 0])
    day = house.sends_back(second, "AM04")
    second.refresh_from_db()
    assert (second.state, second.reason_code) == ("returned", "AM04")
    assert house.owed() == 155_000 - sums[0]
    again = Debit.objects.get(part_id=second.part_id, attempt=2)
    assert again.amount_minor == sums[1]

    # It is announced once more, under the same mandate, and the plan holds meanwhile.
    while again.state == "planned":
        day += timedelta(days=1)
        house.look(day)
        again.refresh_from_db()
        assert house.stands(day)[0] == "running"
    assert Message.objects.filter(key=f"debit/{again.pk}").count() == 1
    for debit in sorted((again, third), key=lambda each: (each.collect_on, each.pk)):
        house.collects(debit)
    last = max(again.collect_on, third.collect_on)

    # Nothing is owed; each instalment was paid by its own collection, and nothing is left over.
    assert house.stands(last) == ("kept", sums)
    assert house.owed() == 0
    assert sorted(Debit.objects.values_list("state", flat=True)) == [
        "collected", "collected", "collected", "returned",
    ]  # fmt: skip
    assert Mandate.objects.get().blocked_on is None
    assert DebitFile.objects.count() == 4
