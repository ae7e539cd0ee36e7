"""A real OpenSSH server that speaks SFTP: loopback, a free port, a temporary folder, its own id."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_SSHD = Path("/usr/sbin/sshd")
_CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
PidFile {folder}/pid
AuthorizedKeysFile {folder}/authorized
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
LogLevel ERROR
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"""


def installed() -> bool:
    """Whether Debian's openssh-server is here."""
    return _SSHD.exists()


@dataclass(frozen=True)
class Sshd:
    """A running server; files lie in `drop`. `host_key` = its fingerprint, SHA256:..."""

    folder: Path
    port: int
    host_key: str

    @property
    def drop(self) -> Path:
        return self.folder / "drop"

    def url(self, *, host_key: str = "", key: str = "user", options: str = "") -> str:
        """The address of the drop, with a key that is let in unless told otherwise."""
        where = f"{getpass.getuser()}@127.0.0.1:{self.port}/{quote(str(self.drop))}"
        asked = f"key={self.folder / key}&host_key={host_key or self.host_key}&timeout=10"
        return f"sftp://{where}?{asked}{options}"


@contextmanager
def sshd_server() -> Iterator[Sshd]:
    """Start a server of this user's own, and end it."""
    with tempfile.TemporaryDirectory(prefix="amiable-sshd-") as name:
        folder = Path(name)
        (folder / "drop").mkdir()
        for each in ("host", "user", "stranger"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / each)]
            subprocess.run(command, check=True)
        (folder / "authorized").write_bytes((folder / "user.pub").read_bytes())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (folder / "config").write_text(_CONFIG.format(port=port, folder=folder))
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where the server shuts its children in
        server = subprocess.Popen(
            [_SSHD, "-D", "-e", "-f", str(folder / "config")], stderr=subprocess.PIPE
        )
        try:
            _await(server, port)
            shown = subprocess.run(
                ["ssh-keygen", "-l", "-f", str(folder / "host.pub")],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            yield Sshd(folder, port, shown.stdout.split()[1])
        finally:
            server.terminate()
            server.wait(10)


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(100):
        if server.poll() is not None:
            assert server.stderr
            raise RuntimeError(server.stderr.read().decode())
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("sshd does not answer")
