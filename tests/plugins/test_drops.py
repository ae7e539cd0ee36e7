"""Drops of files over the registry: a folder here, and SFTP on a real server."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from amiable.plugins.registry import plugins
from tests.plugins.sshd import installed, sshd_server

pytestmark = pytest.mark.skipif(not installed(), reason="needs Debian's openssh-server")
MOST = 1_000_000


@pytest.fixture(scope="module")
def server():
    with sshd_server() as running:
        yield running


@pytest.fixture(params=sorted(plugins("drops")))
def drop(request, server, tmp_path):
    """(folder that other programs lay files in, plug-in, config) of each kind of drop."""
    if request.param == "sftp":
        for path in sorted(server.drop.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        folder, url = server.drop, server.url()
    else:
        folder, url = tmp_path, f"folder://{tmp_path}"
    plugin = plugins("drops")[request.param]
    return folder, plugin, plugin.configure(url)


def test_only_regular_files_are_listed(drop, tmp_path):
    folder, plugin, config = drop
    (folder / "relevé.xml").write_bytes(b"<Document/>")
    (folder / "inside").mkdir()
    (folder / "link.xml").symlink_to("/etc/hostname")
    os.mkfifo(folder / "pipe.xml")
    with plugin.session(config) as session:
        (found,) = session.files()
    status = (folder / "relevé.xml").stat()
    assert (found.name, found.size, int(found.modified)) == ("relevé.xml", 11, int(status.st_mtime))


def test_a_file_is_fetched_whole_and_never_longer_than_allowed(drop, tmp_path_factory):
    folder, plugin, config = drop
    (folder / "a.bin").write_bytes(os.urandom(MOST))
    (folder / "b.bin").write_bytes(bytes(MOST + 1))
    to = tmp_path_factory.mktemp("copy") / "copy"
    with plugin.session(config) as session:
        session.fetch("a.bin", to, most_bytes=MOST)
        assert to.read_bytes() == (folder / "a.bin").read_bytes()
        with pytest.raises(OSError, match="longer"):
            session.fetch("b.bin", to, most_bytes=MOST)
        with pytest.raises(FileNotFoundError):
            session.fetch("nobody", to, most_bytes=MOST)


def test_files_moved_under_one_name_are_all_kept(drop):
    folder, plugin, config = drop
    with plugin.session(config) as session:
        for content in (b"1", b"2", b"3"):
            (folder / "bank.xml").write_bytes(content)
            assert session.move("bank.xml", "done")
        assert not session.move("bank.xml", "done")
    found = {path.name: path.read_bytes() for path in (folder / "done").iterdir()}
    assert found == {"bank.xml": b"1", "bank.2.xml": b"2", "bank.3.xml": b"3"}


def test_what_we_write_replaces_what_we_wrote(drop):
    folder, plugin, config = drop
    with plugin.session(config) as session:
        session.write("bank.xml.errors.txt", "error", content=b"a long first text")
        session.write("bank.xml.errors.txt", "error", content=b"second")
    assert [path.read_bytes() for path in (folder / "error").iterdir()] == [b"second"]


def test_a_folder_that_is_not_mounted_is_no_empty_drop(tmp_path):
    plugin = plugins("drops")["folder"]
    config = plugin.configure(f"folder://{tmp_path}/away")
    with pytest.raises(OSError, match="there is no folder"), plugin.session(config):
        pass


def test_a_server_with_another_key_is_refused_and_shows_which(server):
    plugin = plugins("drops")["sftp"]
    other = "SHA256:" + "A" * 43
    config = plugin.configure(server.url(host_key=other))
    with pytest.raises(OSError, match=server.host_key.replace("+", r"\+")), plugin.session(config):
        pass


def test_known_hosts_prove_the_server_too(server, tmp_path):
    plugin = plugins("drops")["sftp"]
    kind, key, *_ = (server.folder / "host.pub").read_text().split()
    known = tmp_path / "known"
    url = server.url().replace(f"host_key={server.host_key}", f"known_hosts={known}")
    known.write_text(f"[127.0.0.1]:{server.port} {kind} {key}\n")
    with plugin.session(plugin.configure(url)) as session:
        session.files()
    stranger = (server.folder / "stranger.pub").read_text().split()[1]
    known.write_text(f"[127.0.0.1]:{server.port} {kind} {stranger}\n")
    with pytest.raises(OSError, match="key"), plugin.session(plugin.configure(url)):
        pass


def test_a_stranger_is_not_let_in_and_the_error_says_so(server):
    plugin = plugins("drops")["sftp"]
    config = plugin.configure(server.url(key="stranger"))
    with pytest.raises(OSError, match=r"(?i)auth"), plugin.session(config):
        pass


def test_a_server_that_is_silent_is_given_up(tmp_path):
    plugin = plugins("drops")["sftp"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        fingerprint = "SHA256:" + "A" * 43
        url = f"sftp://me:secret@127.0.0.1:{port}/in?host_key={fingerprint}&timeout=0.5"
        with pytest.raises(OSError, match=r".") as told, plugin.session(plugin.configure(url)):
            pass
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "sftp://me@host/in?host_key=SHA256:" + "A" * 43,  # no password, no key
        "sftp://me:word@host/in",  # nothing proves the server
        "sftp://me:word@host/in?host_key=SHA256:AAAA",
        "sftp://me:word@host/in?host_key=MD5:" + "A" * 43,
        "sftp://me:word@host/in?known_hosts=/x&strict=no",
        "sftp://:word@host/in?known_hosts=/x",
    ],
)
def test_an_address_that_proves_nothing_is_refused(url):
    with pytest.raises(ValueError, match=r"SFTP|SHA256"):
        plugins("drops")["sftp"].configure(url)


def test_paths_are_of_the_user_unless_they_begin_with_two_slashes():
    configure = plugins("drops")["sftp"].configure
    base = "sftp://me:p%40ss@host{}?known_hosts=/x"
    assert configure(base.format("/in"))["folder"] == "in"
    assert configure(base.format("//srv/in"))["folder"] == "/srv/in"
    assert configure(base.format(""))["folder"] == "."
    assert configure(base.format(""))["password"] == "p@ss"
    assert Path(configure(base.format(""))["known_hosts"]) == Path("/x")
