"""Imports: whole or not at all, the same file twice changes nothing, amounts move by entries."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from django.db.models import Sum

from amiable.apps.audit.models import Event
from amiable.apps.audit.queries import broken_invariants
from amiable.apps.cases.models import Case
from amiable.apps.customers.models import ContactPoint, Customer, CustomerIban
from amiable.apps.imports import queries, services
from amiable.apps.imports.mappings import SavedMapping, mapping_save
from amiable.apps.imports.models import ImportRun
from amiable.apps.receivables.models import Allocation, Entry, Installment, Invoice
from amiable.apps.receivables.queries import open_items, unallocated_credits
from amiable.apps.receivables.services import credits_settle, installments_settle
from amiable.apps.work.models import Job
from amiable.core.terms import due_date, parse_term
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
HEADER = "code client;nom client;numero facture;date facture;echeance;montant ttc;solde;type"
TABLES = (Customer, ContactPoint, CustomerIban, Invoice, Installment, Entry, Case, Event)


@pytest.fixture
def org():
    organization = factories.organization()
    factories.creditor(organization)
    return organization


def row(number, total="100,00", still_open="", *, code="C1", kind="", due="14/02/2026") -> str:
    return f"{code};Société {code};{number};15/01/2026;{due};{total};{still_open};{kind}"


@pytest.fixture(autouse=True)
def _invariants_hold_afterwards(db):
    yield
    assert broken_invariants() == []


def load(org, *rows: str, kind="invoices", content: bytes | None = None, on=TODAY, **options):
    content = "\n".join([HEADER, *rows]).encode() if content is None else content
    return services.import_run(
        org,
        kind,
        source=content,
        filename=options.pop("name", "ventes.csv"),
        on=on,
        actor="test",
        **options,
    )


def balances(org) -> dict[str, int]:
    return {item.number: item.open_minor for item in open_items(org.id)}


def counts() -> list[int]:
    return [table.objects.count() for table in TABLES]


def pay(org, number: str, amount_minor: int) -> None:
    """A payment as our bank data knows it, allocated to one invoice."""
    installment = Installment.objects.get(invoice__number=number)
    credit = Entry.objects.create(
        organization=org, customer=installment.customer, kind="payment",
        amount_minor=-amount_minor, on_date=TODAY, source="bank",
    )  # fmt: skip
    Allocation.objects.create(
        organization=org, credit=credit, installment=installment, amount_minor=amount_minor,
        on_date=TODAY, source="bank",
    )  # fmt: skip
    installments_settle(org.id, [installment.id], on=TODAY)
    credits_settle(org.id, [credit.id])


def test_invoices_create_customers_entries_and_cases(org):
    result = load(org, content=(SAMPLES / "invoices_csv" / "ventes-cp1252.csv").read_bytes())
    assert (result.state, result.errors) == ("done", ())
    assert result.counts["created"] == 5
    assert balances(org) == {"FA2026-0101": 125223, "FA2026-0102": 48000, "AC2026-0001": 125000}
    leopold = Customer.objects.get(code="C001")
    assert unallocated_credits(org.id, [leopold.id]) == {(leopold.id, "EUR"): 10000}
    assert leopold.points.get().value == "compta@leopold.example"
    paid = Installment.objects.get(invoice__number="FA2026-0103")
    assert paid.settled_on == TODAY
    assert Case.objects.filter(next_plan_on=TODAY).count() == 4
    assert Event.objects.get(kind="import_run").payload["counts"]["created"] == 5


def test_the_same_file_again_writes_no_row(org):
    content = (SAMPLES / "invoices_csv" / "ventes-cp1252.csv").read_bytes()
    load(org, content=content)
    before = counts()
    again = load(org, content=content, on=date(2026, 11, 27), full=True)
    assert (again.state, again.counts["unchanged"], again.counts["created"]) == ("done", 5, 0)
    assert counts() == before
    assert not Invoice.objects.filter(missing_since__isnull=False).exists()


def test_a_matched_payment_is_not_reopened_by_books_that_lag(org):
    load(org, row("F1", still_open="100,00"))
    pay(org, "F1", 10000)
    before = counts()
    load(org, row("F1", still_open="100,00"))
    assert balances(org) == {}
    assert counts() == before


def test_what_the_books_settle_is_entered_and_settles(org):
    load(org, row("F1", still_open="100,00"), row("F2"))
    result = load(org, row("F1", still_open="40,00"), row("F2"))
    assert (result.counts["updated"], result.counts["entries"]) == (1, 1)
    assert balances(org) == {"F1": 4000, "F2": 10000}
    entry = Entry.objects.get(kind="books")
    assert (entry.amount_minor, entry.on_date, entry.source) == (-6000, TODAY, "import ventes.csv")
    load(org, row("F1", still_open="0,00"), row("F2"))
    assert balances(org) == {"F2": 10000}
    assert Installment.objects.get(invoice__number="F1").settled_on == TODAY


def test_the_books_can_reopen_what_only_the_books_settled(org):
    load(org, row("F1", still_open="0,00"))
    load(org, row("F1", still_open="100,00"))
    assert balances(org) == {"F1": 10000}
    assert Installment.objects.get().settled_on is None


def test_changed_total_and_due_date_are_recorded(org):
    load(org, row("F1", "100,00"))
    case = Case.objects.get()
    Case.objects.update(next_plan_on=None)
    result = load(org, row("F1", "120,00", due="28/02/2026"))
    assert (result.counts["updated"], result.counts["due_changed"]) == (1, 1)
    assert balances(org) == {"F1": 12000}
    invoice = Invoice.objects.get()
    assert (invoice.total_minor, invoice.due_date) == (12000, date(2026, 2, 28))
    assert Installment.objects.get().due_date == date(2026, 2, 28)
    assert list(Entry.objects.order_by("id").values_list("kind", "amount_minor")) == [
        ("invoice", 10000), ("books", 2000)
    ]  # fmt: skip
    case.refresh_from_db()
    assert case.next_plan_on == TODAY


def test_a_smaller_total_sets_the_payment_free(org):
    load(org, row("F1", "100,00"))
    pay(org, "F1", 10000)
    load(org, row("F1", "70,00"))
    customer = Customer.objects.get()
    assert balances(org) == {}
    assert unallocated_credits(org.id, [customer.id]) == {(customer.id, "EUR"): 3000}


def test_credit_note_used_in_the_books_keeps_its_rest(org):
    load(org, row("A1", "-100,00", "-100,00"))
    customer = Customer.objects.get()
    load(org, row("A1", "-100,00", "-30,00"))
    assert unallocated_credits(org.id, [customer.id]) == {(customer.id, "EUR"): 3000}
    before = counts()
    load(org, row("A1", "-100,00", "-30,00"))
    assert counts() == before


def test_full_export_flags_what_disappeared_and_takes_the_flag_back(org):
    load(org, row("F1"), row("F2"), row("F3", still_open="0,00"))
    result = load(org, row("F1"), full=True)
    assert (result.counts["missing"], result.missing) == (1, ("F2",))
    assert Invoice.objects.get(number="F2").missing_since == TODAY
    assert balances(org) == {"F1": 10000, "F2": 10000}
    back = load(org, row("F1"), row("F2"), full=True)
    assert (back.counts["reappeared"], back.counts["missing"]) == (1, 0)
    assert Invoice.objects.get(number="F2").missing_since is None
    partial_export = load(org, row("F1"))
    assert partial_export.missing == ()


def test_bad_rows_refuse_the_file_whole_and_list_everything(org):
    before = counts()
    result = load(org, content=(SAMPLES / "invoices_csv" / "erreurs.csv").read_bytes())
    assert result.state == "refused"
    assert len(result.errors) == 14
    assert counts() == before
    run, errors = queries.run(org.id, result.run_id)
    assert (run.state, run.error_count, len(errors)) == ("refused", 14, 14)
    assert str(errors[2].sentence).startswith("“abc” is not an amount")


def test_partial_import_gives_a_file_to_correct_that_imports(org):
    content = (SAMPLES / "invoices_csv" / "erreurs.csv").read_bytes()
    result = load(org, content=content, partial=True)
    assert (result.state, result.counts["created"], result.counts["rejected"]) == ("partial", 2, 11)
    name, rejected = queries.rejected(org.id, result.run_id)
    assert name == "ventes-rejected.csv"
    table = list(csv.reader(io.StringIO(rejected), delimiter=";"))
    assert table[0][-2:] == ["amiable_line", "amiable_error"]
    assert [cells[8] for cells in table[1:4]] == ["3", "4", "5"]
    third = next(cells for cells in table if cells[1] == "F3")
    third[2], third[4] = "31/01/2026", "250,00"
    corrected = "\n".join(";".join(cells) for cells in (table[0], third))
    again = load(org, content=corrected.encode("utf-8-sig"))
    assert (again.state, again.counts["created"]) == ("done", 1)
    assert balances(org)["F3"] == 25000


def test_formula_cells_survive_the_rejected_file_and_are_guarded(org):
    bad = '=HYPERLINK("x")'
    result = load(org, f"C1;{bad};F1;32/01/2026;14/02/2026;-5,00;;avoir", row("F2"), partial=True)
    assert f"'{bad}".replace('"', '""') in result.rejected
    assert ";-5,00;" in result.rejected
    corrected = result.rejected.replace("32/01/2026", "31/01/2026")
    assert load(org, content=corrected.encode()).state == "done"
    assert Customer.objects.get(code="C1").name == bad


def test_dry_run_counts_and_writes_nothing(org):
    before = counts()
    result = load(org, row("F1"), dry_run=True)
    assert (result.state, result.counts["created"], result.run_id) == ("done", 1, None)
    assert counts() == before
    assert not ImportRun.objects.exists()


def test_customers_are_found_by_code_else_by_name(org):
    load(org, row("F1", code="C1"), ";Sans Code;F2;15/01/2026;14/02/2026;50,00;;")
    load(org, ";Société C1;F3;15/01/2026;14/02/2026;50,00;;",
         ";Sans Code;F4;15/01/2026;14/02/2026;50,00;;")  # fmt: skip
    assert Customer.objects.count() == 2
    made = Customer.objects.get(name="Sans Code")
    assert made.code == "~SANS-CODE"
    load(org, "C9;Sans Code;F5;15/01/2026;14/02/2026;50,00;;")
    made.refresh_from_db()
    assert made.code == "C9"
    assert made.invoices.count() == 3


def test_namesakes_are_never_confused(org):
    load(org, row("F1", code="C1").replace("Société C1", "Martin"),
         row("F2", code="C2").replace("Société C2", "Martin"))  # fmt: skip
    result = load(org, ";Martin;F3;15/01/2026;14/02/2026;50,00;;", row("F4"), partial=True)
    assert [(e.line, e.column, e.code) for e in result.errors] == [
        (2, "nom client", "customer.ambiguous")
    ]
    assert "Martin" in result.rejected
    assert not Invoice.objects.filter(number="F3").exists()


def test_the_same_document_for_another_customer_is_refused(org):
    load(org, row("F1", code="C1"))
    result = load(org, row("F1", code="C2"))
    assert (result.state, result.errors[0].code) == ("refused", "invoice.other_customer")
    assert not Customer.objects.filter(code="C2").exists()


def test_another_type_of_document_under_a_held_number_is_refused(org):
    load(org, row("F1"))
    assert [e.code for e in load(org, row("F1", "-100,00")).errors] == ["invoice.kind_changed"]


def test_silent_cells_empty_nothing(org):
    load(org, content=(SAMPLES / "customers" / "clients.csv").read_bytes(), kind="customers",
         partial=True)  # fmt: skip
    load(org, row("F1", code="C001"))
    customer = Customer.objects.get(code="C001")
    assert (customer.siren, customer.city, customer.kind) == ("732829320", "Lyon", "company")
    assert CustomerIban.objects.get().iban == "FR1420041010050500013M02606"
    assert customer.points.count() == 2


def test_creditor_of_rows_must_be_known_when_there_are_several(org):
    factories.creditor(org, "second")
    assert [e.code for e in load(org, row("F1")).errors] == ["creditor.unstated"]
    assert load(org, row("F1"), creditor="second").state == "done"
    assert Customer.objects.get().creditor.code == "second"
    with pytest.raises(LookupError):
        load(org, row("F2"), creditor="third")


def test_saved_mapping_is_used_by_name(org):
    columns = {
        "customer_name": "A",
        "number": "B",
        "issue_date": "C",
        "due_date": "D",
        "total": "E",
    }
    mapping_save(org.id, SavedMapping("invoices", "sage", columns))
    content = b"A;B;C;D;E\nDuval;F1;15/01/2026;14/02/2026;100,00\n"
    assert load(org, content=content, mapping="sage").state == "done"
    with pytest.raises(LookupError):
        load(org, content=content, mapping="cegid")


def test_fec_closes_what_later_lettering_settles_and_keeps_stated_due_dates(org):
    fec = (SAMPLES / "fec" / "debit-credit.txt").read_bytes()
    load(org, "CMARTIN;MARTIN SAS;FA25-7;20/11/2025;05/01/2026;480,00;480,00;",
         "CDUPONT;DUPONT SARL;FA26-1;31/01/2026;31/03/2026;1252,23;1252,23;")  # fmt: skip
    result = load(org, content=fec, name="fec.txt")
    assert (result.state, result.format) == ("done", "fec")
    assert balances(org) == {"FA25-9": 50000, "FA26-1": 125223, "FA26-2": 60000}
    assert Invoice.objects.get(number="FA26-1").due_date == date(2026, 3, 31)
    before = counts()
    load(org, content=fec, name="fec.txt")
    assert counts() == before


def test_entries_equal_the_open_amounts_of_the_file(org):
    rows = [row(f"F{i}", f"{100 + i},00", f"{i},50", code=f"C{i % 7}") for i in range(1, 60)]
    load(org, *rows)
    total = Entry.objects.aggregate(total=Sum("amount_minor"))["total"]
    assert total == sum(i * 100 + 50 for i in range(1, 60))


def test_import_needs_few_queries_whatever_the_rows(org, django_assert_max_num_queries):
    rows = [row(f"F{i}", "100,00", "50,00", code=f"C{i % 40}") for i in range(400)]
    with django_assert_max_num_queries(40):
        load(org, *rows)
    with django_assert_max_num_queries(40):
        load(org, *rows)
    changed = [line.replace(";50,00;", ";20,00;") for line in rows]
    with django_assert_max_num_queries(60):
        assert load(org, *changed).counts["updated"] == 400


def test_other_organizations_are_untouched(org):
    load(org, row("F1"))
    other = factories.organization("other")
    factories.creditor(other)
    load(other, row("F1"))
    load(other, row("F2"), full=True)
    assert balances(org) == {"F1": 10000}
    assert Invoice.objects.get(organization=org).missing_since is None
    assert queries.runs(org.id) != queries.runs(other.id)
    with pytest.raises(LookupError):
        queries.run(org.id, queries.runs(other.id)[0].id)


def test_a_fec_falls_due_on_the_term_agreed_with_the_customer(org):
    fec = (SAMPLES / "fec" / "debit-credit.txt").read_bytes()
    load(org, content=fec, name="fec.txt")
    stated = dict(Invoice.objects.values_list("number", "due_date"))
    other = factories.organization("other-terms")
    owner = factories.creditor(other)
    for code in Customer.objects.filter(organization=org).values_list("code", flat=True):
        factories.customer(owner, code, payment_term="45 jours fin de mois")
    load(other, content=fec, name="fec.txt")
    mine = Invoice.objects.filter(organization=other, kind="invoice")
    assert mine.exists()
    for invoice in mine:
        assert invoice.due_date == due_date(parse_term("45 jours fin de mois"), invoice.issue_date)
        assert invoice.due_date != stated[invoice.number]


def test_several_rows_of_a_customer_add_its_contacts(org):
    rows = (SAMPLES / "customers" / "several_contacts.csv").read_text("utf-8").splitlines()
    file = "\n".join(rows[:5]).encode()
    result = load(org, content=file, kind="customers", name="clients.csv")
    assert (result.counts["created"], result.counts["unchanged"]) == (2, 0)
    customer = Customer.objects.get(code="C010")
    assert (customer.name, customer.city) == ("Verrerie des Monts", "Annecy")
    points = customer.points.order_by("kind", "position").values_list("contact__name", "value")
    assert list(points) == [
        ("Lucie Arnaud", "compta@verrerie.example"), ("Marc Oudin", "m.oudin@verrerie.example"),
        (None, "standard@verrerie.example"), ("Lucie Arnaud", "+33450112233"),
        ("Marc Oudin", "+33612345678"),
    ]  # fmt: skip
    assert sorted(customer.contacts.values_list("name", "role")) == [
        ("Lucie Arnaud", "accounts_payable"), ("Marc Oudin", "director"),
    ]  # fmt: skip
    before = counts()
    again = load(org, content=file, kind="customers", name="clients.csv")
    assert (again.counts["created"], again.counts["updated"], again.counts["unchanged"]) == (
        0,
        0,
        2,
    )
    assert counts() == before
    refused = load(org, content="\n".join(rows[:6]).encode(), kind="customers", name="clients.csv")
    assert (refused.state, refused.errors[0].line) == ("refused", 6)
    # A person added later to a customer already known.
    more = [rows[0], "C010;Verrerie des Monts;;Zoé Petit;Acheteuse;zoe@verrerie.example;"]
    load(org, content="\n".join(more).encode(), kind="customers", name="clients.csv")
    assert customer.points.get(value="zoe@verrerie.example").position == 3


def test_an_import_is_a_job_that_the_console_shows_and_a_dry_run_is_not(org):
    load(org, row("F1"), dry_run=True)
    assert Job.objects.count() == 0
    load(org, row("F1"))
    job = Job.objects.get()
    assert (job.kind, job.state, job.done, job.total) == ("import", "done", 1, 1)
    assert job.result["state"] == "done"
