"""A folder of this machine, or one mounted here, in which other programs lay files."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from amiable.plugins.drops._names import free_name
from amiable.plugins.waiting import Waiting


class FolderDrop:
    """Config: `folder`, a path that exists: a drop that is not mounted is not an empty one."""

    code = "folder"
    label = "Folder"
    schemes = frozenset({"folder"})

    def configure(self, url: str) -> dict[str, Any]:
        """folder:///path"""
        parts = urlsplit(url)
        path = unquote(parts.path)
        if parts.scheme not in self.schemes or parts.netloc or not path or parts.query:
            raise ValueError("a drop on this machine reads folder:///path")
        return {"folder": path}

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_FolderSession]:
        folder = Path(config["folder"])
        if not folder.is_dir():
            raise FileNotFoundError(f"there is no folder {folder}")
        yield _FolderSession(folder)


class _FolderSession:
    def __init__(self, folder: Path) -> None:
        self.path = folder

    def files(self) -> list[Waiting]:
        found = []
        with os.scandir(self.path) as entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # taken away while we looked
                    continue
                if stat.S_ISREG(status.st_mode):
                    found.append(Waiting(entry.name, status.st_size, status.st_mtime))
        return found

    def fetch(self, name: str, to: Path, *, most_bytes: int) -> None:
        # A link put in the file's place since it was listed is not followed.
        descriptor = os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as source, to.open("wb") as target:
            if os.fstat(source.fileno()).st_size > most_bytes:
                raise OSError(f"{name} is longer than {most_bytes} bytes")
            shutil.copyfileobj(source, target)

    def move(self, name: str, folder: str) -> bool:
        beside = self._beside(folder)
        target = beside / free_name(name, lambda each: (beside / each).exists())
        try:
            (self.path / name).rename(target)
        except FileNotFoundError:
            return False
        return True

    def write(self, name: str, folder: str, *, content: bytes) -> None:
        beside = self._beside(folder)
        with tempfile.NamedTemporaryFile(dir=beside, prefix=".", delete=False) as staged:
            staged.write(content)
        Path(staged.name).chmod(0o644)
        Path(staged.name).replace(beside / name)

    def _beside(self, folder: str) -> Path:
        path = self.path / folder
        path.mkdir(exist_ok=True)
        return path


PLUGIN = FolderDrop()
