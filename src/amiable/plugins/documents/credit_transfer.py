"""SEPA credit transfers as a file for the bank: pain.001.001.09, checked by its ISO 20022 schema.

Written by the library sepaxml, then finished as EPC132-08 asks: our own references, the characters
of the SEPA area, and NOTPROVIDED where no BIC is known. .09 is the version of the EPC rulebooks
since March 2024.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sepaxml
from lxml import etree

from amiable.core.sepa import sepa_text

SCHEMA = "pain.001.001.09"
_NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"
LONGEST_NAME = 70


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money to one account, in euro cents. `reference` = end-to-end id; `text` = what the payee
    reads."""

    reference: str
    name: str
    iban: str
    amount_minor: int
    text: str


@dataclass(frozen=True, slots=True)
class Order:
    """Transfers of one account on one day. `bic` "" = not known; `is_batch` = to be booked as one
    debit."""

    reference: str
    name: str
    iban: str
    bic: str
    execute_on: date
    made_at: datetime
    is_batch: bool
    transfers: Sequence[Transfer]


class TransferFileError(ValueError):
    """The file that would be written does not follow its schema; the message says where."""


def credit_transfer_file(order: Order) -> bytes:
    """The XML of an order. Raises TransferFileError when the schema does not hold."""
    config = {"name": order.name, "IBAN": order.iban, "currency": "EUR", "batch": True}
    if order.bic:
        config["BIC"] = order.bic
    written = sepaxml.SepaTransfer(config, schema=SCHEMA, clean=True)
    for each in order.transfers:
        written.add_payment(
            {
                "name": each.name,
                "IBAN": each.iban,
                "amount": each.amount_minor,
                "execution_date": order.execute_on,
                "description": each.text,
                "endtoend_id": each.reference,
            }
        )
    root = etree.fromstring(written.export(validate=False), _parser())
    _finish(root, order)
    if not _schema().validate(root):
        raise TransferFileError(str(_schema().error_log.last_error))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _finish(root: Any, order: Order) -> None:
    for name in root.iter(_tag("Nm")):
        name.text = sepa_text(name.text or "", longest=LONGEST_NAME) or order.reference
    for text in root.iter(_tag("Ustrd")):
        text.text = sepa_text(text.text or "") or order.reference
    for tag in ("MsgId", "PmtInfId"):
        for identity in root.iter(_tag(tag)):
            identity.text = order.reference
    for moment in root.iter(_tag("CreDtTm")):
        moment.text = order.made_at.strftime("%Y-%m-%dT%H:%M:%S")
    for booking in root.iter(_tag("BtchBookg")):
        booking.text = "true" if order.is_batch else "false"
    for agent in root.iter(_tag("FinInstnId")):
        if not len(agent):
            other = etree.SubElement(agent, _tag("Othr"))
            etree.SubElement(other, _tag("Id")).text = "NOTPROVIDED"


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True)


@functools.cache
def _schema() -> Any:
    """The schema that the library ships."""
    path = Path(sepaxml.__file__).parent / "schemas" / f"{SCHEMA}.xsd"
    return etree.XMLSchema(etree.parse(path, _parser()))
