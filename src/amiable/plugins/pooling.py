"""The shape of providers that list their virtual IBANs through an API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from amiable.core.records import VirtualIbanRow


class IbanProvider(Protocol):
    """A bank or payment institution. `schemes` and `configure` as for channels."""

    code: str
    label: str
    schemes: frozenset[str]

    def configure(self, url: str) -> dict[str, Any]: ...

    def ibans(self, config: Mapping[str, Any]) -> list[VirtualIbanRow]:
        """Every virtual IBAN of the account, closed ones too, as the provider states them; all or
        none. Raises OSError with what the provider said, or that it did not answer."""
        ...
