"""Virtual IBANs: the pool, who each stands for, the quarantine, and what is handed out by itself."""

from datetime import UTC, date, datetime, timedelta

import pytest

from amiable.apps.audit.models import Event
from amiable.apps.customers.models import CustomerIban
from amiable.apps.insights.intake import file_import
from amiable.apps.payments.models import VirtualIban, VirtualIbanAssignment
from amiable.apps.payments.virtual_ibans.assigning import (
    Need,
    VirtualIbanError,
    policy_set,
    virtual_iban_assign,
    virtual_iban_end,
    virtual_ibans_ensure,
)
from amiable.apps.payments.virtual_ibans.pool import virtual_ibans_import
from amiable.apps.payments.virtual_ibans.reading import (
    held_accounts,
    holder_history,
    pool_page,
    pools,
)
from amiable.core.records import VirtualIbanRow
from amiable.core.virtual_ibans import PayAccount, PayAccounts, iban_problem
from tests import factories

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 20)


def ibans(count: int, first: int = 1) -> list[str]:
    """Fictional French IBANs of one bank, check digits right."""
    found = []
    for number in range(first, first + count):
        rib = f"9990100049{number:011d}"
        key = 97 - (89 * 99901 + 15 * 49 + 3 * number) % 97
        body = f"{rib}{key:02d}"
        check = 98 - int(f"{body}152700") % 97
        found.append(f"FR{check:02d}{body}")
    return found


def take(owner, some, **more):
    rows = [VirtualIbanRow(line, iban) for line, iban in enumerate(some, 2)]
    rows = more.pop("rows", rows)
    return virtual_ibans_import(
        owner.organization_id,
        rows,
        source="import pool.csv",
        on=more.pop("on", ON),
        actor="test",
        cases={},
        **more,
    )


def give(row, debtor, *, on=ON, invoice_id=None):
    return virtual_iban_assign(
        debtor.organization_id,
        row.pk,
        debtor.pk,
        invoice_id=invoice_id,
        on=on,
        actor="camille",
        cases={},
    )


@pytest.fixture
def owner():
    return factories.creditor(factories.organization())


def test_a_pool_comes_in_once_and_again_without_a_change(owner):
    first = take(owner, ibans(3))
    again = take(owner, ibans(3), on=ON + timedelta(days=1))
    assert (+first.counts, +again.counts) == ({"created": 3}, {"unchanged": 3})
    assert Event.objects.filter(kind="virtual_iban.imported").count() == 1
    assert set(VirtualIban.objects.values_list("imported_on", flat=True)) == {ON}


def test_one_wrong_row_refuses_the_whole_pool_and_says_its_line(owner):
    good, other = ibans(2)
    wrong = other[:-1] + str((int(other[-1]) + 1) % 10)
    change = take(owner, [good, wrong])
    assert [(e.line, e.column, e.code) for e in change.errors] == [(3, "iban", "virtual_iban.bad")]
    assert not change.counts
    assert not VirtualIban.objects.exists()


def test_the_creditors_own_account_and_a_payers_are_no_virtual_ones(owner):
    debtor = factories.customer(owner)
    bank, payers = ibans(2)
    CustomerIban.objects.create(
        organization=owner.organization, customer=debtor, iban=payers, source="test", since=ON
    )
    change = take(owner, [owner.iban, bank, payers], own=[bank])
    assert [e.code for e in change.errors] == [
        "virtual_iban.own",
        "virtual_iban.own",
        "virtual_iban.payer",
    ]
    assert iban_problem("US64SVBKUS6S3300958879").code == "virtual_iban.bad"
    assert iban_problem("TN5910006035183598478831").code == "virtual_iban.country"


