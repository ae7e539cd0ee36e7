"""A pool of virtual IBANs comes in, reminders show them, and money on them finds its customer."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from amiable.apps.banking.models import BankAccount, StatementLine
from amiable.apps.banking.virtual_ibans import virtual_iban_assign, virtual_iban_end
from amiable.apps.cases.links import link_make
from amiable.apps.customers.models import Customer, CustomerIban
from amiable.apps.insights.day import day_run
from amiable.apps.insights.intake import file_import, imports_follow
from amiable.apps.messaging.models import Message
from amiable.apps.payments.models import Payment, VirtualIban, VirtualIbanAssignment
from amiable.apps.payments.virtual_ibans.assigning import VirtualIbanError, policy_set
from amiable.core.references import grouped
from tests import factories
from tests.apps.portal_pages import no_limits, shown
from tests.apps.test_virtual_ibans import ibans

pytestmark = pytest.mark.django_db(transaction=True)
ONE, TWO, THREE = ibans(3)
PAYERS = "FR7630006000011234567890189"


@pytest.fixture(autouse=True)
def _reached_over_https(settings):
    settings.BASE_URL = "https://relance.vauban.example"
    settings.CHANNEL_URLS = dict.fromkeys(settings.CHANNEL_URLS, "")
    no_limits()


def today() -> date:
    return timezone.localdate()


def at(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(10)))


@pytest.fixture
def owner():
    """Two customers that owe, one reminded of late; IBANs by customer, at first need."""
    owner = factories.creditor(factories.organization())
    for code, name in (("C001", "Menuiserie Duval"), ("C002", "Fermetures Noël")):
        debtor = factories.customer(owner, code, name=name)
        factories.invoice(debtor, f"FA-{code}", due=today() - timedelta(days=9))
        factories.case(debtor, on=today() - timedelta(days=9))
    policy_set(
        owner.organization_id, owner.pk, assign="customer", quarantine_days=396, on=today(),
        actor="camille",
    )  # fmt: skip
    return owner


def live(owner) -> None:
    """Run every day since the invoices were due: reminders leave on working days."""
    for back in range(9, -1, -1):
        day_run(owner.organization_id, now=at(today() - timedelta(days=back)))


def take(owner, kind: str, content: str, name: str):
    day = today() - timedelta(days=9) if kind == "virtual_ibans" else today()
    result = file_import(
        owner.organization, kind, source=content.encode(), filename=name, now=at(day),
        actor="camille",
    )  # fmt: skip
    imports_follow(owner.organization_id, now=at(today()))
    return result


def statement(owner, *lines: tuple[int, str, str], day: date, number: int) -> str:
    """A camt.053 of the master account: (cents, credited IBAN, text) of each movement."""
    entries = "".join(
        f"<Ntry><Amt Ccy='EUR'>{cents / 100:.2f}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>"
        f"<BookgDt><Dt>{day}</Dt></BookgDt><NtryDtls><TxDtls><RltdPties>"
        f"<Dbtr><Nm>HOLDING ZEPHYR</Nm></Dbtr><DbtrAcct><Id><IBAN>{PAYERS}</IBAN></Id></DbtrAcct>"
        f"<CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct></RltdPties>"
        f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for cents, iban, text in lines
    )
    return (
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'><BkToCstmrStmt>"
        f"<GrpHdr><MsgId>M{number}</MsgId><CreDtTm>{day}T08:00:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>S{number}</Id><CreDtTm>{day}T08:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{owner.iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>{entries}</Stmt>"
        "</BkToCstmrStmt></Document>"
    )


def states() -> list[tuple[str, int]]:
    rows = StatementLine.objects.order_by("id")
    return list(rows.values_list("state", "amount_minor"))


def test_from_the_pool_to_the_letter_to_the_money(owner):
    # The provider's list comes in; a second time it changes nothing.
    pool = (
        f"IBAN virtuel;BIC;Référence\n{ONE};BKMBFRPP;v1\n{grouped(TWO)};BKMBFRPP;v2\n{THREE};;v3\n"
    )
    result = take(owner, "virtual_ibans", pool, "pool.csv")
    assert (result.state, result.counts["created"], result.errors) == ("done", 3, ())
    again = take(owner, "virtual_ibans", pool, "pool.csv")
    assert (again.counts["created"], again.counts["unchanged"]) == (0, 3)

    # The first reminders leave: each customer has its own IBAN by then, and reads it.
    live(owner)
    given = dict(VirtualIbanAssignment.objects.values_list("customer__code", "virtual_iban__iban"))
    assert sorted(given.values()) == [ONE, TWO]
    sent = Message.objects.select_related("case__customer").order_by("-id")
    messages = {message.case.customer.code: message for message in sent}
    assert sorted(messages) == ["C001", "C002"]
    for code, message in messages.items():
        other = next(iban for each, iban in given.items() if each != code)
        text = re.sub(r"\s", "", message.text)
        assert given[code] in text
        assert other not in text
        assert owner.iban not in text

    # So does the payment page, with a button that copies it.
    duval = messages["C001"].case.customer
    case = factories.case(duval)
    url = link_make(owner.organization_id, case.pk, on=today(), actor="camille")
    page = shown(Client(), "/p/" + url.rstrip("/").rpartition("/")[2] + "/")
    assert grouped(given["C001"]) in page
    assert f'data-copy="{given["C001"]}"' in page or f'value="{given["C001"]}"' in page
    assert owner.iban not in page.replace(" ", "")

    # Money arrives for Duval, under the other's number, from an account nobody knows.
    text = statement(owner, (120_000, given["C001"], "FACT FA-C002"), day=today(), number=1)
    take(owner, "statement", text, "releve.xml")
    assert states() == [("posted", 120_000)]
    assert Payment.objects.get().customer_id == duval.pk
    assert BankAccount.objects.get().identifier == owner.iban
    assert not CustomerIban.objects.exists()


def test_late_money_is_proposed_and_an_iban_rests_between_two_customers(owner):
    take(owner, "virtual_ibans", f"IBAN virtuel\n{ONE}\n", "pool.csv")
    duval, noel = (Customer.objects.get(code=code) for code in ("C001", "C002"))
    row, org = VirtualIban.objects.get(), owner.organization_id
    long_ago = today() - timedelta(days=30)
    given = virtual_iban_assign(org, row.pk, duval.pk, on=long_ago, actor="camille")
    virtual_iban_end(org, given.pk, on=today() - timedelta(days=5), actor="camille")

    # It cannot be given to another yet, and is not handed out by itself.
    with pytest.raises(VirtualIbanError) as refused:
        virtual_iban_assign(org, row.pk, noel.pk, on=today(), actor="camille")
    assert refused.value.sentence.code == "virtual_iban.quarantine"
    live(owner)
    assert VirtualIbanAssignment.objects.count() == 1
    assert Message.objects.exists()
    assert all(owner.iban in re.sub(r"\s", "", m.text) for m in Message.objects.all())

    # Who had it pays there once more: a person looks. In time, it would have been posted.
    late = statement(owner, (120_000, ONE, "VIREMENT"), day=today(), number=1)
    take(owner, "statement", late, "late.xml")
    assert states() == [("proposed", 120_000)]
    line = StatementLine.objects.get()
    assert line.evidence[0]["code"] == "match.virtual_ended"
    assert line.matches.get(rank=1).customer_id == duval.pk
    in_time = statement(owner, (50_000, ONE, "ACOMPTE"), day=today() - timedelta(days=6), number=2)
    take(owner, "statement", in_time, "in-time.xml")
    assert ("posted", 50_000) in states()


def test_a_statement_of_the_virtual_iban_itself_is_refused(owner):
    take(owner, "virtual_ibans", f"IBAN virtuel\n{ONE}\n", "pool.csv")
    text = statement(owner, (100, ONE, "X"), day=today(), number=1).replace(owner.iban, ONE, 1)
    result = take(owner, "statement", text, "virtuel.xml")
    assert (result.state, [e.code for e in result.errors]) == ("refused", ["bank.virtual_account"])
    assert not BankAccount.objects.exists()
