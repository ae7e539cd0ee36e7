"""A real Dovecot: loopback, free ports, a temporary folder, ended by its own id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

USER, PASSWORD = "replies", 'pass "word" é'
_CONFIG = """
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
mail_location = maildir:{folder}/mail/%u
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = {need_tls}
auth_mechanisms = plain login
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
mail_uid = {mail}
mail_gid = {mail}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = home={folder}/mail/%u
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running server. `ca_file` = the certificate it shows."""

    folder: Path
    port: int
    tls_port: int

    @property
    def ca_file(self) -> str:
        return str(self.folder / "cert.pem")

    def url(self, folder: str = "", *, tls: bool = False, password: str = PASSWORD) -> str:
        """The address of a folder of the one user."""
        scheme, port = ("imaps", self.tls_port) if tls else ("imap", self.port)
        where = f"127.0.0.1:{port}/{quote(folder, safe='')}"
        login = f"{USER}:{quote(password, safe='')}"
        return f"{scheme}://{login}@{where}?timeout=10&ca_file={self.ca_file}"

    def box(self, folder: str = "") -> Path:
        """The maildir of a folder, whose name is in modified UTF-7."""
        root = self.folder / "mail" / USER
        return root / f".{folder}" if folder else root

    def deliver(self, content: bytes, name: str, folder: str = "") -> Path:
        """Put a message into a folder as a mail server does: written aside, then moved in."""
        box = self.box(folder)
        for part in ("tmp", "new", "cur"):
            (box / part).mkdir(parents=True, exist_ok=True)
        aside, place = box / "tmp" / name, box / "new" / name
        aside.write_bytes(content)
        aside.rename(place)
        self.own(box)
        return place

    def make_anew(self, folder: str = "") -> None:
        """Forget what Dovecot knows of a folder: it gets another UIDVALIDITY."""
        for path in self.box(folder).glob("dovecot*"):
            path.unlink()
        time.sleep(1.1)  # the new one is the clock's second

    def own(self, path: Path) -> None:
        """Give files to the user that Dovecot reads mail as."""
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "mail:mail", self.folder / "mail"], check=True)

    def seen(self, folder: str = "") -> list[str]:
        """Messages marked as read."""
        return [
            path.name
            for path in self.box(folder).glob("cur/*")
            if "S" in path.name.rpartition(":2,")[2]
        ]


def installed() -> bool:
    return shutil.which("dovecot", path="/usr/sbin:/usr/bin") is not None


@contextmanager
def dovecot_server(*, need_tls: bool = False) -> Iterator[Dovecot]:
    """Start Dovecot with one user and an empty mailbox."""
    folder = Path(tempfile.mkdtemp(prefix="amiable-imap-"))
    folder.chmod(0o755)
    root = os.geteuid() == 0
    own = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    server = Dovecot(folder, _free_port(), _free_port())
    _certificate(folder)
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    (folder / "mail").mkdir()
    server.own(folder / "mail")
    config = _CONFIG.format(
        folder=folder, port=server.port, tls_port=server.tls_port,
        need_tls="yes" if need_tls else "no", user="dovecot" if root else own,
        group="dovecot" if root else own, login="dovenull" if root else own,
        mail="mail" if root else own,
    )  # fmt: skip
    (folder / "dovecot.conf").write_text(config)
    process = subprocess.Popen(
        ["/usr/sbin/dovecot", "-F", "-c", folder / "dovecot.conf"], stderr=subprocess.PIPE
    )
    try:
        _wait(server.port, process, folder)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stderr.close()
        shutil.rmtree(folder, ignore_errors=True)


def _certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


def _wait(port: int, process: subprocess.Popen, folder: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"Dovecot ended: {process.stderr.read().decode()}")
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                probe.settimeout(2)
                if probe.recv(20).startswith(b"* OK"):
                    return
        except OSError:
            time.sleep(0.05)
    log = folder / "log"
    raise RuntimeError(f"Dovecot does not answer: {log.read_text() if log.exists() else ''}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