def test_a_closed_iban_ends_what_it_stood_for_and_may_open_again(owner):
    (iban,) = ibans(1)
    take(owner, [iban])
    row = VirtualIban.objects.get()
    debtor = factories.customer(owner)
    give(row, debtor)
    later = ON + timedelta(days=9)
    closed = take(owner, [], rows=[VirtualIbanRow(2, iban, is_closed=True)], on=later)
    assert +closed.counts == {"closed": 1}
    assert VirtualIbanAssignment.objects.get().until_on == later
    with pytest.raises(VirtualIbanError) as refused:
        give(row, debtor, on=later)
    assert refused.value.sentence.code == "virtual_iban.closed"
    silent = take(owner, [iban], on=later)
    assert silent.counts["unchanged"] == 1
    opened = take(owner, [], rows=[VirtualIbanRow(2, iban, is_closed=False)], on=later)
    assert opened.counts["reopened"] == 1


def test_another_customer_gets_an_iban_only_after_its_quarantine(owner):
    take(owner, ibans(1))
    row = VirtualIban.objects.get()
    duval, other = factories.customer(owner), factories.customer(owner, "C002", name="Noël")
    given = give(row, duval)
    with pytest.raises(VirtualIbanError) as held:
        give(row, other)
    assert held.value.sentence.code == "virtual_iban.held"
    virtual_iban_end(owner.organization_id, given.pk, on=ON, actor="camille", cases={})
    with pytest.raises(VirtualIbanError) as rests:
        give(row, other, on=ON + timedelta(days=395))
    assert rests.value.sentence.code == "virtual_iban.quarantine"
    assert str(ON + timedelta(days=396)) in str(rests.value)
    assert give(row, duval, on=ON + timedelta(days=1)).customer_id == duval.pk
    assert VirtualIbanAssignment.objects.count() == 2


def test_after_the_quarantine_it_stands_for_another_and_the_history_stays(owner):
    take(owner, ibans(1))
    row = VirtualIban.objects.get()
    duval, other = factories.customer(owner), factories.customer(owner, "C002", name="Noël")
    given = give(row, duval)
    virtual_iban_end(owner.organization_id, given.pk, on=ON, actor="camille", cases={})
    policy_set(
        owner.organization_id, owner.pk, assign="hand", quarantine_days=60, on=ON, actor="camille"
    )
    give(row, other, on=ON + timedelta(days=60))
    (past,) = holder_history(owner.organization_id, duval.pk)
    assert (past.since_on, past.until_on, past.ended_by) == (ON, ON, "camille")
    assert set(Event.objects.values_list("kind", flat=True)) == {
        "virtual_iban.imported",
        "virtual_iban.assigned",
        "virtual_iban.ended",
        "virtual_iban.policy",
    }


def test_an_invoice_has_an_iban_of_its_own_beside_its_customers(owner):
    take(owner, ibans(2))
    one, two = VirtualIban.objects.order_by("id")
    debtor = factories.customer(owner)
    item = factories.invoice(debtor)
    give(one, debtor)
    give(two, debtor, invoice_id=item.invoice_id)
    held = held_accounts(owner.organization_id, [debtor.pk])[debtor.pk, "EUR"]
    own = PayAccount(owner.iban)
    assert PayAccounts(own, held).of([item.invoice_id]).iban == two.iban
    assert PayAccounts(own, held).of([item.invoice_id, 99]).iban == one.iban
    assert PayAccounts(own).of([item.invoice_id]).iban == owner.iban


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("virtual_iban.other_creditor", "creditor"),
        ("virtual_iban.has_one", "second"),
        ("virtual_iban.unknown_invoice", "invoice"),
        ("virtual_iban.unknown", "iban"),
    ],
)
def test_what_speaks_against_an_assignment_is_said(owner, code, case):
    take(owner, ibans(2))
    one, two = VirtualIban.objects.order_by("id")
    debtor = factories.customer(owner)
    other = factories.creditor(owner.organization, "other", iban="", name="Autre")
    wish = {
        "creditor": (one, factories.customer(other)),
        "second": (two, debtor),
        "invoice": (one, debtor),
        "iban": (VirtualIban(pk=0), debtor),
    }[case]
    if case == "second":
        give(one, debtor)
    with pytest.raises(VirtualIbanError) as refused:
        give(*wish, invoice_id=0 if case == "invoice" else None)
    assert refused.value.sentence.code == code
    assert str(refused.value)


