"""Many queries' steps in lock-step, so that every round asks each expert once for all of them.

A query's steps are a generator: it yields what is to be asked, is sent the completions, and returns its
verdict. Knows nothing of what is asked and of what a reply means.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from experts.completion import Completion
from experts.query import Message
from experts.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Ask:
    """One conversation for one expert."""

    expert: str
    messages: tuple[Message, ...]


T = TypeVar("T")
Steps = Generator[list[Ask], list[Completion], T]
"""Asks, is sent the completions in the same order, and in the end returns a T."""


def run_rounds(
    queries: Sequence[Steps[Verdict]], ask: Callable[[str, list[tuple[Message, ...]]], list[Completion]]
) -> list[Verdict]:
    """The verdicts of all queries, same order.

    Args:
        queries: each one's steps, not started.
        ask: (expert, conversations) -> completions, same order and length; called once per round and expert,
            experts in the order in which they first occur.
    """
    verdicts: dict[int, Verdict] = {}
    replies: dict[int, list[Completion] | None] = dict.fromkeys(range(len(queries)))
    while replies:
        asks: dict[int, list[Ask]] = {}
        for i, sent in replies.items():
            try:
                asks[i] = next(queries[i]) if sent is None else queries[i].send(sent)
            except StopIteration as stop:
                verdicts[i] = stop.value
        replies = dict(_answered(asks, ask))
    return [verdicts[i] for i in range(len(queries))]


def _answered(
    asks: dict[int, list[Ask]], ask: Callable[[str, list[tuple[Message, ...]]], list[Completion]]
) -> dict[int, list[Completion]]:
    """Completions of one round, per query in the order of its asks."""
    experts = dict.fromkeys(one.expert for wanted in asks.values() for one in wanted)
    written = {
        name: iter(ask(name, [a.messages for wanted in asks.values() for a in wanted if a.expert == name]))
        for name in experts
    }
    return {i: [next(written[a.expert]) for a in wanted] for i, wanted in asks.items()}
