"""Compile the matching engine for this machine while a wheel is built (`make compiled`).

The same decisions a third quicker (docs/decisions/0024). The sources stay in the wheel and the
folder of the project stays as it is: mypyc works on a copy. Asked for by AMIABLE_COMPILED=1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ENGINE = Path("amiable", "core", "matching")
SETUP = """
import sys
from mypyc.build import mypycify
from setuptools import setup

options = ["--follow-imports=silent", "--ignore-missing-imports"]
modules = mypycify([*options, *sys.argv[2:]], opt_level="2", group_name="amiable_matching")
sys.argv[1:] = ["build_ext", "--inplace"]
setup(name="amiable", packages=[], ext_modules=modules)
"""


class CompiledEngine(BuildHookInterface[Any]):
    """Adds the compiled modules of `core/matching` to a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, unless nobody asked for it; raises CalledProcessError when a module resists."""
        if version == "editable" or not os.environ.get("AMIABLE_COMPILED"):
            return
        headers = Path(sysconfig.get_path("include"), "Python.h").exists()
        if not (shutil.which("gcc") and headers):
            raise SystemExit("compiling needs a compiler: apt-get install gcc python3-dev")
        self.folder = TemporaryDirectory()
        place = Path(self.folder.name)
        shutil.copytree(Path(self.root, "src", "amiable", "core"), place / "amiable" / "core")
        (place / "amiable" / "__init__.py").touch()
        (place / "compile.py").write_text(SETUP, "utf-8")
        paths = sorted((place / ENGINE).glob("*.py"))
        names = [str(path.relative_to(place)) for path in paths if path.stem != "__init__"]
        subprocess.run([sys.executable, "compile.py", "--", *names], cwd=place, check=True)
        for built in place.glob("*.so"):
            build_data["force_include"][str(built)] = built.name
        for built in (place / ENGINE).glob("*.so"):
            build_data["force_include"][str(built)] = str(built.relative_to(place))
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was built, which the wheel holds now."""
        if folder := getattr(self, "folder", None):
            folder.cleanup()
