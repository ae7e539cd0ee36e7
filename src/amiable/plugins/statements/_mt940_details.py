"""The field 86 of MT940 in its dialects: German ?20, Dutch /EREF/, lists by line, and free text.

What is recognized becomes name, IBAN, references; all of the text stays in the label.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from amiable.plugins.statements import _common as common


@dataclass(slots=True)
class Details:
    """What a field 86 tells of a movement. Empty string = not stated."""

    label: str = ""
    code: str = ""
    name: str = ""
    iban: str = ""
    end_to_end_id: str = ""
    structured_reference: str = ""
    mandate: str = ""
    ultimate: str = ""
    return_reason: str = ""


# "166?00": a business code of three digits, a separator, and two digits of the first sub-field.
_GERMAN = re.compile(r"\s*(\d{3})?\s*([?<>~^|!+])(?=\d{2})")
_PLAIN_CODE = re.compile(r"(\d{3})(?=PN|\s)")
_SEPA = re.compile(
    r"\b(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|MDAT|RREF|SQTP|MTLG)\+"
)
_SLASHED = re.compile(
    r"/(TRTP|TRCD|IBAN|BIC|NAME|REMI|EREF|KREF|PREF|MARF|CSID|CNTP|RTRN|ULTD|ULTB|ULTC|PURP|SVCL"
    r"|BENM|ORDP|ISDT|ADDR|OCMT|CHGS|RREF|TSPS|ID|CDTRREFTP|CDTRREF)/"
)
ACCOUNT = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")  # an IBAN
_LED_BY_IBAN = re.compile(r"([A-Z]{2}\d{2}[A-Z0-9]{11,30})\s+(\S.*)")
_OWN_LINE = re.compile(r"(\d{2})(.*)")
# Polish banks in Latin script: "OD: name  street; TYT.: purpose; TNR: number".
_POLISH = re.compile(r"\bOD: ?(?P<name>.+?)(?:  |;|$).*?TYT\.: ?(?P<text>.*?)(?:;|$)", re.S)
# "REK: IBAN/NAAM: name", as a Dutch bank ends its free text.
_REK = re.compile(r"\bREK: ?([A-Z]{2}\d{2}[A-Z0-9]{11,30})/NAAM: ?([^\n]+)")
_ONE_WORD = ("CRED", "DEBT", "COAM", "OAMT", "PURP")
_WIDTH = 27  # characters of a full German sub-field, which is cut inside a word


def details_of(information: Sequence[str], own: Sequence[str]) -> Details:
    """The details of a movement from its fields 86 and its fields NS (own lines of a bank)."""
    text = "\n".join(information)
    if found := _GERMAN.match(text):
        told = _german(text.replace("\n", ""), found[1] or "", found[2])
    elif _SLASHED.search(text.replace("\n", "")):
        told = _slashed(text.replace("\n", ""))
    else:
        told = _free(text)
    if own:
        _lines(told, "\n".join(own))
    told.name = common.clean(told.name, 140)
    told.iban = told.iban if ACCOUNT.fullmatch(told.iban) else ""
    told.label = common.clean(told.label)
    return told


def _german(text: str, code: str, separator: str) -> Details:
    """Sub-fields: 00 posting text, 20-29 and 60-63 purpose, 30-33 the other party, 34 reason."""
    parts: dict[str, str] = {}
    pieces = re.split(re.escape(separator) + r"(\d{2})", text)
    for number, value in zip(pieces[1::2], pieces[2::2], strict=False):
        parts[number] = parts.get(number, "") + value
    purpose = _joined(parts, [*range(20, 30), *range(60, 64)])
    tagged = _tagged(_SEPA, purpose.replace("MTLG:", " MTLG+"))
    told = _references(tagged)
    account = (parts.get("38") or parts.get("31", "")).replace(" ", "")
    told.code, told.iban = code, account or tagged.get("IBAN", "").replace(" ", "")
    told.name = _joined(parts, [32, 33])
    told.ultimate = common.clean(tagged.get("ABWA", ""), 140)
    told.return_reason = common.clean(parts.get("34", ""), 10)
    # An identifier is one word: what stands behind it is of the purpose.
    behind = [tagged.get(tag, "").strip().partition(" ")[2] for tag in _ONE_WORD]
    texts = [parts.get("00", ""), *(tagged.get(tag, "") for tag in ("SVWZ", "", "MTLG"))]
    told.label = " ".join([*texts, *behind])
    return told


def _joined(parts: dict[str, str], numbers: Sequence[int]) -> str:
    """Sub-fields as one text: a full one goes on in the next, a shorter one ends with its word."""
    pieces = [parts.get(str(number), "") for number in numbers]
    return "".join(piece if len(piece) == _WIDTH else f"{piece} " for piece in pieces)


def _slashed(text: str) -> Details:
    """/EREF/…/REMI/…: as Dutch, Belgian and French banks write it."""
    tagged = _tagged(_SLASHED, text)
    told = _references(tagged)
    told.mandate = told.mandate or _value(tagged, "MARF")
    told.iban = _value(tagged, "IBAN").replace(" ", "")
    told.name = _value(tagged, "NAME") or _value(tagged, "ORDP") or _value(tagged, "BENM")
    if "CNTP" in tagged:
        account, _, name = [*tagged["CNTP"].split("/"), "", "", ""][:3]
        told.iban, told.name = told.iban or account.replace(" ", ""), told.name or name
    remittance = _value(tagged, "REMI")
    if remittance.startswith("STRD/"):
        told.structured_reference = common.clean(remittance.rpartition("/")[2], 35)
    told.structured_reference = told.structured_reference or common.clean(
        _value(tagged, "CDTRREF"), 35
    )
    remittance = re.sub(r"^(USTD|STRD)/+", "", remittance)
    told.ultimate = common.clean(_value(tagged, "ULTD"), 140)
    told.return_reason = common.clean(_value(tagged, "RTRN"), 10)
    told.label = " ".join([tagged.get("", ""), _value(tagged, "TRTP"), remittance])
    return told


def _free(text: str) -> Details:
    """Free text, led by the IBAN and name of the other party at some banks."""
    told = Details(label=text.replace("\n", " "))
    first = text.partition("\n")[0]
    if found := _LED_BY_IBAN.match(first):
        told.iban, told.name = found[1], found[2]
    elif found := _POLISH.search(text):
        told.name = found["name"]
    elif found := _REK.search(text):
        told.iban, told.name = found[1], found[2]
    if found := _PLAIN_CODE.match(text):
        told.code = found[1]
    return told


def _lines(told: Details, text: str) -> None:
    """Own lines of a bank (:NS:): 01-14 purpose, 15-16 name, 17 posting text, 34 account."""
    for raw in text.split("\n"):
        found = _OWN_LINE.match(raw)
        number, value = (int(found[1]), found[2]) if found else (0, "")
        if 1 <= number <= 14 or number == 17:
            told.label += f" {value}"
        elif number in {15, 16}:
            told.name = f"{told.name} {value}"


def _references(tagged: dict[str, str]) -> Details:
    return Details(
        end_to_end_id=common.clean(_value(tagged, "EREF"), 60),
        mandate=common.clean(_value(tagged, "MREF"), 35),
    )


def _tagged(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    """Texts by the tag before them; "" = what stands before the first. A tag twice is joined."""
    pieces = pattern.split(text)
    found = {"": pieces[0].strip()}
    for tag, value in zip(pieces[1::2], pieces[2::2], strict=True):
        found[tag] = f"{found[tag]} {value}" if tag in found else value
    return found


def _value(tagged: dict[str, str], tag: str) -> str:
    return tagged.get(tag, "").strip().strip("/").strip()
