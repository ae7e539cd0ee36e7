"""Email over SMTP (RFC 5321), one connection for many messages; STARTTLS or SMTPS.

Each recipient is answered for on its own (section 3.3): those accepted get the message, the others
are named in the outcome.

Until the content is on its way nothing can have been delivered: such failures are retried.
Once the content was sent and the answer is missing, the outcome is `unknown` (section 4.5.3.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from amiable.plugins.channels._smtp_client import smtp_config
from amiable.plugins.channels._smtp_session import SmtpSession


class SmtpChannel:
    """Config: host, port, user, password, tls ("none" | "starttls" | "implicit" | "auto"),
    sender (envelope; default: the From of the message), timeout (seconds), ca_file."""

    code = "smtp"
    label = "Email (SMTP)"
    media = frozenset({"email"})
    resend_safe = False
    schemes = frozenset({"smtp", "smtps"})

    configure = staticmethod(smtp_config)

    @contextmanager
    def session(self, config: Mapping[str, Any]) -> Iterator[SmtpSession]:
        session = SmtpSession(config)
        try:
            yield session
        finally:
            session.close()


PLUGIN = SmtpChannel()
