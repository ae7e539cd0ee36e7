"""The demo's organization, its people, and how far its days have been lived (kept as events)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from amiable.interfaces.cli.demo.people import Creditor

SLUG = "demo"
LOGIN = "camille.renard@demo.example"
COLLECTOR = "ines.boulay@demo.example"
PASSWORD = "relance-amiable"  # noqa: S105  # printed with the address; a fiction guards nothing
LIVED = "demo.lived"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a story is drawn from; kept, so that tomorrow's demo goes on with the same story."""

    seed: int
    anchor: date
    customers: int
    invoices: int


@dataclass(frozen=True, slots=True)
class Lived:
    """How far the story was lived: `until` None = created, nothing imported yet."""

    settings: Settings
    until: date | None


def find() -> tuple[int, Lived] | None:
    """(organization id, how far it was lived) of the demo in this database; None = none yet."""
    from amiable.apps.audit.queries import last_payload
    from amiable.apps.tenants import queries

    try:
        organization = queries.organization(SLUG)
    except LookupError:
        return None
    payload = last_payload(organization.pk, LIVED)
    if payload is None:
        return None
    return organization.pk, _lived(payload)


def only_demo() -> bool:
    """Whether the database holds no organization but the demo (or is new)."""
    from django.db import connection

    from amiable.apps.tenants import queries

    if "tenants_organization" not in connection.introspection.table_names():
        return True
    return queries.organization_ids() == [] or (
        find() is not None and len(queries.organization_ids()) == 1
    )


def create(settings: Settings) -> int:
    """Organization, creditor, a manager and a collector; returns the organization's id."""
    from django.db import transaction

    from amiable.apps.tenants import services
    from amiable.apps.tenants.brand import brand_change

    fictional = Creditor()
    with transaction.atomic():
        organization = services.organization_create(slug=SLUG, name=fictional.name)
        owner = services.creditor_create(
            organization.pk,
            code="main",
            name=fictional.name,
            siren=fictional.siren,
            iban=fictional.iban,
            bic=fictional.bic,
            email=fictional.email,
            phone=fictional.phone,
            address=fictional.address,
            signatory=fictional.signatory,
        )
        more = {
            "claims_from": "formal", "ics": fictional.ics, "debit_iban": fictional.debit_iban,
        }  # fmt: skip
        brand_change(organization.pk, owner.pk, more, on=settings.anchor, actor=LOGIN)
        people = ((LOGIN, "Camille Renard", "manager"), (COLLECTOR, "Inès Boulay", "collector"))
        for email, name, role in people:
            services.user_create(
                organization.pk, email=email, password=PASSWORD, name=name, role=role
            )
        remember(organization.pk, Lived(settings, None))
    return int(organization.pk)


def remember(organization_id: int, lived: Lived) -> None:
    """Keep how far the story was lived."""
    from amiable.apps.audit.services import Happening, event_record

    payload = {**asdict(lived.settings), "until": lived.until and lived.until.isoformat()}
    payload["anchor"] = lived.settings.anchor.isoformat()
    on = lived.until or lived.settings.anchor
    event_record(organization_id, Happening(LIVED, on, "demo", None, payload))


def _lived(payload: dict[str, Any]) -> Lived:
    settings = Settings(
        seed=payload["seed"],
        anchor=date.fromisoformat(payload["anchor"]),
        customers=payload["customers"],
        invoices=payload["invoices"],
    )
    until = payload["until"]
    return Lived(settings, date.fromisoformat(until) if until else None)
