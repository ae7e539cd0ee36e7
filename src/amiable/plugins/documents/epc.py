"""QR code of a SEPA transfer (EPC069-12 v2.1): the payer scans, nothing is typed.

Error level M, version <= 13, payload <= 331 bytes, UTF-8, lines separated by LF.
"""

from __future__ import annotations

import io
import re

import segno

from amiable.core.money import major
from amiable.core.references import is_rf_reference

LARGEST_MINOR = 99_999_999_999  # 999 999 999.99 EUR
LARGEST_BYTES = 331
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def epc_payload(*, name: str, iban: str, amount_minor: int, reference: str, bic: str = "") -> str:
    """The text of the code. A valid RF reference is structured (line 10), any other free (line 11).

    `amount_minor` in euro cents, 1 to LARGEST_MINOR. Raises ValueError when the amount, the name
    or the IBAN cannot be carried.
    """
    if not 1 <= amount_minor <= LARGEST_MINOR:
        raise ValueError("the amount of a transfer code is 0.01 to 999999999.99 EUR")
    holder = _one_line(name)[:70].strip()
    account = re.sub(r"\s", "", iban).upper()
    if not holder or not re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{10,30}", account):
        raise ValueError("a transfer code needs the account holder and the IBAN")
    structured = is_rf_reference(reference)
    lines = [
        "BCD",
        "002",
        "1",
        "SCT",
        bic.replace(" ", "").upper(),
        holder,
        account,
        f"EUR{major(amount_minor)}",
        "",
        reference.replace(" ", "").upper() if structured else "",
        "" if structured else _one_line(reference)[:140].strip(),
    ]
    payload = "\n".join(lines).rstrip("\n")
    if len(payload.encode()) > LARGEST_BYTES:
        raise ValueError(f"a transfer code carries at most {LARGEST_BYTES} bytes")
    return payload


def epc_symbol(payload: str) -> segno.QRCode:
    """The QR symbol. The mask is fixed: choosing it costs five times the rest."""
    symbol = segno.make_qr(payload, error="m", mask=2, boost_error=False, encoding="utf-8")
    if int(symbol.version) > 13:
        raise ValueError("a transfer code has at most version 13")
    return symbol


def epc_svg(payload: str) -> str:
    """The symbol as SVG, with the quiet zone of four modules that scanners need."""
    out = io.BytesIO()
    epc_symbol(payload).save(out, kind="svg", xmldecl=False, border=4, light="#fff")
    return out.getvalue().decode()


def link_svg(link: str) -> str:
    """A web address as a code, in the same drawing as epc_svg."""
    out = io.BytesIO()
    symbol = segno.make_qr(link, error="m", mask=2, boost_error=False)
    symbol.save(out, kind="svg", xmldecl=False, border=4, light="#fff")
    return out.getvalue().decode()


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text)
