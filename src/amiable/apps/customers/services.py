"""Writes of customers: found by code or name, created once, never emptied by a silent file."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter

from django.utils import timezone

from amiable.apps.customers.contacts import details_add
from amiable.apps.customers.models import Customer
from amiable.apps.work.bulk import ids_reserve, rows_insert
from amiable.core.numbers import plain
from amiable.core.records import CustomerRow, RowError
from amiable.core.sentences import declare, gettext_noop

declare(
    {
        "customer.ambiguous": gettext_noop(
            "Several customers are called {name}. Give the customer code."
        ),
    }
)

Key = tuple[str, str]

# A code we make for a customer whose source states none begins so; a stated code replaces it.
MADE_CODE = "~"
_CHUNK = 5000
# What a file states replaces what is known; an empty cell replaces nothing.
_STATED = (
    "name", "kind", "siren", "vat_number", "language", "segment", "sales_owner", "payment_term",
    "address_lines", "postcode", "city", "country", "score", "payer_group",
)  # fmt: skip
_POSTAL = frozenset({"address_lines", "postcode", "city", "country"})
_POSTAL_MARK = ("address_invalid_since", "address_invalid_reason")
_UNSTATED: tuple[object, ...] = ("", None, ())  # a score of 0 is stated
_ROW_FIELDS = tuple(name for name in CustomerRow.__dataclass_fields__ if name != "line")
_row_values = attrgetter(*_ROW_FIELDS)
_COLUMNS = (
    "id", "organization_id", "creditor_id", "code", *_STATED, "address_invalid_reason", "created_at"
)  # fmt: skip


@dataclass
class CustomersUpserted:
    """`ids` by key of row (see customer_key); `ambiguous` keys are names that several bear."""

    ids: dict[Key, int] = field(default_factory=dict)
    created: set[int] = field(default_factory=set)
    updated: set[int] = field(default_factory=set)
    ambiguous: set[Key] = field(default_factory=set)


def customer_key(row: CustomerRow) -> Key:
    """What identifies the customer of a row within its creditor: its code, else its name."""
    return (row.code, "") if row.code else ("", row.name)


def ambiguous_error(line: int, row: CustomerRow) -> RowError:
    """The error of a row whose customer's name several customers bear."""
    return RowError(line, "customer_name", "customer.ambiguous", {"name": row.name})


def customers_upsert(
    organization_id: int, creditor_id: int, rows: Sequence[CustomerRow], *, on: date
) -> CustomersUpserted:
    """Find or create the customers of rows; update what rows state otherwise. Set-based.

    1. A row with a code is that customer, or a new one; it takes over a customer of the same
       name whose code we had made.
    2. A row without code is the customer of exactly that name, or a new one.
    Contact points and IBANs are added, never removed. Call inside a transaction.
    """
    stated = _stated(rows)
    merged = {key: _merged(said) for key, said in stated.items()}
    result = CustomersUpserted()
    found = _found(organization_id, creditor_id, merged, result)
    for key, customer in found.items():
        result.ids[key] = customer.id
    _create(organization_id, creditor_id, merged, result)
    _update(merged, found, result)
    reached = details_add(
        organization_id,
        _by_customer(stated, result.ids),
        new=result.created,
        on=on,
    )
    result.updated |= reached - result.created
    return result


def customer_update(customer: Customer, values: Mapping[str, object]) -> None:
    """Write what is known now. Callers tell the customer's cases: customers do not know them."""
    for name, value in values.items():
        setattr(customer, name, value)
    customer.save(update_fields=[*values])


def postal_mark(
    organization_id: int, reasons: Mapping[int, str | None], *, on: date
) -> dict[int, str | None]:
    """Note that postal addresses are wrong, by customer id, and why, or (None) that they are not;
    returns the reasons known before, None for an address that was held for right.

    Callers tell the customers' cases.
    """
    before: dict[int, str | None] = {}
    changed = []
    rows = Customer.objects.filter(organization_id=organization_id, id__in=reasons)
    for customer in rows.select_for_update(no_key=True, of=("self",)).order_by("id"):
        reason, since = reasons[customer.pk], customer.address_invalid_since
        before[customer.pk] = None if since is None else customer.address_invalid_reason
        if (reason is None) != (since is None):
            customer.address_invalid_since = None if reason is None else on
            customer.address_invalid_reason = (reason or "")[:200]
            changed.append(customer)
    Customer.objects.bulk_update(changed, [*_POSTAL_MARK], batch_size=200)
    return before


def _stated(rows: Sequence[CustomerRow]) -> dict[Key, list[CustomerRow]]:
    """The rows of each customer that say something else than those before."""
    stated: dict[Key, list[CustomerRow]] = {}
    seen: dict[Key, set[tuple[object, ...]]] = {}
    passed: set[int] = set()
    for row in rows:
        if id(row) in passed:
            continue  # readers give rows of one customer the same object
        passed.add(id(row))
        key, values = customer_key(row), _row_values(row)
        known = seen.setdefault(key, set())
        if values not in known:
            known.add(values)
            stated.setdefault(key, []).append(row)
    return stated