def test_by_policy_each_customer_gets_one_at_first_need(owner, django_assert_max_num_queries):
    take(owner, ibans(20))
    policy_set(
        owner.organization_id, owner.pk, assign="customer", quarantine_days=396, on=ON, actor="x"
    )
    debtors = [factories.customer(owner, f"C{n:03d}", email="") for n in range(12)]
    needs = [Need(debtor.pk, owner.pk, "EUR", 7) for debtor in debtors]
    with django_assert_max_num_queries(12):
        made = virtual_ibans_ensure(owner.organization_id, needs, on=ON, cases={})
    again = virtual_ibans_ensure(owner.organization_id, needs, on=ON, cases={})
    assert (made, again) == (12, 0)
    assert not VirtualIbanAssignment.objects.exclude(invoice=None).exists()
    assert VirtualIbanAssignment.objects.values("virtual_iban").distinct().count() == 12


def test_by_policy_each_invoice_gets_its_own_and_several_share_the_customers(owner):
    take(owner, ibans(3))
    policy_set(
        owner.organization_id, owner.pk, assign="invoice", quarantine_days=396, on=ON, actor="x"
    )
    debtor = factories.customer(owner)
    item = factories.invoice(debtor)
    alone = Need(debtor.pk, owner.pk, "EUR", item.invoice_id)
    together = Need(debtor.pk, owner.pk, "EUR")
    assert virtual_ibans_ensure(owner.organization_id, [alone, together], on=ON, cases={}) == 2
    targets = set(VirtualIbanAssignment.objects.values_list("customer_id", "invoice_id"))
    assert targets == {(debtor.pk, item.invoice_id), (debtor.pk, None)}


def test_nothing_is_handed_out_without_a_policy_nor_from_an_empty_pool(owner):
    debtor = factories.customer(owner)
    need = [Need(debtor.pk, owner.pk, "EUR")]
    take(owner, ibans(1))
    assert virtual_ibans_ensure(owner.organization_id, need, on=ON, cases={}) == 0
    policy_set(
        owner.organization_id, owner.pk, assign="customer", quarantine_days=1, on=ON, actor="x"
    )
    dollars = [Need(debtor.pk, owner.pk, "USD")]
    assert virtual_ibans_ensure(owner.organization_id, dollars, on=ON, cases={}) == 0
    assert virtual_ibans_ensure(owner.organization_id, need, on=ON, cases={}) == 1
    (pool,) = pools(owner.organization_id, on=ON)
    assert pool.is_low
    assert pool.counts == {"assigned": 1, "free": 0, "resting": 0, "closed": 0}


def test_those_never_used_are_handed_out_before_those_that_rested(owner):
    take(owner, ibans(2))
    one, two = VirtualIban.objects.order_by("id")
    duval, other = factories.customer(owner), factories.customer(owner, "C002", name="Noël")
    given = give(one, duval)
    virtual_iban_end(owner.organization_id, given.pk, on=ON, actor="x", cases={})
    policy_set(
        owner.organization_id, owner.pk, assign="customer", quarantine_days=30, on=ON, actor="x"
    )
    (pool,) = pools(owner.organization_id, on=ON + timedelta(days=1))
    assert (pool.counts["resting"], pool.counts["free"]) == (1, 1)
    later = ON + timedelta(days=31)
    need = Need(other.pk, owner.pk, "EUR")
    virtual_ibans_ensure(owner.organization_id, [need], on=later, cases={})
    assert VirtualIbanAssignment.objects.get(customer=other).virtual_iban_id == two.pk


