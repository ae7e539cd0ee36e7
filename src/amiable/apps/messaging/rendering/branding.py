"""How a creditor looks on its messages: logo, signature, window of its envelopes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from amiable.plugins.documents.letter import DEFAULT_WINDOW
from amiable.plugins.documents.pictures import Picture, picture_of
from amiable.plugins.documents.window import Window, window_of


@dataclass(frozen=True, slots=True)
class Brand:
    """What letters and emails of a creditor show. An agency writes in its own name: it shows
    neither the creditor's logo nor the signature of one of its people."""

    logo: Picture | None = None
    signature: Picture | None = None
    window: Window = DEFAULT_WINDOW


PLAIN = Brand()


def brands(organization_id: int, creditor_ids: Collection[int]) -> dict[int, Brand]:
    """The brand of each creditor, in one query; its window is its own or the organization's."""
    # Here, so that messages can be rendered where there is no Django: see library.child.
    from amiable.apps.tenants.models import Creditor

    rows = Creditor.objects.filter(organization_id=organization_id, id__in=set(creditor_ids))
    return {
        creditor_id: Brand(
            None if is_agency else _picture(bytes(logo or b"")),
            None if is_agency else _picture(bytes(signature or b"")),
            window_of(own or general),
        )
        for creditor_id, logo, signature, own, general, is_agency in rows.values_list(
            "id", "logo", "signature_image", "letter_window", "organization__letter_window",
            "organization__is_agency",
        )
    }  # fmt: skip


@lru_cache(maxsize=64)
def _picture(content: bytes) -> Picture | None:
    return picture_of(content)
