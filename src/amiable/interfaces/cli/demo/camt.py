"""Writes bank statements in camt.053 (.001.02 and .001.08) and CFONB120, as banks send them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from xml.sax.saxutils import escape

from amiable.core.money import major
from amiable.interfaces.cli.demo.bank import CODES, Line

# CFONB120: the last digit of an amount carries the sign, {A-I credit and }J-R debit.
_CREDIT, _DEBIT = "{ABCDEFGHI", "}JKLMNOPQR"


def camt053(
    *,
    version: str,
    iban: str,
    holder: str,
    first: date,
    last: date,
    opening_minor: int,
    lines: Sequence[Line],
) -> str:
    """One statement of one account; `version` is "02" or "08". Closing = opening + lines."""
    closing = opening_minor + sum(line.amount_minor for line in lines)
    number = f"CALO{first:%y%m%d}{last:%y%m%d}"
    # All direct debits that we presented for a day come back as one batch entry.
    batches = groupby(lines, key=lambda line: (line.on, line.nature == "debit" or line.reference))
    entries = "".join(_entry(version, list(group)) for _, group in batches)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>{number}</MsgId>"
        f"<CreDtTm>{last:%Y-%m-%d}T22:15:00+01:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>{number}</Id><CreDtTm>{last:%Y-%m-%d}T22:15:00+01:00</CreDtTm>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy>"
        f"<Ownr><Nm>{escape(holder)}</Nm></Ownr></Acct>"
        f"{_balance('OPBD', opening_minor, first)}{_balance('CLBD', closing, last)}"
        f"{entries}</Stmt></BkToCstmrStmt></Document>\n"
    )


def _money(amount_minor: int) -> str:
    side = "DBIT" if amount_minor < 0 else "CRDT"
    amount = f'<Amt Ccy="EUR">{major(abs(amount_minor))}</Amt>'
    return f"{amount}<CdtDbtInd>{side}</CdtDbtInd>"


def _balance(code: str, amount_minor: int, on: date) -> str:
    kind = f"<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
    return f"<Bal>{kind}{_money(amount_minor)}<Dt><Dt>{on.isoformat()}</Dt></Dt></Bal>\n"


def _entry(version: str, lines: list[Line]) -> str:
    first = lines[0]
    family, sub_family, _ = CODES[first.nature]
    status = "<Sts><Cd>BOOK</Cd></Sts>" if version == "08" else "<Sts>BOOK</Sts>"
    details = "".join(_transaction(version, line) for line in lines)
    batch = ""
    label = first.label
    if len(lines) > 1:
        label = f"REMISE PRLV SEPA {len(lines)} OPERATIONS"
        count = f"<NbOfTxs>{len(lines)}</NbOfTxs>"
        batch = f"<Btch><PmtInfId>PRLV{first.on:%y%m%d}</PmtInfId>{count}</Btch>"
    return (
        f"<Ntry>{_money(sum(line.amount_minor for line in lines))}{status}"
        f"<BookgDt><Dt>{first.on.isoformat()}</Dt></BookgDt>"
        f"<ValDt><Dt>{first.on.isoformat()}</Dt></ValDt>"
        f"<AcctSvcrRef>{first.reference}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub_family}</SubFmlyCd>"
        f"</Fmly></Domn></BkTxCd><NtryDtls>{batch}{details}</NtryDtls>"
        f"<AddtlNtryInf>{escape(label)}</AddtlNtryInf></Ntry>\n"
    )


def _transaction(version: str, line: Line) -> str:
    mandate = f"<MndtId>{line.mandate}</MndtId>" if line.mandate else ""
    end_to_end = f"<EndToEndId>{escape(line.remit.end_to_end)}</EndToEndId>"
    refs = f"<Refs><AcctSvcrRef>{line.reference}</AcctSvcrRef>{end_to_end}{mandate}</Refs>"
    if version == "08":
        amount = _money(line.amount_minor)
    else:
        value = f'<Amt Ccy="EUR">{major(abs(line.amount_minor))}</Amt>'
        amount = f"<AmtDtls><TxAmt>{value}</TxAmt></AmtDtls>"
    return (
        f"<TxDtls>{refs}{amount}{_parties(version, line)}{_remittance(line)}"
        f"{_return(line)}</TxDtls>"
    )


def _parties(version: str, line: Line) -> str:
    if not line.name:
        return ""
    name = f"<Nm>{escape(line.name)}</Nm>"
    debtor = f"<Pty>{name}</Pty>" if version == "08" else name
    account = f"<DbtrAcct><Id><IBAN>{line.iban}</IBAN></Id></DbtrAcct>" if line.iban else ""
    return f"<RltdPties><Dbtr>{debtor}</Dbtr>{account}</RltdPties>"


def _remittance(line: Line) -> str:
    text, structured = line.remit.text, line.remit.structured
    inner = f"<Ustrd>{escape(text)}</Ustrd>" if text else ""
    if structured:
        kind = "<Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>"
        reference = f"<CdtrRefInf>{kind}<Ref>{structured}</Ref></CdtrRefInf>"
        inner += f"<Strd>{reference}</Strd>"
    return f"<RmtInf>{inner}</RmtInf>" if inner else ""


def _return(line: Line) -> str:
    if not line.return_reason:
        return ""
    return f"<RtrInf><Rsn><Cd>{line.return_reason}</Cd></Rsn></RtrInf>"


def cfonb120(
    *, iban: str, first: date, last: date, opening_minor: int, lines: Sequence[Line]
) -> str:
    """One statement in records of 120 characters: 01 old balance, 04 and 05 movements, 07 new."""
    closing = opening_minor + sum(line.amount_minor for line in lines)
    records = [_cfonb_balance("01", iban, first, opening_minor)]
    for number, line in enumerate(lines, start=1):
        records += _cfonb_movement(iban, number, line)
    records.append(_cfonb_balance("07", iban, last, closing))
    return "".join(f"{record:<120}\n" for record in records)


def _overpunch(amount_minor: int) -> str:
    digits = f"{abs(amount_minor):014d}"
    signs = _DEBIT if amount_minor < 0 else _CREDIT
    return digits[:-1] + signs[int(digits[-1])]


def _account(iban: str, middle: str) -> str:
    """Bank, 4 characters of the record's own, branch, currency with 2 decimals, account."""
    return f"{iban[4:9]}{middle:<4}{iban[9:14]}EUR2 {iban[14:25]}"


def _cfonb_balance(kind: str, iban: str, on: date, amount_minor: int) -> str:
    head = f"{kind}{_account(iban, '')}  {on:%d%m%y}"
    return f"{head:<90}{_overpunch(amount_minor)}"


def _cfonb_movement(iban: str, number: int, line: Line) -> list[str]:
    code = CODES[line.nature][2]
    label = line.label.split(" /MOTIF")[0].replace("/DE ", "")[:31]
    head = f"04{_account(iban, '0001')}{code}{line.on:%d%m%y}  {line.on:%d%m%y}"
    main = f"{head}{label:<31}  {number:07d}  {_overpunch(line.amount_minor)}{line.reference:<16}"
    detail = f"05{_account(iban, '0001')}{code}{line.on:%d%m%y}     "
    extra = {"NPY": line.name, "LCC": line.remit.text[:70], "LC2": line.remit.text[70:]}
    extra["LCS"] = line.remit.structured
    extra["RCN"] = line.remit.end_to_end if line.name else ""
    return [main, *(f"{detail}{code3}{text[:70]}" for code3, text in extra.items() if text)]
