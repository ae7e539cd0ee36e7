"""What a log must not hold: the tokens of payment links and of questions to
colleagues, each of which opens a page."""

from __future__ import annotations

import logging
import re

_TOKENS = re.compile(r"(/p/|/ask/)(?!color/|thanks/)[^/\s\"'<>?#]+")
_PLAIN = logging.Formatter()


def scrubbed(text: str) -> str:
    """The text without tokens."""
    return _TOKENS.sub(r"\1…", text)


class TokenFilter(logging.Filter):
    """Takes tokens out of a record, its traceback included, before any handler writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: the record is written, without what it must not say."""
        record.msg, record.args = scrubbed(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = scrubbed(_PLAIN.formatException(record.exc_info))
        return True
