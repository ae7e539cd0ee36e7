"""Copy browser assets and fonts from node_modules into the package, and compile translations.

Nothing of this is committed; the wheel contains it (pyproject: artifacts).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
PACKAGE = ROOT / "src" / "amiable"
WEB = PACKAGE / "assets" / "web"
FONTS = PACKAGE / "assets" / "fonts"

COPIES = {
    "@tabler/core/dist/css/tabler.min.css": WEB / "tabler.css",
    "@tabler/core/dist/js/tabler.min.js": WEB / "tabler.js",
    "htmx.org/dist/htmx.min.js": WEB / "htmx.js",
    "chart.js/dist/chart.umd.min.js": WEB / "chart.js",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": WEB / "inter.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": WEB / "inter-ext.woff2",
    "@expo-google-fonts/arimo/400Regular/Arimo_400Regular.ttf": FONTS / "Arimo-Regular.ttf",
    "@expo-google-fonts/arimo/700Bold/Arimo_700Bold.ttf": FONTS / "Arimo-Bold.ttf",
    "@expo-google-fonts/arimo/400Regular_Italic/Arimo_400Regular_Italic.ttf": FONTS
    / "Arimo-Italic.ttf",
}
ICON = re.compile(r"""\bicon(?:_name)?[ =]["']([a-z0-9-]+)["']""")
SOURCE_MAP = re.compile(rb"(//|/\*)[#@] sourceMappingURL=\S+( \*/)?")


def copy_assets() -> None:
    """Copy each file, without its source-map pointer."""
    for folder in (WEB, FONTS):
        folder.mkdir(parents=True, exist_ok=True)
    for source, target in COPIES.items():
        content = (MODULES / source).read_bytes()
        if target.suffix in {".css", ".js"}:
            content = SOURCE_MAP.sub(b"", content)
        target.write_bytes(content)


def build_icon_sprite() -> None:
    """One SVG sprite of the icons named in templates and code: icon "mail", icon_name="mail"."""
    names = set()
    for path in [*PACKAGE.rglob("*.html"), *PACKAGE.rglob("*.py")]:
        names |= set(ICON.findall(path.read_text("utf-8")))
    symbols = []
    for name in sorted(names):
        svg = (MODULES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text("utf-8")
        body = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
        inner = re.search(r"<svg[^>]*>(.*)</svg>", body, flags=re.S)
        assert inner, name
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
            f'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">'
            f"{' '.join(inner.group(1).split())}</symbol>"
        )
    sprite = f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'
    (WEB / "icons.svg").write_text(sprite, "utf-8")


def compile_translations() -> None:
    """Compile every .po of the package."""
    locale = PACKAGE / "locale"
    if not locale.exists():
        return
    subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", "compile", "-D", "django", "-d",
         str(locale), "--statistics"],
        check=True, capture_output=True,
    )  # fmt: skip


if __name__ == "__main__":
    if not MODULES.exists():
        sys.exit("node_modules is missing: run `make assets`, which installs it")
    shutil.rmtree(WEB, ignore_errors=True)
    copy_assets()
    build_icon_sprite()
    compile_translations()
