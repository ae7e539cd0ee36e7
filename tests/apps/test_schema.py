"""Rules of the schema that hold for every table, on both databases."""

from datetime import date

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.messaging.models import DeliveryEvent
from amiable.apps.receivables.models import Allocation, Entry, InvoiceLine
from amiable.apps.tenants.models import Organization, TenantModel, User
from amiable.apps.work.models import Worker

# Rows that mean nothing without what they point at, or may point at nobody.
NOT_PROTECTED = {
    "Contact.customer",
    "ContactPoint.customer",
    "ContactPoint.contact",
    "CustomerIban.customer",
    "Dispute.owner",
    "Membership.user",
}
APPEND_ONLY = (
    "audit_event",
    "cases_disputefile",
    "cases_disputeline",
    "messaging_deliveryevent",
    "messaging_proof",
    "messaging_replyfile",
    "receivables_allocation",
    "receivables_entry",
    "receivables_invoiceline",
)


def _ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("amiable.")]


def test_every_tenant_table_carries_its_organization():
    exempt = {Organization, User, Worker}  # of the installation, not of a tenant
    bare = [
        model.__name__
        for model in _ours()
        if model not in exempt and "organization_id" not in {f.attname for f in model._meta.fields}
    ]
    assert bare == []
    assert len([model for model in _ours() if issubclass(model, TenantModel)]) > 20


PLAIN_NUMBERS = {
    "organization_id", "case_id", "link_id", "hold_id", "part_id", "mandate_id", "job_id", "uid_validity", "last_uid", "size",
}  # fmt: skip


def test_money_is_integer_minor_units():
    fields = [(model, field) for model in _ours() for field in model._meta.fields]
    assert [
        f"{model.__name__}.{field.name}"
        for model, field in fields
        if isinstance(field, models.FloatField | models.DecimalField)
    ] == []
    assert [
        f"{model.__name__}.{field.name}"
        for model, field in fields
        if field.name.endswith("_minor") != isinstance(field, models.BigIntegerField)
        and isinstance(field, models.IntegerField)
        and not isinstance(field, models.AutoField | models.BigAutoField)
        # Plain ids of what is above or gone, numbers of a mail server, octets of a file.
        and field.name not in PLAIN_NUMBERS
    ] == []
    assert sum(field.name.endswith("_minor") for _, field in fields) > 8


def test_what_is_pointed_at_cannot_be_deleted():
    loose = {
        f"{model.__name__}.{field.name}"
        for model in _ours()
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete != models.PROTECT
    }
    assert loose == NOT_PROTECTED


@pytest.mark.django_db
def test_foreign_keys_are_enforced():
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert [
        f"{model.__name__}.{field.name}"
        for model in _ours()
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and not field.db_constraint
    ] == []


@pytest.mark.django_db
def test_append_only_tables_are_all_guarded():
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute(
                "SELECT DISTINCT event_object_table FROM information_schema.triggers "
                "WHERE trigger_schema = 'public'"
            )
        assert sorted(row[0] for row in cursor.fetchall()) == sorted(APPEND_ONLY)
    documented = {
        model._meta.db_table for model in _ours() if "append-only" in (model.__doc__ or "").lower()
    }
    assert documented <= set(APPEND_ONLY)


@pytest.mark.django_db
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET organization_id = 0", "DELETE FROM {}"])
def test_append_only_rows_refuse_to_change(table, statement):
    _one_row_each()
    with (
        pytest.raises(DatabaseError, match=f"{table} is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


def _one_row_each() -> None:
    from django.utils import timezone

    from amiable.apps.cases.line_models import DisputeLine
    from amiable.apps.cases.models import Dispute, DisputeEntry, DisputeFile
    from amiable.apps.messaging.models import Message, Proof, Reply, ReplyFile
    from tests import factories

    owner = factories.creditor(factories.organization())
    debtor = factories.customer(owner)
    installment = factories.invoice(debtor)
    scope = {"organization_id": owner.organization_id}
    paid = {"customer": debtor, "currency": "EUR", "on_date": date(2026, 11, 20), "source": "test"}
    credit = Entry.objects.create(**scope, **paid, kind=Entry.Kind.PAYMENT, amount_minor=-500)
    Allocation.objects.create(
        **scope,
        credit=credit,
        installment=installment,
        amount_minor=500,
        on_date=date(2026, 11, 20),
        source="test",
    )
    message = Message.objects.create(
        **scope,
        case=factories.case(debtor),
        key="k",
        medium="email",
        channel="memory",
        recipient="a@b.example",
        content=b"",
        content_type="text/plain",
        sha256="",
        on_date=date(2026, 11, 20),
        frozen_at=timezone.now(),
    )
    DeliveryEvent.objects.create(
        **scope, message=message, kind=DeliveryEvent.Kind.SENT, at=timezone.now()
    )
    file = {"filename": "f.pdf", "content_type": "application/pdf", "content": b"", "sha256": "0"}
    Proof.objects.create(
        **scope, **file, message=message, kind="deposit", added_at=timezone.now(), added_by="claire"
    )
    reply = Reply.objects.create(
        **scope, medium="email", source="mailbox", external_id="<1@x>", sender="a@b.example",
        content=b"", sha256="0", received_at=timezone.now(), kind="reply",
    )  # fmt: skip
    ReplyFile.objects.create(**scope, **file, reply=reply)
    line = InvoiceLine.objects.create(
        **scope, invoice=installment.invoice, sequence=1, name="x", vat_pct="20", net_minor=100,
        gross_minor=120,
    )  # fmt: skip
    dispute = Dispute.objects.create(
        **scope, case=message.case, installment=installment, reason="price",
        opened_on=date(2026, 11, 20),
    )  # fmt: skip
    DisputeLine.objects.create(**scope, dispute=dispute, line=line, amount_minor=120)
    entry = DisputeEntry.objects.create(
        **scope, dispute=dispute, kind="note", author="claire", at=timezone.now()
    )
    DisputeFile.objects.create(**scope, **file, entry=entry)
    event_record(owner.organization_id, Happening("test", date(2026, 11, 20), "test"))


@pytest.mark.django_db
def test_migrations_say_what_the_models_say():
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
