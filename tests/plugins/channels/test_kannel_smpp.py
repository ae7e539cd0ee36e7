"""The whole way: our request, Kannel, SMPP, the message centre, its receipt, Kannel's report.

Kannel is here an SMPP client that others wrote: what it and our channel submit is the same.
"""

from __future__ import annotations

import pytest

from amiable.core import sms
from amiable.plugins.channels.sms_http import PLUGIN
from tests.plugins.channels.centres import centre
from tests.plugins.channels.http_servers import Gateway
from tests.plugins.channels.kannel import kannel
from tests.plugins.channels.test_kannel import SECRET, reported, send, text

pytestmark = pytest.mark.slow


def test_receipt_of_the_operator_comes_back_through_the_gateway(tmp_path):
    hook = Gateway((200, "ok"))
    with hook.running() as port, centre(tmp_path / "smsc") as operator:
        operator.rules(
            n33612345678={"stat": "UNDELIV", "err": "001"},
            n33622222222={"stat": "EXPIRED", "err": "027"},
            n33633333333={"status": 0x0B},
        )
        with kannel(tmp_path / "kannel", smpp_port=operator.port) as server:
            config = {
                **PLUGIN.configure(f"{server.url}?gone=001"),
                "hook_url": f"http://127.0.0.1:{port}/hooks/channels/sms_http/",
                "hook_secret": SECRET,
            }
            words = "12 € [à] forêt"
            outcomes = send(
                config,
                text("12 € [à]", "plain", "+33611111111", sender="VAUBAN"),
                text(words, "wide", "+33644444444"),
                text("x", "gone", "+33612345678"),
                text("x", "off", "+33622222222"),
                text("x", "wrong", "+33633333333"),
            )
            kinds = {
                key: reported(hook, config, key)[0].kind
                for key in ("plain", "wide", "gone", "off", "wrong")
            }
            taken = {each["to"].lstrip("+"): each for each in operator.taken(4)}
    assert {outcome.state for outcome in outcomes} == {"sent"}
    assert kinds == {"plain": "delivered", "wide": "delivered", "gone": "bounced", "off": "failed",
                     "wrong": "failed"}  # fmt: skip
    # What Kannel makes of it is what we would have submitted ourselves.
    assert bytes.fromhex(taken["33611111111"]["octets"]) == sms.encoded("12 € [à]", "gsm7")
    assert taken["33611111111"]["from"] == "VAUBAN"
    assert bytes.fromhex(taken["33644444444"]["octets"]).decode("utf-16-be") == words
    assert (taken["33611111111"]["coding"], taken["33644444444"]["coding"]) == (0, 8)
