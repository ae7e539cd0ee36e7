"""Configuration by environment: the one table of AMIABLE_* variables, with defaults."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

VARIABLES: dict[str, tuple[str, str]] = {
    # name: (default, what it does)
    "AMIABLE_VAR": ("var", "Folder of the embedded database, secrets and spools"),
    "AMIABLE_DATABASE_URL": (
        "",
        "sqlite:///path or postgresql://...; empty = amiable.sqlite3 in AMIABLE_VAR",
    ),
    "AMIABLE_SECRET_KEY": ("", "Signing key; empty = created once in AMIABLE_VAR"),
    "AMIABLE_BASE_URL": ("http://127.0.0.1:8000", "Address under which people reach the console"),
    "AMIABLE_ALLOWED_HOSTS": ("127.0.0.1,localhost,[::1]", "Host names the server answers to"),
    "AMIABLE_PROXIES": (
        "0",
        "Number of proxies in front of the server, each of which adds to X-Forwarded-For who asked "
        "it; 0 = none",
    ),
    "AMIABLE_SMTP_URL": (
        "",
        "smtp[s]://user:password@host:port, or a provider such as brevo://, mailjet:// or ses:// "
        "(docs/howto/connect-an-email-provider.md); empty = email stays in the built-in "
        "outbox",
    ),
    "AMIABLE_SMS_URL": (
        "",
        "kannel[s]://, sms+http[s]:// or smpp[s]://user:password@host:port (docs/howto/"
        "send-text-messages.md); empty = files in AMIABLE_VAR/spool",
    ),
    "AMIABLE_LETTER_URL": ("", "Address of the channel for letters; empty = files in the spool"),
    "AMIABLE_REGISTERED_URL": (
        "",
        "Address of the channel for registered letters; empty = files in the spool",
    ),
    "AMIABLE_LRE_URL": (
        "",
        "Address of the channel for electronic registered letters; empty = all go on paper",
    ),
    "AMIABLE_MAILBOX_URLS": (
        "",
        "Mailboxes where answers and bounces arrive, separated by spaces: "
        "imap[s]://user:password@host:port/folder; ?organization=SLUG = of that one alone; "
        "&reply=ADDRESS = answers are addressed there, with a token after a plus sign",
    ),
    "AMIABLE_DROP_URLS": (
        "",
        "Where bank statements and other files are laid for us, separated by spaces: "
        "folder:///path or sftp://user:password@host/folder?host_key=SHA256:... "
        "(docs/howto/pick-up-files.md)",
    ),
    "AMIABLE_VIRTUAL_IBAN_URLS": (
        "",
        "Providers that list virtual IBANs, separated by spaces: "
        "swan://CLIENT_ID:SECRET@live/ACCOUNT_ID?organization=SLUG&creditor=CODE "
        "(docs/howto/use-virtual-ibans.md)",
    ),
    "AMIABLE_GATEWAY_URLS": (
        "",
        "Accounts for payment online, separated by spaces: stripe://SECRET_KEY@api.stripe.com"
        "?webhook_secret=whsec_... or mollie://live_KEY@api.mollie.com; organization=SLUG and "
        "creditor=CODE in the query = of that one alone "
        "(docs/howto/take-payments-online.md)",
    ),
    "AMIABLE_CLAMD_URL": (
        "",
        "ClamAV's clamd, which looks at files that customers send: tcp://127.0.0.1:3310 or "
        "unix:///run/clamav/clamd.ctl; empty = their kind and inside are checked, viruses are not",
    ),
    "AMIABLE_HOOK_SECRET": (
        "",
        "Secret in the address of calls to /hooks/ from providers that sign nothing",
    ),
    "AMIABLE_DEBUG": ("0", "1 = Django debug pages; never in production"),
    "AMIABLE_LOG_LEVEL": ("WARNING", "Level of the log on stderr"),
}


def env(name: str) -> str:
    """Value of a declared variable, or its default. Raises KeyError for an undeclared one."""
    value = os.environ.get(name) or VARIABLES[name][0]
    if name == "AMIABLE_DATABASE_URL" and not value:
        return f"sqlite:///{var_dir() / 'amiable.sqlite3'}"
    return value


def var_dir() -> Path:
    """The folder that holds all local state; created when missing."""
    folder = Path(os.environ.get("AMIABLE_VAR") or VARIABLES["AMIABLE_VAR"][0]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def secret_key() -> str:
    """AMIABLE_SECRET_KEY, or a key made once and kept readable by its owner only."""
    if value := os.environ.get("AMIABLE_SECRET_KEY"):
        return value
    path = var_dir() / "secret_key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text().strip()
