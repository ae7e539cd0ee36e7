"""`amiable interest`: the JSON others rely on, and the words for what is not known."""

from __future__ import annotations

import json
import subprocess
import sys

from click.testing import CliRunner

from amiable.interfaces.cli.main import amiable


def interest(*arguments: str):
    return CliRunner().invoke(amiable, ["interest", *arguments], standalone_mode=False)


def test_json_names_every_segment_and_its_source():
    result = interest("--amount", "12000", "--due", "2026-05-31", "--until", "2026-09-15", "--json")
    found = json.loads(result.stdout)
    assert (found["interest"], found["fixed_fee"], found["currency"]) == ("433.74", "40.00", "EUR")
    assert [
        {key: segment[key] for key in ("from", "to", "days", "rate_pct", "amount")}
        for segment in found["segments"]
    ] == [
        {
            "from": "2026-06-01",
            "to": "2026-06-30",
            "days": 30,
            "rate_pct": "12.15",
            "amount": "119.83",
        },
        {
            "from": "2026-07-01",
            "to": "2026-09-15",
            "days": 77,
            "rate_pct": "12.40",
            "amount": "313.91",
        },
    ]
    assert all("L441-10" in segment["source"] for segment in found["segments"])


def test_unknown_half_year_ends_with_status_1_and_its_name():
    result = interest("--amount", "10", "--due", "2026-12-31", "--until", "2027-01-31", "--json")
    assert result.return_value == 1
    assert "2027S1" in json.loads(result.stdout)["errors"][0]["message"]
    assert "2027S1" in result.stderr


def test_contract_rate_below_the_floor_is_said_on_stderr_and_in_the_json():
    result = interest(
        "--amount", "1200", "--due", "2026-09-30", "--until", "2026-10-30", "--rate", "5", "--json"
    )
    found = json.loads(result.stdout)
    assert found["segments"][0]["rate_pct"] == "5"
    assert found["warnings"][0]["code"] == "interest.below_floor"
    assert "below the legal floor" in result.stderr


def test_consumer_needs_no_fee_and_takes_a_notice_date():
    result = interest(
        "--amount", "800", "--due", "2026-06-01", "--until", "2026-10-09",
        "--regime", "consumer", "--notice", "2026-09-09",
    )  # fmt: skip
    assert "Interest 1.81 EUR, fixed fee 0.00 EUR" in result.stdout


def test_wrong_use_is_told_apart():
    for arguments in (
        ["--amount", "1 200", "--due", "2026-06-01", "--until", "2026-10-09"],
        ["--amount", "0", "--due", "2026-06-01", "--until", "2026-10-09"],
        ["--amount", "1", "--due", "2026-06-31", "--until", "2026-10-09"],
        ["--amount", "1", "--due", "2026-06-01", "--until", "2026-10-09", "--rate", "x"],
        ["--amount", "1", "--due", "2026-06-01", "--until", "2026-10-09", "--notice", "2026-07-01"],
    ):
        assert interest(*arguments).exception.exit_code == 2


def test_needs_no_database_and_no_django():
    code = (
        "import sys; from amiable.interfaces.cli.main import amiable;"
        "amiable(['interest','--amount','1','--due','2026-01-01','--until','2026-02-01'],"
        "standalone_mode=False); sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
