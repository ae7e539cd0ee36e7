"""The shapes of drops: places where other programs lay files for us."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that lies in a drop. `modified` = seconds since 1970 by the clock of its machine."""

    name: str
    size: int
    modified: float


class DropSession(Protocol):
    """An open drop. `name` is always that of a file directly in it, `folder` one beside them.

    Every method raises OSError when the drop does not answer or does not let us.
    """

    def files(self) -> list[Waiting]:
        """The regular files of the drop: no folder, no link."""
        ...

    def fetch(self, name: str, to: Path, *, most_bytes: int) -> None:
        """Copy a file here. Raises FileNotFoundError when it is gone, OSError when longer."""
        ...

    def move(self, name: str, folder: str) -> bool:
        """Put a file into a folder, made when missing, without replacing another of that name.
        False when the file is gone: somebody else did it."""
        ...

    def write(self, name: str, folder: str, *, content: bytes) -> None:
        """Lay a file of ours into a folder, in the place of an older one."""
        ...


class Drop(Protocol):
    """A place where other programs lay files for us. `schemes` and `configure` as for channels."""

    code: str
    label: str
    schemes: frozenset[str]

    def configure(self, url: str) -> dict[str, Any]: ...

    def session(self, config: Mapping[str, Any]) -> AbstractContextManager[DropSession]:
        """Open it. Raises OSError when it cannot be reached."""
        ...
