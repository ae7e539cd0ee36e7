"""A pain.008.001.08 (ISO 20022, EPC130-08) from plain data: written by the sepaxml library, valid
against the ISO schema that it carries, with our own identifiers and moment instead of drawn ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lxml import etree

from amiable.core.sepa import sepa_text

SCHEMA = "pain.008.001.08"
LONGEST_NAME = 70


class OrderError(ValueError):
    """A collection that no file can carry."""


@dataclass(frozen=True, slots=True)
class Collector:
    """Who collects, on which account. `bic` "" = not provided."""

    name: str
    iban: str
    ics: str
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """One direct debit, in euro cents > 0. `end_to_end_id` comes back with the bank's answers."""

    end_to_end_id: str
    amount_minor: int
    collect_on: date
    scheme: str
    sequence: str
    mandate: str
    signed_on: date
    holder_name: str
    holder_iban: str
    text: str

    @property
    def group(self) -> tuple[str, str, str]:
        """What the collections of one payment information have in common."""
        return self.scheme, self.sequence, self.collect_on.isoformat()


def group_name(name: str, group: tuple[str, str, str]) -> str:
    """The id of a payment information: banks put it on the statement beside the sum."""
    scheme, sequence, day = group
    return f"{name}-{scheme[0]}{sequence[0]}{day[2:].replace('-', '')}"


def pain008(
    name: str, collector: Collector, *, collections: Sequence[Collection], now: datetime
) -> bytes:
    """The file of message id `name` (at most 26 signs), made at `now`, collections grouped by
    scheme, sequence and day. Raises OrderError when the schema refuses it."""
    from sepaxml.validation import ValidationError, try_valid_xml  # slow to import

    schemes = sorted({each.scheme for each in collections})
    if not schemes:
        raise OrderError("nothing is to be collected")
    root = None
    for scheme in schemes:
        tree = etree.fromstring(_written(collector, collections, scheme))
        if root is None:
            root = tree
        else:
            root[0].extend(tree.findall(".//{*}PmtInf"))
    assert root is not None  # noqa: S101  # there is a scheme
    _identify(root, name, now)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    try:
        try_valid_xml(content, SCHEMA)
    except ValidationError as error:
        raise OrderError(str(error.__cause__ or error)) from error
    return content


def _written(collector: Collector, collections: Sequence[Collection], scheme: str) -> bytes:
    """Those of one scheme: the library writes one scheme to a file."""
    from sepaxml import SepaDD

    config = {
        "name": collector.name,
        "IBAN": collector.iban,
        "batch": True,
        "creditor_id": collector.ics,
        "currency": "EUR",
        "instrument": scheme,
        **({"BIC": collector.bic} if collector.bic else {}),
    }
    writer = SepaDD(config, schema=SCHEMA, clean=True)
    for each in collections:
        if each.scheme == scheme:
            writer.add_payment(_payment(each))
    content: bytes = writer.export(validate=False)
    return content


def _payment(each: Collection) -> dict[str, Any]:
    if each.amount_minor <= 0:
        raise OrderError(f"{each.end_to_end_id}: nothing to collect")
    return {
        "name": each.holder_name,
        "IBAN": each.holder_iban,
        "amount": each.amount_minor,
        "type": each.sequence,
        "collection_date": each.collect_on,
        "mandate_id": each.mandate,
        "mandate_date": each.signed_on,
        "description": each.text,
        "endtoend_id": each.end_to_end_id,
    }


def _identify(root: Any, name: str, now: datetime) -> None:
    """Our message id, moment and group ids, the sums over all groups, and texts in the signs that
    every bank takes: what the library wrote of other alphabets may hold more."""
    for text in root.iter("{*}Nm"):
        text.text = sepa_text(text.text or "", longest=LONGEST_NAME) or "NOTPROVIDED"
    for text in root.iter("{*}Ustrd"):
        text.text = sepa_text(text.text or "") or name
    groups = root.findall(".//{*}PmtInf")
    header = root.find(".//{*}GrpHdr")
    header.find("{*}MsgId").text = name
    header.find("{*}CreDtTm").text = now.strftime("%Y-%m-%dT%H:%M:%S")
    header.find("{*}NbOfTxs").text = str(sum(int(g.findtext("{*}NbOfTxs")) for g in groups))
    cents = sum(int(g.findtext("{*}CtrlSum").replace(".", "")) for g in groups)
    header.find("{*}CtrlSum").text = f"{cents // 100}.{cents % 100:02d}"
    for group in groups:
        kind = group.find("{*}PmtTpInf")
        found = (
            kind.findtext("{*}LclInstrm/{*}Cd"),
            kind.findtext("{*}SeqTp"),
            group.findtext("{*}ReqdColltnDt"),
        )
        group.find("{*}PmtInfId").text = group_name(name, found)
