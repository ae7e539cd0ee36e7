"""A folder on an SFTP server: what banks and their networks (EBICS portals, SWIFTNet) offer.

The server must prove who it is, by the fingerprint or the file of known hosts that the address
names: an unknown key is refused, never learned.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import paramiko

from amiable.plugins.drops._names import free_name
from amiable.plugins.waiting import Waiting

_OPTIONS = {"key", "host_key", "known_hosts", "timeout"}
_CHUNK = 1 << 18


class SftpDrop:
    """Config: host, port, user, password, key (a file), host_key (SHA256:...), known_hosts (a
    file), folder, timeout in seconds."""

    code = "sftp"
    label = "SFTP"
    schemes = frozenset({"sftp"})

    def configure(self, url: str) -> dict[str, Any]:
        """sftp://user:password@host:port/folder?host_key=SHA256:...

        Instead of the password `key=/path`, instead of the fingerprint `known_hosts=/path`;
        `timeout=30`. A path that begins with two slashes is absolute. Raises ValueError.
        """
        parts = urlsplit(url)
        # A fingerprint is base64: there a plus sign is no space.
        query = parts.query.replace("+", "%2B")
        options = {name: values[-1] for name, values in parse_qs(query).items()}
        if (
            parts.scheme not in self.schemes
            or not (parts.hostname and parts.username)
            or options.keys() - _OPTIONS
            or not (parts.password or options.get("key"))
            or not (options.get("host_key") or options.get("known_hosts"))
        ):
            raise ValueError(
                "an SFTP drop reads sftp://user:password@host:port/folder?host_key=SHA256:...; "
                "instead of the password key=FILE, instead of the fingerprint known_hosts=FILE; "
                "timeout=SECONDS"
            )
        _fingerprint(options.get("host_key", ""))
        return {
            "host": parts.hostname,
            "port": parts.port or 22,
            "user": unquote(parts.username),
            "password": unquote(parts.password or ""),
            "key": options.get("key", ""),
            "host_key": options.get("host_key", ""),
            "known_hosts": options.get("known_hosts", ""),
            # Relative to where the user lands, unless it begins with two slashes.
            "folder": unquote(parts.path)[1:] or ".",
            "timeout": float(options.get("timeout", 30)),
        }

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[_SftpSession]:
        client = paramiko.SSHClient()
        if config["known_hosts"]:
            client.load_host_keys(config["known_hosts"])
        client.set_missing_host_key_policy(_OnlyThisKey(config["host_key"]))
        timeout = config["timeout"]
        with client, _as_os_errors():
            client.connect(
                config["host"], config["port"], config["user"], config["password"] or None,
                key_filename=config["key"] or None, timeout=timeout, banner_timeout=timeout,
                auth_timeout=timeout, channel_timeout=timeout, allow_agent=False,
                look_for_keys=False,
            )  # fmt: skip
            with client.open_sftp() as sftp:
                channel = sftp.get_channel()
                if channel is not None:
                    channel.settimeout(timeout)
                yield _SftpSession(sftp, config["folder"])


class _OnlyThisKey(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # it ships no types
    """Lets in the server whose key has the fingerprint that was asked for, and no other."""

    def __init__(self, host_key: str) -> None:
        self.wanted = _fingerprint(host_key)

    def missing_host_key(self, _: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        if hashlib.sha256(key.asbytes()).digest() != self.wanted:
            shown = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
            raise paramiko.SSHException(
                f"{hostname} shows another key than the address names: SHA256:{shown}"
            )


class _SftpSession:
    def __init__(self, sftp: paramiko.SFTPClient, folder: str) -> None:
        self.sftp, self.folder = sftp, folder

    def files(self) -> list[Waiting]:
        return [
            Waiting(entry.filename, entry.st_size or 0, float(entry.st_mtime or 0))
            for entry in self.sftp.listdir_attr(self.folder)
            if stat.S_ISREG(entry.st_mode or 0)
        ]

    def fetch(self, name: str, to: Path, *, most_bytes: int) -> None:
        with self.sftp.open(self._path(name), "rb") as source, to.open("wb") as target:
            size = source.stat().st_size or 0
            if size > most_bytes:
                raise OSError(f"{name} is longer than {most_bytes} bytes")
            source.prefetch(size)
            read = 0
            while part := source.read(_CHUNK):
                read += len(part)
                target.write(part)
            if read != size:
                raise OSError(f"{name} changed while it was read")

    def move(self, name: str, folder: str) -> bool:
        taken = self._names_in(folder)
        target = self._path(folder, free_name(name, taken.__contains__))
        try:
            self.sftp.rename(self._path(name), target)
        except FileNotFoundError:
            return False
        return True

    def write(self, name: str, folder: str, *, content: bytes) -> None:
        self._names_in(folder)
        with self.sftp.open(self._path(folder, name), "wb") as target:
            target.write(content)

    def _names_in(self, folder: str) -> set[str]:
        """The names in a folder, which is made when it is missing."""
        try:
            return set(self.sftp.listdir(self._path(folder)))
        except FileNotFoundError:
            self.sftp.mkdir(self._path(folder))
            return set()

    def _path(self, *names: str) -> str:
        return posixpath.join(self.folder, *names)


def _fingerprint(text: str) -> bytes:
    """The digest that SHA256:BASE64 says, as `ssh-keygen -l` prints it. Raises ValueError."""
    if not text:
        return b""
    kind, _, encoded = text.partition(":")
    try:
        digest = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        digest = b""
    if kind != "SHA256" or len(digest) != hashlib.sha256().digest_size:
        raise ValueError("host_key is a fingerprint as ssh-keygen -l prints it: SHA256:...")
    return digest


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """What the library raises of its own becomes an OSError that says it."""
    try:
        yield
    except (paramiko.SSHException, EOFError) as error:
        raise OSError(str(error) or "the connection ended") from error


PLUGIN = SftpDrop()
