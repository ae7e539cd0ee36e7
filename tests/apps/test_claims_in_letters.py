"""One amount in the words of a message, in its panel and in the code that a bank reads."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date

import pytest
from pypdf import PdfReader

from amiable.apps.messaging.rendering.messages import Rendered, drafts_render
from amiable.core.claims import Claimed, Reduction, claim
from amiable.core.drafts import Agency, Draft, Party
from amiable.core.law.fr import Debt
from tests.apps.messaging_drafts import CREDITOR, NOW, draft, line
from tests.scanning import codes_on

ON = date(2026, 11, 20)
AGENCY = Agency(
    Party("Cabinet Mercure", ("5 place du Marché",), "31000", "Toulouse", email="a@mercure.example",
          phone="05 61 00 00 00"),
    "AM-4711",
)  # fmt: skip


def claimed(each, regime="b2b", *, notice=None, paid=()) -> Claimed:
    debt = Debt(each.total_minor, each.due_date, ON, regime, notice=notice)
    return Claimed(each.number, each.due_date, claim(debt, paid))


def claiming(count=1, **fields) -> Draft:
    """A formal notice for invoices of 1,252.23, each 30 days late: 12.76 of interest, 40.00."""
    lines = tuple(line(number) for number in range(1, count + 1))
    return draft("formal_notice", *lines, claims=tuple(map(claimed, lines)), **fields)


def made(each: Draft) -> Rendered:
    (found,) = drafts_render([each], {}, organization_id=1, now=NOW).values()
    assert isinstance(found, Rendered), found
    return found


def flat(text: str) -> str:
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


def pages(pdf: bytes) -> list[str]:
    return [flat(page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def amount_of(pdf: bytes, folder) -> str:
    """The amount that the code of a letter asks a bank to transfer."""
    (code,) = codes_on(pdf, folder)
    return code.split("\n")[7]


def test_code_asks_for_what_the_letter_asks_for(tmp_path):
    letter = made(claiming())
    text = " ".join(pages(letter.content))
    assert "mise en demeure de payer la somme de 1 304,99 €" in text
    assert "(dont 1 252,23 € en principal)" in text
    assert "soit 52,76 € à ce jour" in text
    assert "Total en principal 1 252,23 €" in text
    assert "Principal 1 252,23 € Intérêts et indemnité au 20 novembre 2026 52,76 €" in text
    assert "Total à payer 1 304,99 €" in text
    assert "Total à régler, intérêts et indemnité compris 1 304,99 €" in text
    assert amount_of(letter.content, tmp_path) == "EUR1304.99"


def test_without_claims_the_principal_is_all_that_is_asked_for(tmp_path):
    letter = made(draft("formal_notice"))
    text = " ".join(pages(letter.content))
    assert "en principal" not in text
    assert "Total à régler 1 252,23 €" in text
    assert amount_of(letter.content, tmp_path) == "EUR1252.23"


def test_consumer_is_asked_for_interest_and_never_for_a_fee(tmp_path):
    due = line()
    one = claimed(due, "consumer", notice=date(2026, 11, 1))
    letter = made(draft("formal_notice", due, claims=(one,), customer_kind="consumer"))
    text = " ".join(pages(letter.content))
    # 19 days at 2.75 %.
    assert "Intérêts au 20 novembre 2026 1,79 €" in text
    assert "Total à régler, intérêts compris 1 254,02 €" in text
    assert not re.search(r"ndemnité|\b40(,00)? €", text)
    assert amount_of(letter.content, tmp_path) == "EUR1254.02"


def test_invoice_not_late_yet_is_asked_for_and_claims_nothing(tmp_path):
    late, today = line(1), line(2, late=0)
    letter = made(draft("formal_notice", late, today, claims=(claimed(late),)))
    text = " ".join(pages(letter.content))
    assert "Autres factures à régler 1 252,23 €" in text
    assert "intérêts et indemnité compris 2 557,22 €" in text
    assert amount_of(letter.content, tmp_path) == "EUR2557.22"


def test_part_payment_leaves_what_the_law_leaves(tmp_path):
    due = line(total=1_000_000, paid=400_000, late=112)
    one = claimed(due, paid=[Reduction(date(2026, 9, 29), 400_000)])
    letter = made(draft("formal_notice", due, claims=(one,)))
    asked = 600_000 + one.claim.interest_minor + 4_000
    assert amount_of(letter.content, tmp_path) == f"EUR{asked / 100:.2f}"
    shown = [run.base_minor for run in one.claim.runs]
    assert shown == [1_000_000, 600_000 + one.claim.runs[0].segments[0].amount_minor]


def test_first_letter_of_an_agency_demands_the_whole_and_parts_it():
    text = made(claiming(agency=AGENCY)).text
    assert "Vous devez payer la somme de 1 304,99 €" in flat(text)
    assert re.search(r"Principal +1 252,23 € Intérêts +12,76 € Autres accessoires +40,00 € -+ "
                     r"Somme à payer +1 304,99 €", flat(text))  # fmt: skip


def test_email_states_the_same_amounts():
    due = line()
    mail = made(draft("reminder_last", due, claims=(claimed(due),)))
    text = flat(mail.text)
    assert "régler la somme de 1 304,99 € (dont 1 252,23 € en principal)" in text
    assert re.search(r"Total à payer +1 304,99 €", text)


def test_text_message_asks_for_the_principal():
    due = line()
    assert "1 252,23" in flat(made(draft("reminder_sms", due, claims=(claimed(due),))).text)


@pytest.mark.parametrize("count", [8, 24, 25, 26, 60])
def test_claims_over_pages_are_carried_over_and_end_under_two_rows(count, tmp_path):
    each = claiming(count)
    found = pages(made(each).content)
    total = f"{(125_223 + 5_276) * count / 100:,.2f} €".replace(",", " ").replace(".", ",")
    (last,) = [page for page in found if "Total à régler, intérêts" in page]
    assert f"intérêts et indemnité compris {total}" in last
    rows = r"FA2026-(\d{4}) 1 252,23 € 12,76 € 40,00 € 1 304,99 €"
    assert len(re.findall(rows, last)) >= 2
    for page in found:
        numbers = re.findall(rows, page)
        carried = re.search(rf"{rows} À reporter ([\d ,]+) €", page)
        if numbers and page != last:
            assert carried, page
            # In the order of their numbers, as all are due on one day.
            assert carried[2].replace(" ", "") == f"{130_499 * int(carried[1]) / 100:.2f}".replace(
                ".", ","
            )
    assert amount_of(made(each).content, tmp_path) == f"EUR{(125_223 + 5_276) * count / 100:.2f}"


def test_creditor_without_an_account_still_states_the_whole():
    each = claiming(creditor=replace(CREDITOR, iban=""))
    assert "compris 1 304,99 €" in " ".join(pages(made(each).content))
