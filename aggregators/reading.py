"""What an aggregating LLM reads: the question and all candidates with text, as one conversation.

Also how it is asked (one batch through the `generate` port) and what decides in its place where it
fails: an aggregator must not turn answers at hand into none. Knows nothing of what the reply means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aggregators.aggregator import Aggregator
from aggregators.ballots import failed_verdict
from aggregators.config import SynthesisPrompt, VoteKind
from aggregators.top import TopExpert
from aggregators.votes import MajorityVote, WeightedVote
from experts.completion import Completion
from experts.engine import Generate
from experts.errors import AggregationError
from experts.extraction import without_thinking
from experts.prompts import question_block
from experts.query import Message
from experts.sampling import SamplingConfig
from experts.verdict import Candidates, Verdict


def readable(item: Candidates, prompt: SynthesisPrompt, *, strip: bool) -> list[tuple[Completion, str]]:
    """The candidates that are shown, each with what of it is shown; those without text are left out."""
    shown = [(c, _view(c.text, prompt, strip=strip)) for c in item.completions if c.ok]
    return [(completion, text) for completion, text in shown if text]


def conversation(item: Candidates, prompt: SynthesisPrompt, *, strip: bool) -> tuple[Message, ...]:
    """What the aggregator reads; () where no candidate has any text.

    Args:
        item: the query with its completions.
        prompt: templates; `{index}` counts the candidates of `readable` from 1.
        strip: leave out what stands before `</think>`.
    """
    candidates = [
        prompt.candidate.format(expert=completion.expert, index=index, text=text)
        for index, (completion, text) in enumerate(readable(item, prompt, strip=strip), start=1)
    ]
    if not candidates:
        return ()
    content = prompt.template.format(
        question=question_block(item.query),
        candidates=prompt.separator.join(candidates),
        instruction=prompt.choice_instruction if item.query.choices else prompt.open_instruction,
    )
    return (*_with_system(prompt.system, item.query.messages[:-1]), Message("user", content))


def replies(
    conversations: Sequence[tuple[Message, ...]],
    generate: Generate | None,
    *,
    kind: str,
    expert: str,
    sampling: SamplingConfig | None,
) -> list[Completion | None]:
    """The aggregator's completion for each conversation, None for an empty one; one batch.

    Raises:
        AggregationError: there is something to read and no `generate`, or it returned fewer or
            more completions than it was asked for.
    """
    asked = [messages for messages in conversations if messages]
    if not asked:
        return [None] * len(conversations)
    if generate is None:
        raise AggregationError(
            f"Aggregator {kind!r} asks expert {expert!r}, so aggregate() needs `generate`."
        )
    written = generate(expert, asked, sampling)
    if len(written) != len(asked):
        raise AggregationError(
            f"`generate` returned {len(written)} completions for {len(asked)} conversations of "
            f"{expert!r}; it must return one each, in order."
        )
    found = iter(written)
    return [next(found) if messages else None for messages in conversations]


def fallen_back(
    item: Candidates, own: Completion | None, reason: str, *, kind: str, fallback: VoteKind
) -> Verdict:
    """The verdict of a vote in the aggregator's place, with a note that says why."""
    if not any(c.ok for c in item.completions):
        return failed_verdict(item, kind)
    votes: dict[VoteKind, Aggregator] = {
        "majority": MajorityVote(),
        "weighted": WeightedVote(),
        "top": TopExpert(),
    }
    [verdict] = votes[fallback].aggregate([item])
    note = f"{reason}, so the fall-back {fallback!r} decided."
    return replace(verdict, aggregator=kind, completion=own, notes=(note, *verdict.notes))


def _view(text: str, prompt: SynthesisPrompt, *, strip: bool) -> str:
    """What of a candidate is shown; empty where nothing is left."""
    body = (without_thinking(text) if strip else text).strip()
    if prompt.candidate_view == "last_line":
        body = body.rpartition("\n")[2].strip()
    cut = len(body) - prompt.max_candidate_chars
    return f"[...] {body[cut:]}" if cut > 0 else body


def _with_system(system: str, history: Sequence[Message]) -> tuple[Message, ...]:
    """Earlier turns behind the system message; one that is there already is joined, not doubled."""
    if not system:
        return tuple(history)
    if history and history[0].role == "system":
        return (Message("system", f"{system}\n\n{history[0].content}"), *history[1:])
    return (Message("system", system), *history)
