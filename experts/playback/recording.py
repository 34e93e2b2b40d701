"""What one expert said when it was recorded, by query id and sample. Knows no file format and no request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from experts.completion import Certainty, FinishReason

CHARACTERS_PER_TOKEN = 4
"""Of lengths that were not recorded; OpenAI's rule of thumb for English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAnswer:
    """One recorded output."""

    text: str
    finish_reason: FinishReason = "stop"
    """"error": the expert failed when this was recorded, and fails again on replay."""
    prompt_tokens: int | None = None
    """None where it was not recorded."""
    completion_tokens: int | None = None
    """None where it was not recorded."""
    certainty: Certainty | None = None
    """Given to requests that ask for it; None where it was not recorded."""


class Recording:
    """Recorded outputs of one expert."""

    def __init__(
        self,
        places: Mapping[tuple[str, int], int],
        answer: Callable[[int], RecordedAnswer],
        *,
        checksum: str,
        tokens_known: bool,
    ) -> None:
        """Store.

        Args:
            places: (query id, sample index) -> number of the answer.
            answer: reads the answer of a number.
            checksum: of the file (and of the model within it).
            tokens_known: whether the completion tokens of every answer were recorded.
        """
        self._places, self._answer = places, answer
        self.checksum, self.tokens_known = checksum, tokens_known

    def __len__(self) -> int:
        """How many outputs there are."""
        return len(self._places)

    def get(self, query_id: str, sample_index: int) -> RecordedAnswer | None:
        """An output; None where there is none."""
        place = self._places.get((query_id, sample_index))
        return None if place is None else self._answer(place)


def estimated_tokens(characters: int) -> int:
    """Tokens of a text of which only the length is known; at least 1 where there is any."""
    return -(-characters // CHARACTERS_PER_TOKEN)
