"""What the writes of payments have in common: why they refuse, and whose history tells them."""

from __future__ import annotations

from collections.abc import Mapping

from amiable.core.sentences import Sentence

# (customer id, currency) -> the case whose history tells the event.
Cases = Mapping[tuple[int, str], int]


class PaymentError(ValueError):
    """A decision about money that does not fit what is known; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
