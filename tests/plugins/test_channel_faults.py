"""Whatever the other side does, a channel answers with an outcome that means the same everywhere."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from amiable.plugins.base import Outcome
from amiable.plugins.registry import plugins
from tests.plugins.channels.faults import FAULTS, LOCAL, MEANS
from tests.plugins.test_channels import outgoing

CASES = [(code, fault) for code, faults in FAULTS.items() for fault in faults]


def test_every_channel_that_reaches_out_says_how_its_other_side_fails():
    assert set(FAULTS) == plugins("channels").keys() - LOCAL
    for faults in FAULTS.values():
        assert faults.keys() <= MEANS.keys()
        assert {"temporary failure", "slow", "dropped after it was read"} <= faults.keys()


@pytest.mark.parametrize(("code", "fault"), CASES)
def test_a_fault_means_the_same_on_every_channel(code, fault, tmp_path):
    channel = plugins("channels")[code]
    medium = sorted(channel.media)[0]
    with ExitStack() as stack:
        # An answer that comes is waited for, on a busy machine too; one that does not is not.
        patience = 0.5 if MEANS[fault] == "unknown" else 10
        config = {**FAULTS[code][fault](tmp_path, stack), "timeout": patience}
        with channel.session(config) as session:
            first = session.send(outgoing(medium, key="first"))
            second = session.send(outgoing(medium, key="second"))
    assert first.state == MEANS[fault], first
    assert first.detail
    for outcome in (first, second):
        assert isinstance(outcome, Outcome)
        assert outcome.state in {"sent", "failed", "retry", "unknown"}
        assert (outcome.retry_after_seconds > 0) == (outcome.state == "retry")
    # One message in doubt is enough: the next one waits until the other side is well.
    assert MEANS[fault] != "unknown" or second.state in {"retry", "sent"}
