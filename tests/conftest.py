"""Settings of the tests: a temporary var folder, fast password hashing, French texts."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

os.environ["AMIABLE_VAR"] = tempfile.mkdtemp(prefix="amiable-test-")
os.environ.setdefault("AMIABLE_SECRET_KEY", "tests")
os.environ["AMIABLE_SMTP_URL"] = ""

import pytest  # the environment must be set before Django reads it

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real files nobody here wrote; tests that read it say so when it is absent."""
    if not CORPUS.exists():
        pytest.skip("the corpus ../shared/corpus is not on this machine")
    return CORPUS


@pytest.fixture(autouse=True)
def _fast_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
