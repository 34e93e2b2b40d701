"""A scripted `generate` port, and completions in one word, for tests of aggregators that ask an LLM."""

from collections.abc import Sequence

from experts.completion import Completion
from experts.query import Message
from experts.sampling import SamplingConfig


class Port:
    """A `generate` port that gives the same reply to all and keeps what it was asked."""

    def __init__(self, reply: str, *, error: str | None = None, cut: bool = False) -> None:
        self.reply, self.error, self.cut = reply, error, cut
        self.calls: list[tuple[str, list[tuple[Message, ...]], SamplingConfig | None]] = []

    def __call__(
        self, expert: str, conversations: Sequence[Sequence[Message]], sampling: SamplingConfig | None
    ) -> list[Completion]:
        self.calls.append((expert, [tuple(c) for c in conversations], sampling))
        return [self._completion(expert, i) for i in range(len(conversations))]

    def _completion(self, expert: str, i: int) -> Completion:
        return Completion(
            request_id=f"{i}",
            expert=expert,
            query_id="port",
            text="" if self.error else self.reply,
            finish_reason="error" if self.error else "length" if self.cut else "stop",
            error=self.error,
        )


def said(expert: str, text: str) -> Completion:
    """A completion with a text."""
    return Completion(request_id=expert, expert=expert, query_id="q1", text=text, finish_reason="stop")


def dead(expert: str) -> Completion:
    """A completion that failed."""
    return Completion(
        request_id=expert, expert=expert, query_id="q1", text="", finish_reason="error", error="Dead."
    )
