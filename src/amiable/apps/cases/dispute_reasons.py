"""Why invoices are contested: the shipped reasons as each creditor words them, and its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext

from amiable.apps.audit.services import Happening, event_record
from amiable.apps.cases.changes import CaseError
from amiable.apps.cases.models import Case, DisputeReason
from amiable.apps.tenants.models import Creditor
from amiable.core.disputes import EINVOICING, SHIPPED
from amiable.core.sentences import Sentence, declare, gettext_noop

MOST_REASONS = 30
_LONGEST = 120  # characters of a label

declare(
    {
        "dispute_reason.label": gettext_noop("Write the reason in French and in English."),
        "dispute_reason.einvoicing": gettext_noop("This is not a code of e-invoicing."),
        "dispute_reason.many": gettext_noop("A creditor has at most {limit} reasons."),
        "dispute_reason.last": gettext_noop("One reason at least is offered to customers."),
    }
)


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A reason of a creditor. `is_shipped` = known to every creditor under this code."""

    code: str
    label_fr: str
    label_en: str
    einvoicing: str
    is_active: bool
    is_shipped: bool

    def label(self, language: str) -> str:
        """As customers read it."""
        return self.label_fr if language.startswith("fr") else self.label_en


def reasons(organization_id: int, creditor_id: int) -> list[ReasonRow]:
    """Every reason of a creditor, the shipped ones first: one query."""
    return reasons_by_creditor(organization_id, creditor_id)[creditor_id]


def reasons_by_creditor(
    organization_id: int, creditor_id: int | None = None
) -> dict[int, list[ReasonRow]]:
    """Every reason of each creditor (or of one), the shipped ones first: one query. A creditor that
    words none has the shipped ones."""
    rows = DisputeReason.objects.filter(organization_id=organization_id)
    if creditor_id is not None:
        rows = rows.filter(creditor_id=creditor_id)
    fields = ("creditor_id", "code", "label_fr", "label_en", "einvoicing", "is_active")
    own: dict[int, dict[str, ReasonRow]] = defaultdict(dict)
    for owner_id, code, *rest in rows.order_by("id").values_list(*fields):
        own[owner_id][code] = ReasonRow(code, *rest, code in SHIPPED)
    return defaultdict(
        lambda: _with_shipped({}), {each: _with_shipped(worded) for each, worded in own.items()}
    )


def _with_shipped(own: Mapping[str, ReasonRow]) -> list[ReasonRow]:
    shipped = [own[code] if code in own else _shipped(code) for code in SHIPPED]
    return [*shipped, *(row for row in own.values() if not row.is_shipped)]


def case_reasons(organization_id: int, case_id: int) -> list[ReasonRow]:
    """The reasons that a case may be contested for now, those of its creditor: two queries."""
    rows = Case.objects.filter(organization_id=organization_id, id=case_id)
    creditor_id = rows.values_list("customer__creditor_id", flat=True).first()
    known = reasons(organization_id, creditor_id) if creditor_id else []
    return [row for row in known if row.is_active]


def reason_label(organization_id: int, creditor_id: int, code: str, *, language: str) -> str:
    """The words for a reason; its code when it is not known any more."""
    found = {row.code: row for row in reasons(organization_id, creditor_id)}
    return found[code].label(language) if code in found else code.replace("_", " ")


def _shipped(code: str) -> ReasonRow:
    reason = SHIPPED[code]
    with translation.override("fr"):
        french = gettext(reason.label)
    with translation.override("en"):
        english = gettext(reason.label)
    return ReasonRow(code, french, english, reason.einvoicing, is_active=True, is_shipped=True)


@transaction.atomic
def reason_set(
    organization_id: int, creditor_id: int, row: ReasonRow, *, on: date, actor: str
) -> str:
    """Word a reason of a creditor, switch it on or off, or (code "") add one; returns its code.

    Disputes keep the code they were opened with. Raises CaseError.
    """
    creditor = Creditor.objects.select_for_update(no_key=True).filter(
        organization_id=organization_id, id=creditor_id
    )
    if not creditor.exists():
        raise CaseError(Sentence("case.not_found"))
    labels = row.label_fr.strip()[:_LONGEST], row.label_en.strip()[:_LONGEST]
    if not all(labels):
        raise CaseError(Sentence("dispute_reason.label"))
    if row.einvoicing and row.einvoicing not in EINVOICING:
        raise CaseError(Sentence("dispute_reason.einvoicing"))
    known = {each.code: each for each in reasons(organization_id, creditor_id)}
    code = row.code or _free(labels[1], set(known))
    if row.code and row.code not in known:
        raise CaseError(Sentence("case.not_found"))
    if code not in known and len(known) >= MOST_REASONS:
        raise CaseError(Sentence("dispute_reason.many", {"limit": MOST_REASONS}))
    if not row.is_active and not any(x.is_active for x in known.values() if x.code != code):
        raise CaseError(Sentence("dispute_reason.last"))
    DisputeReason.objects.update_or_create(
        organization_id=organization_id,
        creditor_id=creditor_id,
        code=code,
        defaults={
            "label_fr": labels[0], "label_en": labels[1], "einvoicing": row.einvoicing,
            "is_active": row.is_active,
        },
    )  # fmt: skip
    told = {"creditor": creditor_id, "reason": code, "label": labels[0], "active": row.is_active}
    event_record(organization_id, Happening("dispute_reason.set", on, actor, None, told))
    return code


def _free(label: str, taken: set[str]) -> str:
    """A code that says what the reason is."""
    stem = slugify(label).replace("-", "_")[:16].strip("_") or "own"
    names = [stem, *(f"{stem}_{number}" for number in range(2, MOST_REASONS + 2))]
    return next(name for name in names if name not in taken)
