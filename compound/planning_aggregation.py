"""What an aggregator will ask of whom: found by having it fuse stand-ins for the experts' answers.

So the plan counts the very prompts and rounds of the run, whatever the kind of the aggregator and however
it is stacked. Stand-ins say nothing, and their replies decide nothing, so a kind that may stop early (a
moderator, a judge that may write) is planned with all its calls: an upper bound. Calls of later rounds are
counted, but not as rounds of their own. Knows neither slots nor seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aggregators.aggregator import Aggregator
from experts.completion import Completion
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from experts.verdict import Candidates

_MOST_QUERIES = 500
"""So many, evenly spaced, are fused; more change the mean prompt by less than answers' lengths are known."""
_LINE_CHARACTERS = 60
"""Of a stand-in's last line: a sentence with the answer."""


@dataclass(slots=True)
class Asked:
    """What is asked of one expert, over all queries."""

    requests: float = 0.0
    characters: float = 0.0
    """Of the prompts."""
    sampling: SamplingConfig | None = None
    """None: the expert's own."""


def asked_by(
    aggregator: Aggregator,
    queries: Sequence[Query],
    experts: Sequence[str],
    characters: int,
    reply_characters: Callable[[str, SamplingConfig | None], int],
) -> dict[str, Asked]:
    """What an aggregator asks, by expert in the order in which they are first asked.

    Args:
        aggregator: asked about stand-ins; nothing reaches an engine.
        queries: at least one.
        experts: whose answers are fused, for every query the same.
        characters: of each of these answers.
        reply_characters: (expert, sampling) -> characters of what it replies to the aggregator.
    """
    asked: dict[str, Asked] = {}

    def port(
        expert: str, conversations: Sequence[Sequence[Message]], sampling: SamplingConfig | None
    ) -> list[Completion]:
        one = asked.setdefault(expert, Asked(sampling=sampling))
        one.requests += len(conversations)
        one.characters += sum(len(message.content) for turns in conversations for message in turns)
        return [_stand_in(expert, reply_characters(expert, sampling))] * len(conversations)

    step = -(-len(queries) // _MOST_QUERIES)
    completions = tuple(_stand_in(name, characters) for name in experts)
    aggregator.aggregate(
        [Candidates(query=query, completions=completions) for query in queries[::step]], generate=port
    )
    scale = len(queries) / len(queries[::step])
    return {
        name: Asked(one.requests * scale, one.characters * scale, one.sampling) for name, one in asked.items()
    }


def _stand_in(expert: str, characters: int) -> Completion:
    """Text of a length, with a last line as answers have it."""
    line = "x" * min(max(characters, 1), _LINE_CHARACTERS)
    before = "x" * (characters - len(line) - 1)
    text = f"{before}\n{line}" if before else line
    return Completion(request_id=expert, expert=expert, query_id="planned", text=text, finish_reason="stop")