def _merged(rows: Sequence[CustomerRow]) -> CustomerRow:
    """What later rows state completes or replaces what earlier ones do."""
    merged = rows[0]
    for row in rows[1:]:
        pairs = zip(_row_values(row), _row_values(merged), strict=True)
        united = [old if new in _UNSTATED else new for new, old in pairs]
        merged = CustomerRow(merged.line, *united)  # type: ignore[arg-type]  # fields in order
    return merged


def _by_customer(
    stated: Mapping[Key, list[CustomerRow]], ids: Mapping[Key, int]
) -> dict[int, list[CustomerRow]]:
    """Rows by customer id: one customer may be named by its code and by its name."""
    found: dict[int, list[CustomerRow]] = {}
    for key, rows in stated.items():
        if key in ids:
            found.setdefault(ids[key], []).extend(rows)
    return found


def _found(
    organization_id: int,
    creditor_id: int,
    merged: dict[Key, CustomerRow],
    result: CustomersUpserted,
) -> dict[Key, Customer]:
    codes = [row.code for row in merged.values() if row.code]
    by_code = {c.code: c for c in _customers(organization_id, creditor_id, "code", codes)}
    unknown = {row.name for row in merged.values() if row.name and row.code not in by_code}
    by_name: dict[str, list[Customer]] = {}
    for customer in _customers(organization_id, creditor_id, "name", unknown):
        by_name.setdefault(customer.name, []).append(customer)
    found: dict[Key, Customer] = {}
    for key, row in merged.items():
        if row.code in by_code:
            found[key] = by_code[row.code]
        elif row.code:
            made = [c for c in by_name.get(row.name, []) if c.code.startswith(MADE_CODE)]
            if made:
                found[key] = made[0]
        elif namesakes := by_name.get(row.name):
            if len(namesakes) > 1:
                result.ambiguous.add(key)
            else:
                found[key] = namesakes[0]
    return found


def _customers(
    organization_id: int, creditor_id: int, attribute: str, values: Collection[str]
) -> list[Customer]:
    ordered = sorted(set(values))
    found: list[Customer] = []
    for start in range(0, len(ordered), _CHUNK):
        scope = {f"{attribute}__in": ordered[start : start + _CHUNK]}
        found += Customer.objects.filter(
            organization_id=organization_id, creditor_id=creditor_id, **scope
        )
    return found


def _create(
    organization_id: int,
    creditor_id: int,
    merged: dict[Key, CustomerRow],
    result: CustomersUpserted,
) -> None:
    coded_names = {row.name: key for key, row in merged.items() if row.code and row.name}
    new: list[Key] = []
    same_as: dict[Key, Key] = {}
    for key, row in merged.items():
        if key in result.ids or key in result.ambiguous:
            continue
        if not row.code and row.name in coded_names:
            same_as[key] = coded_names[row.name]
        else:
            new.append(key)
    result.ids.update(zip(new, ids_reserve(Customer, len(new)), strict=True))
    result.ids.update({key: result.ids[other] for key, other in same_as.items()})
    result.created = {result.ids[key] for key in new}
    codes = _made_codes(organization_id, creditor_id, [merged[k].name for k in new if not k[0]])
    now = timezone.now()
    rows_insert(
        Customer,
        _COLUMNS,
        rows=(
            (
                result.ids[key], organization_id, creditor_id, row.code or codes[row.name],
                row.name or row.code, row.kind or "company", row.siren, row.vat_number,
                row.language or "fr", row.segment, row.sales_owner, row.payment_term,
                list(row.address_lines), row.postcode, row.city, row.country or "FR",
                row.score, row.payer_group, "", now,
            )
            for key, row in ((key, merged[key]) for key in new)
        ),
    )  # fmt: skip


def _made_codes(organization_id: int, creditor_id: int, names: Sequence[str]) -> dict[str, str]:
    """A free code for each customer whose source states none, from its name."""
    if not names:
        return {}
    taken = set(
        Customer.objects.filter(
            organization_id=organization_id, creditor_id=creditor_id, code__startswith=MADE_CODE
        ).values_list("code", flat=True)
    )
    codes: dict[str, str] = {}
    for name in names:
        stem = MADE_CODE + re.sub(r"[^a-z0-9]+", "-", plain(name)).strip("-")[:50].upper()
        code, count = stem, 1
        while code in taken:
            count += 1
            code = f"{stem}-{count}"
        taken.add(code)
        codes[name] = code
    return codes


def _update(
    merged: dict[Key, CustomerRow], found: dict[Key, Customer], result: CustomersUpserted
) -> None:
    changed: dict[int, Customer] = {}
    for key, customer in found.items():
        row = merged[key]
        stated = {name: getattr(row, name) for name in _STATED} | {"code": row.code}
        stated["address_lines"] = list(row.address_lines)
        new = {
            k: v
            for k, v in stated.items()
            if v not in (*_UNSTATED, []) and getattr(customer, k) != v
        }
        if new:
            for name, value in new.items():
                setattr(customer, name, value)
            if not _POSTAL.isdisjoint(new):
                # Another address: what came back from the old one says nothing of it.
                customer.address_invalid_since, customer.address_invalid_reason = None, ""
            changed[customer.id] = customer
    columns = ["code", *_STATED, *_POSTAL_MARK]
    Customer.objects.bulk_update(list(changed.values()), columns, batch_size=500)
    result.updated = set(changed)
