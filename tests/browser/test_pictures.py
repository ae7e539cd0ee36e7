"""Letters and emails look as they were approved (`python -m scripts.pictures --approve`)."""

from __future__ import annotations

import pytest
from scripts.pictures import LARGEST_TOTAL

from tests.pictures import APPROVED, compared, drawn
from tests.plugins.pictures import png

pytestmark = pytest.mark.browser


@pytest.mark.looks
def test_letters_and_emails_look_as_approved(browser, tmp_path):
    now, page = drawn(browser), browser.new_page()
    known = {path.stem: path.read_bytes() for path in APPROVED.glob("*.png")}
    assert now.keys() == known.keys()
    wrong = {}
    for name, picture in now.items():
        words, marked = compared(page, known[name], picture)
        if words:
            (tmp_path / f"{name}.png").write_bytes(marked)
            wrong[name] = f"{words}; see {tmp_path / name}.png"
    assert not wrong, "\n".join(f"{name}: {words}" for name, words in wrong.items())


def test_difference_of_a_word_is_seen_and_shown(browser):
    """The comparison itself: equal pictures are equal, and one block in the middle is found."""
    page = browser.new_page()
    page.set_viewport_size({"width": 400, "height": 200})
    page.set_content("<p style='font:16px monospace'>Total: 1 252,23 EUR</p>")
    before = page.screenshot()
    page.set_content("<p style='font:16px monospace'>Total: 1 752,23 EUR</p>")
    after = page.screenshot()
    assert compared(page, before, before)[0] == ""
    words, marked = compared(page, before, after)
    assert "place" in words
    assert marked.startswith(b"\x89PNG")
    assert "became" in compared(page, png(40, 40), png(40, 48))[0]


def test_approved_pictures_stay_small():
    assert sum(path.stat().st_size for path in APPROVED.glob("*.png")) < LARGEST_TOTAL
