"""Approved pictures of letters and emails: `python -m scripts.pictures` says what differs from
them, `--approve` makes what is drawn today the approved ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

LARGEST_TOTAL = 1_500_000  # bytes of all approved pictures
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Exit status 0 when nothing differs, or when all is approved."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amiable.project.settings")
    import django

    django.setup()
    from playwright.sync_api import sync_playwright
    from tests.pictures import APPROVED, compared, drawn

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        now = drawn(browser)
        if "--approve" in arguments:
            return _approve(now, APPROVED)
        page, differing = browser.new_page(), 0
        for name, picture in now.items():
            path = APPROVED / f"{name}.png"
            words = compared(page, path.read_bytes(), picture)[0] if path.exists() else "new"
            if words:
                differing += 1
                print(f"{name}: {words}")
        browser.close()
    print(f"{len(now)} pictures, {differing} differ")
    return 1 if differing else 0


def _approve(now: dict[str, bytes], folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    total = sum(map(len, now.values()))
    if total > LARGEST_TOTAL:
        print(f"{total} bytes of pictures; at most {LARGEST_TOTAL} are kept", file=sys.stderr)
        return 1
    for path in folder.glob("*.png"):
        path.unlink()
    for name, picture in now.items():
        (folder / f"{name}.png").write_bytes(picture)
    print(f"{len(now)} pictures approved, {total // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
