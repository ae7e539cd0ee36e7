"""What a scanner reads on a printed page."""

from __future__ import annotations

import re
from pathlib import Path
from subprocess import run


def codes_on(pdf: bytes, folder: Path) -> list[str]:
    """The text of every code on the pages, in alphabetical order."""
    (folder / "letter.pdf").write_bytes(pdf)
    run(["pdftoppm", "-r", "150", "-png", "letter.pdf", "page"], cwd=folder, check=True)
    pages = [str(page) for page in sorted(folder.glob("page*.png"))]
    # zbar reads bytes as Latin-1 or Shift-JIS where it has a choice: ours are ASCII. It ends with
    # 4 where a page has none.
    command = ["zbarimg", "--quiet", "--xml", *pages]
    found = run(command, capture_output=True, text=True, check=False)
    assert found.returncode in {0, 4}, found.stderr
    return sorted(re.findall(r"<!\[CDATA\[(.*?)\]\]>", found.stdout, flags=re.S))
