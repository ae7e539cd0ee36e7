"""A printed sheet that shows whether an envelope's window shows the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from amiable.core.sentences import Sentence
from amiable.plugins.documents.letter import address_points
from amiable.plugins.documents.typesetting import Page, breakable, pages_pdf
from amiable.plugins.documents.window import Window

# Six lines of 38 characters and a country: as much as an address may hold.
LONGEST = (
    "Compagnie des Eaux et Forges du Midi",
    "À l’attention d’Anne-Sophie Montgolfi",
    "RESIDENCE LES MAGNOLIAS BATIMENT C 204",
    "128 AVENUE DU GENERAL MICHEL BIZOT NOR",
    "BOITE POSTALE 20318 LA CROIX BLANCHE",
    "75612 PARIS CEDEX 12",
    "FRANCE",
)


def window_page_pdf(
    window: Window,
    *,
    language: str,
    title: str,
    steps: Sequence[str],
    facts: Sequence[tuple[str, str]],
    on: date,
) -> bytes:
    """One A4 page. `steps` = what to do with it; `facts` = label and value, below."""
    data = {
        "lang": language[:2],
        "region": "FR" if language == "fr" else "GB",
        "title": title,
        "steps": list(steps),
        "facts": [[label, breakable(value)] for label, value in facts],
        "address": list(LONGEST),
        "size": address_points(LONGEST, window),
        "window": {name.removesuffix("_mm"): value for name, value in asdict(window).items()},
    }
    (found,) = pages_pdf([Page("window-page.typ", data, on)])
    if isinstance(found, Sentence):
        raise RuntimeError(str(found))
    return found