def test_a_list_of_ibans_in_use_is_assigned_on_the_way_in_few_queries(
    owner, django_assert_max_num_queries
):
    debtors = [factories.customer(owner, f"C{n:03d}", email="") for n in range(30)]
    item = factories.invoice(debtors[0])
    rows = [
        VirtualIbanRow(
            n + 2, iban, customer=debtor.code, invoice=item.invoice.number if not n else ""
        )
        for n, (iban, debtor) in enumerate(zip(ibans(30), debtors, strict=True))
    ]
    with django_assert_max_num_queries(30):
        change = take(owner, [], rows=rows)
    assert change.counts["assigned"] == 30
    assert VirtualIbanAssignment.objects.exclude(invoice=None).get().invoice_id == item.invoice_id
    assert +take(owner, [], rows=rows).counts == {"unchanged": 30}
    wrong = VirtualIbanRow(40, ibans(1, first=99)[0], customer="nobody")
    refused = take(owner, [], rows=[*rows, wrong])
    assert [(e.line, e.code) for e in refused.errors] == [(40, "virtual_iban.unknown_customer")]
    assert VirtualIban.objects.count() == 30


def test_the_pool_is_found_by_iban_reference_customer_and_state(owner):
    take(owner, [], rows=[VirtualIbanRow(2, ibans(1)[0], reference="vib-77")])
    take(owner, ibans(3, first=2))
    debtor = factories.customer(owner)
    row = VirtualIban.objects.order_by("id").first()
    give(row, debtor)
    org = owner.organization_id

    def found(**how):
        return [view.iban for view in pool_page(org, on=ON, **how)[0]]

    assert found(search="vib-77") == found(search="duval") == found(state="assigned") == [row.iban]
    assert found(search=row.iban[:4] + " " + row.iban[4:8])[0] == row.iban
    assert len(found(state="free")) == 3
    assert pool_page(org, on=ON)[1] == 4


def test_another_organization_sees_and_touches_nothing(owner):
    take(owner, ibans(1))
    stranger = factories.creditor(factories.organization("other"))
    debtor = factories.customer(stranger)
    with pytest.raises(VirtualIbanError):
        give(VirtualIban.objects.get(), debtor)
    assert pool_page(stranger.organization_id, on=ON) == ([], 0)


def handed_in(owner, content: str, **more):
    return file_import(
        owner.organization, "virtual_ibans", source=content.encode(), filename="pool.csv",
        now=datetime(2026, 11, 20, 10, tzinfo=UTC), actor="test", **more,
    )  # fmt: skip


def test_a_file_is_refused_whole_and_in_part_lets_the_good_rows_in(owner):
    good, taken, closed = ibans(3)
    content = (
        "IBAN virtuel;Statut;Code client;Créancier\n"
        f"{good};actif;;\n{owner.iban};actif;;\n{taken};actif;NOBODY;\n{closed};actif;;autre\n"
    )
    whole = handed_in(owner, content)
    assert (whole.state, VirtualIban.objects.count()) == ("refused", 0)
    assert [(e.line, e.column, e.code) for e in whole.errors] == [
        (3, "IBAN virtuel", "virtual_iban.own"),
        (4, "Code client", "virtual_iban.unknown_customer"),
        (5, "Créancier", "virtual_iban.unknown_creditor"),
    ]
    tried = handed_in(owner, content, partial=True, dry_run=True)
    assert (tried.counts["created"], VirtualIban.objects.count()) == (1, 0)
    part = handed_in(owner, content, partial=True)
    assert (part.state, part.counts["created"], part.counts["rejected"]) == ("partial", 1, 3)
    assert "NOBODY" in part.rejected
    assert list(VirtualIban.objects.values_list("iban", flat=True)) == [good]


def test_two_creditors_need_to_be_told_apart(owner):
    factories.creditor(owner.organization, "second", iban="", name="Seconde SAS")
    (iban,) = ibans(1)
    refused = handed_in(owner, f"IBAN virtuel\n{iban}\n")
    assert [e.code for e in refused.errors] == ["virtual_iban.no_creditor"]
    assert handed_in(owner, f"IBAN virtuel\n{iban}\n", creditor="second").state == "done"
    again = handed_in(owner, f"IBAN virtuel\n{iban}\n", creditor="main")
    assert [e.code for e in again.errors] == ["virtual_iban.of_other"]
