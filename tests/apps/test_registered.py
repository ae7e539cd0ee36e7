"""Registered letters by hand, from a file and on paper: noted once, proved, never made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from amiable.apps.audit.models import Event
from amiable.apps.dunning.facts import case_facts
from amiable.apps.imports.mappings import SavedMapping, mapping_save
from amiable.apps.imports.services import import_run
from amiable.apps.messaging.delivery.registered import (
    MAX_PROOF_BYTES,
    RegisteredError,
    letter_deposit,
    letter_event,
    proof_add,
    tracking_record,
)
from amiable.apps.messaging.delivery.registered_queries import (
    letter_row,
    proof_file,
    proofs,
    registered_letters,
)
from amiable.apps.messaging.models import DeliveryEvent, Proof
from tests import factories
from tests.apps.test_delivery_events import letter, message
from tests.factories import TODAY

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
WHO = {"now": NOW, "actor": "claire@vauban.example"}
NUMBER = "2C12345678901"
PDF = b"%PDF-1.7 a scan"


def day(offset):
    return TODAY - timedelta(days=offset)


@pytest.fixture
def debtor():
    return factories.customer(factories.creditor(factories.organization()))


@pytest.fixture
def sent(debtor):
    return letter(debtor, on_date=day(30))


def state(sent, on=TODAY):
    return letter_row(sent.organization_id, sent.id, on=on).standing.state


def test_number_and_deposit_are_written_once_and_told_in_the_file(sent):
    org = sent.organization_id
    assert state(sent) == "to_deposit"
    for _ in range(2):
        given = letter_deposit(org, sent.id, "2c 123 456 7890 1", deposited_on=day(28), **WHO)
        assert given == NUMBER
    assert state(sent) == "deposited"
    assert DeliveryEvent.objects.count() == 1
    kinds = Event.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["registered.number", "delivery.deposited"]
    assert letter_deposit(org, sent.id, "", deposited_on=None, **WHO) == NUMBER


def test_a_number_that_cannot_be_or_is_anothers_is_refused(debtor, sent):
    org = sent.organization_id
    other = letter(debtor, 2)
    letter_deposit(org, other.id, NUMBER, deposited_on=None, **WHO)
    for number, code in (("12", "registered.no_number"), (NUMBER, "registered.number_taken"),
                         ("RR473124828CN", "registered.check_digit")):  # fmt: skip
        with pytest.raises(RegisteredError) as problem:
            letter_deposit(org, sent.id, number, deposited_on=None, **WHO)
        assert problem.value.sentence.code == code


def test_what_became_of_a_letter_is_written_by_hand_once(sent):
    org = sent.organization_id
    assert letter_event(org, sent.id, "presented", at_on=day(20), note="slip", **WHO)
    assert not letter_event(org, sent.id, "presented", at_on=day(20), **WHO)
    assert letter_row(org, sent.id, on=TODAY).is_overdue
    assert state(sent) == "presented"
    assert letter_event(org, sent.id, "unclaimed", at_on=day(2), **WHO)
    assert state(sent) == "unclaimed"
    row = DeliveryEvent.objects.order_by("id").first()
    assert (row.source, row.detail) == ("hand", "slip")


def test_a_notice_counts_from_the_presentation_written_by_hand(sent, debtor):
    from amiable.apps.dunning.models import Action, ActionItem
    from amiable.apps.dunning.planning import default_scenario

    item = factories.invoice(debtor)
    case = factories.case(debtor)
    action = Action.objects.create(
        organization=debtor.organization, case=case, key=sent.key, state="done", occurrence=1,
        scenario=default_scenario(debtor.organization_id), step="formal_notice", stage="formal",
        medium="registered_letter", due_on=day(30), planned_on=day(30), closed_on=day(30),
        message=sent,
    )  # fmt: skip
    ActionItem.objects.create(organization=debtor.organization, action=action, installment=item,
                              step="formal_notice", open_minor=1)  # fmt: skip
    letter_event(sent.organization_id, sent.id, "refused", at_on=day(15), **WHO)
    letter_event(sent.organization_id, sent.id, "presented", at_on=day(16), **WHO)
    (known,) = case_facts(debtor.organization_id, [case.id], on=TODAY)[case.id].items
    assert known.events["formal_notice_received"] == day(16)


@pytest.mark.parametrize(
    ("kind", "offset", "code"),
    [("presented", -1, "registered.future"), ("presented", 31, "registered.too_early"),
     ("bounced", 3, "registered.kind"), ("", 3, "registered.kind")],
)  # fmt: skip
def test_what_cannot_have_happened_is_refused(sent, kind, offset, code):
    with pytest.raises(RegisteredError) as problem:
        letter_event(sent.organization_id, sent.id, kind, at_on=day(offset), **WHO)
    assert problem.value.sentence.code == code
    assert not DeliveryEvent.objects.exists()


def test_only_registered_letters_of_the_organization_that_left_are_written_about(debtor):
    org = debtor.organization_id
    email, frozen = message(debtor, 1), letter(debtor, 2, state="frozen")
    tested = letter(debtor, 3, is_test=True)
    other = letter(factories.customer(factories.creditor(factories.organization("other"))), 4)
    for each, code in ((email, "not_found"), (tested, "not_found"), (other, "not_found"),
                       (frozen, "not_sent")):  # fmt: skip
        with pytest.raises(RegisteredError) as problem:
            letter_event(org, each.id, "presented", at_on=TODAY, **WHO)
        assert problem.value.sentence.code == f"registered.{code}"
        assert letter_row(org, each.id, on=TODAY) is None


def test_a_scan_is_kept_by_what_it_is_and_once(sent):
    org = sent.organization_id
    ids = {
        proof_add(org, sent.id, "receipt", filename=name, content=PDF, **WHO)
        for name in ("../../etc/AR.exe", "AR.pdf")
    }
    (kept,) = proofs(org, sent.id)
    assert ids == {kept.id}
    assert (kept.filename, kept.content_type, kept.added_by) == (
        "AR.pdf", "application/pdf", "claire@vauban.example",
    )  # fmt: skip
    assert proof_file(org, kept.id) == ("AR.pdf", "application/pdf", PDF)
    assert proof_file(factories.organization("other").id, kept.id) is None
    for content, ending in ((b"\x89PNG\r\n\x1a\n1", ".png"), (b"\xff\xd8\xff\xe0", ".jpg")):
        proof_add(org, sent.id, "other", filename="x\r\n\x00", content=content, **WHO)
        assert proofs(org, sent.id)[-1].filename == f"x{ending}"
    assert Event.objects.filter(kind="registered.proof").count() == 3
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE messaging_proof SET filename = 'y'")


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [(b"", "receipt", "proof_empty"), (b"<svg onload=x>", "receipt", "proof_type"),
     (b"MZ\x90", "receipt", "proof_type"), (b"PK\x03\x04", "receipt", "proof_type"),
     (PDF + b"0" * MAX_PROOF_BYTES, "receipt", "proof_large"), (PDF, "no", "proof_kind")],
)  # fmt: skip
def test_what_is_no_scan_is_refused(sent, content, kind, code):
    with pytest.raises(RegisteredError) as problem:
        proof_add(sent.organization_id, sent.id, kind, filename="AR.pdf", content=content, **WHO)
    assert problem.value.sentence.code == f"registered.{code}"
    assert not Proof.objects.exists()


def enter(debtor, text, *, on=TODAY, **options):
    org = debtor.organization

    def write(read, source):
        return tracking_record(org.id, read.tracking, on=on, now=NOW, actor="a")

    return import_run(
        org, "tracking", source=text.encode(), filename="suivi.csv", on=on, actor="a",
        write=write, **options,
    )  # fmt: skip


TABLE = (
    "Numéro de suivi;Date;Statut;Motif\n"
    "2C 123 456 7890 1;12/11/2026 10:32;Avisé;\n"
    "2C 123 456 7890 1;2026-11-16;Distribué;Signé M. Duval\n"
    "2C 999 999 9999 9;16/11/2026;Distribué;\n"
)


def test_a_file_of_the_post_is_taken_once_and_letters_of_others_are_passed_over(sent, debtor):
    letter_deposit(sent.organization_id, sent.id, NUMBER, deposited_on=day(10), **WHO)
    done = enter(debtor, TABLE)
    assert (done.state, done.errors) == ("done", ())
    assert done.counts == {
        "recorded": 2, "repeated": 0, "passed_over": 1, "rows": 3, "rejected": 0,
    }  # fmt: skip
    (passed,) = done.warnings
    assert (passed.line, passed.column, passed.code) == (4, "Numéro de suivi", "tracking.unknown")
    assert state(sent) == "accepted"
    assert letter_row(sent.organization_id, sent.id, on=TODAY).standing.presented_on == day(8)
    again = enter(debtor, TABLE)
    assert (again.counts["recorded"], again.counts["repeated"]) == (0, 2)
    assert DeliveryEvent.objects.count() == 3


def test_every_bad_row_is_named_and_the_file_waits_unless_in_part(sent, debtor):
    letter_deposit(sent.organization_id, sent.id, NUMBER, deposited_on=None, **WHO)
    text = TABLE + (
        "2C 123 456 7890 1;bientôt;Retour;x\n;16/11/2026;Distribué;\n"
        "RR473124828CN;16/11/2026;Refusé;\n2C 123 456 7890 1;21/11/2026;Refusé;\n"
    )
    done = enter(debtor, text)
    assert done.state == "refused"
    assert sorted((e.line, e.column, e.code) for e in done.errors) == [
        (5, "Date", "tracking.date"), (5, "Statut", "tracking.status"),
        (6, "Numéro de suivi", "tracking.no_number"),
        (7, "Numéro de suivi", "registered.check_digit"),
    ]  # fmt: skip
    assert all("{" not in str(error.sentence) for error in done.errors)
    assert not DeliveryEvent.objects.exists()
    part = enter(debtor, text, partial=True)
    assert (part.state, part.counts["recorded"]) == ("partial", 2)
    assert [w.code for w in part.warnings] == ["tracking.unknown", "tracking.future"]


def test_a_mapping_says_which_columns_to_read(sent, debtor):
    letter_deposit(sent.organization_id, sent.id, NUMBER, deposited_on=None, **WHO)
    columns = {"tracking_number": "Pli", "status": "Code", "status_date": "Le"}
    mapping_save(sent.organization_id, SavedMapping("tracking", "mail house", columns))
    done = enter(debtor, f"Pli;Le;Code\n{NUMBER};16/11/2026;NPAI\n", mapping="mail house")
    assert done.counts["recorded"] == 1
    debtor.refresh_from_db()
    assert debtor.address_invalid_reason == "NPAI"


def test_the_list_puts_first_what_needs_a_hand_in_few_queries(
    debtor, django_assert_max_num_queries
):
    org = debtor.organization_id
    letters = [letter(debtor, n, on_date=day(30)) for n in range(60)]
    kinds = ["deposited", "presented", "accepted", "refused", "returned"]
    for index, each in enumerate(letters[:50]):
        letter_event(org, each.id, kinds[index % 5], at_on=day(20), **WHO)
    with django_assert_max_num_queries(5):
        page = registered_letters(org, on=TODAY)
    assert (page.total, page.pages, len(page.rows)) == (60, 2, 50)
    assert page.counts == {
        "to_deposit": 10, "deposited": 10, "presented": 10, "accepted": 10, "refused": 10,
        "unclaimed": 0, "returned": 10, "overdue": 10,
    }  # fmt: skip
    assert [row.is_overdue for row in page.rows[:11]] == [True] * 10 + [False]
    assert page.rows[10].standing.state == "to_deposit"
    assert registered_letters(org, on=TODAY, state="overdue").total == 10
    assert registered_letters(org, on=TODAY, state="refused").total == 10
    assert registered_letters(factories.organization("other").id, on=TODAY).total == 0
