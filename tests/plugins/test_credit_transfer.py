"""The credit transfer file: valid by the schema, and read back as what was ordered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from lxml import etree

from amiable.plugins.documents.credit_transfer import (
    SCHEMA,
    Order,
    Transfer,
    TransferFileError,
    credit_transfer_file,
)

NS = {"p": f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"}
IBAN = "FR7630006000011234567890189"
ORDER = Order(
    reference="RBF000007261120", name="Ateliers Béranger & Fils", iban="FR1420041010050500013M02606",
    bic="", execute_on=date(2026, 11, 23), made_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC), is_batch=True,
    transfers=(
        Transfer("RBT00000100", "Élodie <Noël> “SARL” Łódź", IBAN, 12_345, "RBT00000100 Œuvre"),
        Transfer("RBT00000200", "日本", IBAN, 7, "RBT00000200 //x//"),
    ),
)  # fmt: skip


def texts(content: bytes, path: str) -> list[str]:
    return etree.fromstring(content).xpath(f"//{path}/text()", namespaces=NS)


def test_a_file_holds_what_was_ordered_in_the_characters_of_sepa():
    content = credit_transfer_file(ORDER)
    assert texts(content, "p:EndToEndId") == ["RBT00000100", "RBT00000200"]
    assert texts(content, "p:InstdAmt") == ["123.45", "0.07"]
    assert texts(content, "p:GrpHdr/p:CtrlSum") == ["123.52"]
    assert texts(content, "p:GrpHdr/p:NbOfTxs") == ["2"]
    assert texts(content, "p:MsgId") == texts(content, "p:PmtInfId") == ["RBF000007261120"]
    assert texts(content, "p:CreDtTm") == ["2026-11-20T09:30:00"]
    assert texts(content, "p:ReqdExctnDt/p:Dt") == ["2026-11-23"]
    assert texts(content, "p:DbtrAcct//p:IBAN") == ["FR1420041010050500013M02606"]
    assert texts(content, "p:DbtrAgt//p:Othr/p:Id") == ["NOTPROVIDED"]
    assert texts(content, "p:Dbtr/p:Nm") == ["Ateliers Beranger + Fils"]
    first, second = texts(content, "p:Cdtr/p:Nm")
    assert first == "Elodie Noel SARL Lodz"
    assert second.isascii()
    assert texts(content, "p:Ustrd") == ["RBT00000100 OEuvre", "RBT00000200 /x"]
    assert texts(content, "p:BtchBookg") == ["true"]


def test_a_known_bic_and_single_booking_are_said():
    content = credit_transfer_file(replace(ORDER, bic="AGRIFRPP", is_batch=False))
    assert texts(content, "p:DbtrAgt//p:BICFI") == ["AGRIFRPP"]
    assert texts(content, "p:BtchBookg") == ["false"]
    assert len(texts(content, "p:PmtInfId")) == 1


def test_what_the_schema_refuses_is_no_file():
    with pytest.raises(TransferFileError):
        credit_transfer_file(replace(ORDER, iban="nothing"))
