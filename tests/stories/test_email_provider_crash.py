"""Kill -9 while emails go to a provider: nothing doubled, nothing lost, what is in doubt is said."""

from __future__ import annotations

import threading
import time
from collections import Counter

from tests.plugins.channels.mail_providers import MailApi, address_of
from tests.stories.test_crash import CASES, database, rows, run, worker

__all__ = ["database", "worker"]  # fixtures


class SlowApi(MailApi):
    """A provider slow enough to be interrupted; tells when it has taken `stop_after` messages."""

    def __init__(self) -> None:
        super().__init__("postmark")
        self.progress = threading.Event()
        self.stop_after = 0

    def answer(self, request):
        time.sleep(0.004)
        answer = super().answer(request)
        if len(self.taken) >= self.stop_after:
            self.progress.set()
        return answer


def test_a_worker_killed_while_a_provider_takes_its_messages_doubles_nothing(database, worker):
    run(worker, "load", str(CASES))
    run(worker, "plan")
    api = SlowApi()
    with api.running() as port:
        url = {"AMIABLE_SMTP_URL": address_of("postmark", port)}
        for stop_after in (30, 70):
            api.stop_after = stop_after
            api.progress.clear()
            child = worker("send", **url)
            assert api.progress.wait(timeout=60)
            child.kill()
            child.wait()
        run(worker, "send", **url)
    taken = Counter(each.key for each in api.taken)
    assert max(taken.values()) == 1
    states = Counter(dict(rows(database, "SELECT state, count(*) FROM dunning_action GROUP BY 1")))
    assert set(states) <= {"done", "unknown"}
    assert states["done"] + states["unknown"] == CASES
    # What a person has to look at is at most what the two dead workers had in their hands.
    assert states["unknown"] <= 2 * 20
    sent = rows(database, "SELECT count(*) FROM messaging_message WHERE provider_id LIKE 'pm-%'")
    assert sent[0][0] == states["done"] <= len(taken)
