"""`amiable interest`: late-payment interest on one amount. Needs neither database nor settings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from amiable.core.interest import Interest, RateError
from amiable.core.law.fr import Debt, late_interest
from amiable.core.money import AmountError, major, minor
from amiable.interfaces.cli.common import OK, REJECTED, IsoDate, emit, json_option


class Amount(click.ParamType):
    """A positive amount in euros, as a plain decimal."""

    name = "AMOUNT"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        try:
            amount_minor = minor(value)
        except AmountError as error:
            self.fail(str(error), param, ctx)
        if amount_minor <= 0:
            self.fail(f"{value} is not an amount owed", param, ctx)
        return amount_minor


class Rate(click.ParamType):
    """A yearly rate in percent."""

    name = "PERCENT"

    def convert(self, value: Any, param: Any, ctx: Any) -> Decimal:
        try:
            return Decimal(value)
        except InvalidOperation:
            self.fail(f"{value!r} is not a rate in percent", param, ctx)


@click.command("interest")
@click.option("--amount", required=True, type=Amount(), help="Unpaid, VAT included, in euros.")
@click.option("--due", required=True, type=IsoDate(), help="Last day to pay in time.")
@click.option("--until", required=True, type=IsoDate(), help="Day of payment, or last day counted.")
@click.option("--regime", type=click.Choice(["b2b", "consumer", "public"]), default="b2b")
@click.option("--rate", type=Rate(), help="Contract rate, percent a year (never for public).")
@click.option("--notice", type=IsoDate(), help="Consumers: day the formal notice was received.")
@click.option(
    "--day-count",
    type=click.Choice(["365", "actual"]),
    default="365",
    show_default=True,
    help="365 days a year always, or 366 in leap years.",
)
@json_option
def interest_command(  # one parameter per option
    *,
    amount: int,
    due: date,
    until: date,
    regime: Any,
    rate: Decimal | None,
    notice: date | None,
    day_count: Any,
    as_json: bool,
) -> int:
    """Late-payment interest under French law, segment by segment, with its sources."""
    if notice and regime != "consumer":
        raise click.UsageError("--notice is for --regime consumer")
    debt = Debt(amount, due, until, regime=regime, contract_rate_pct=rate, notice=notice)
    try:
        found = late_interest(debt, day_count=day_count)
    except RateError as error:
        problem = {"code": error.sentence.code, "message": str(error)}
        emit({"errors": [problem]}, as_json=as_json)
        click.echo(str(error), err=True)
        return REJECTED
    for warning in found.warnings:
        click.echo(f"Warning: {warning}", err=True)
    emit(document(found), as_json=as_json, text=text(found))
    return OK


def document(found: Interest) -> dict[str, Any]:
    """The JSON of INTERFACES: amounts in major units as strings, dates ISO, ends inclusive."""
    return {
        "interest": major(found.interest_minor),
        "fixed_fee": major(found.fixed_fee_minor),
        "currency": "EUR",
        "segments": [
            {
                "from": segment.starts_on.isoformat(),
                "to": segment.ends_on.isoformat(),
                "days": segment.days,
                "rate_pct": f"{segment.rate_pct:f}",
                "amount": major(segment.amount_minor),
                "source": str(segment.source),
            }
            for segment in found.segments
        ],
        "warnings": [{"code": w.code, "message": str(w)} for w in found.warnings],
    }


def text(found: Interest) -> str:
    """The same for people."""
    lines = [
        f"{s.starts_on} to {s.ends_on}  {s.days:>5} days  {s.rate_pct:>6f} %  "
        f"{major(s.amount_minor):>14}  {s.source}"
        for s in found.segments
    ]
    total = f"Interest {major(found.interest_minor)} EUR"
    return "\n".join([*lines, f"{total}, fixed fee {major(found.fixed_fee_minor)} EUR"])
