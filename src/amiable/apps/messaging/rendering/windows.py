"""The window of an organization's envelopes, and the sheet that tries it."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext, override

from amiable.apps.messaging.writing.wording import language_of
from amiable.apps.tenants.models import Creditor, Organization
from amiable.plugins.documents.window import DEFAULT, PRESETS, window_of
from amiable.plugins.documents.window_page import window_page_pdf


def window_setting(organization_id: int, creditor_code: str = "") -> str:
    """The window letters are laid out for, of a creditor or of the organization, as a setting.

    Raises LookupError for a creditor that is not theirs.
    """
    general: str = Organization.objects.values_list("letter_window", flat=True).get(
        id=organization_id
    )
    own = ""
    if creditor_code:
        found = Creditor.objects.filter(organization_id=organization_id, code=creditor_code)
        row = found.values_list("letter_window", flat=True).first()
        if row is None:
            raise LookupError(f"no creditor {creditor_code!r}")
        own = row
    return own or general or DEFAULT


def test_page(setting: str, *, language: str, on: date) -> bytes:
    """The PDF of the test page for a window setting. Raises WindowError."""
    window = window_of(setting)
    preset = PRESETS.get(setting)
    with override(language_of(language)):
        frame = gettext("{left} mm from the left, {top} mm from the top, {width} x {height} mm")
        numbers = {"left": window.left_mm, "top": window.top_mm, "width": window.width_mm,
                   "height": window.height_mm}  # fmt: skip
        shown = {name: f"{value:g}" for name, value in numbers.items()}
        facts = [(gettext("Address frame"), frame.format(**shown))]
        if preset:
            facts.insert(0, (gettext("Envelope"), gettext(preset.label)))
            facts.append((gettext("Source"), preset.source))
        return window_page_pdf(
            window,
            language=language_of(language),
            title=gettext("Test page for window envelopes"),
            steps=[
                gettext("Print this page at 100 %, without fitting it to the paper."),
                gettext("Check a ruler against your own: 100 mm have to be 100 mm."),
                gettext("Fold it at the dotted lines and put it into the envelope."),
                gettext(
                    "Tap the envelope on each of its edges: the whole red frame has to stay in "
                    "the window, and nothing outside the dashed frame may show."
                ),
                gettext("If it does not, change the frame in the settings and print again."),
            ],
            facts=facts,
            on=on,
        )
