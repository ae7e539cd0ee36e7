"""What a worker that was killed had handed to a channel and the channel had not handed on."""

from __future__ import annotations

import logging

from amiable.apps.messaging.sending.routes import Route, Routes
from amiable.plugins.registry import plugins

logger = logging.getLogger(__name__)


def leftovers_finish(routes: Routes) -> int:
    """Let every channel that collects before it hands over (see plugins.base.Collects) finish what
    processes that died have left; returns how many collections. All their messages may have been
    recorded as sent, so that no message is left whose sending would do it."""
    done, seen = 0, list[Route]()
    for code, config in routes.values():
        channel = plugins("channels")[code]
        if not hasattr(channel, "finish") or (code, config) in seen:
            continue
        seen.append((code, config))
        try:
            done += channel.finish(config)
        except OSError as error:
            logger.warning("the channel %s cannot finish what is left: %s", code, error)
    return done
