"""What a reader is shown of the candidates, and the conversation that shows it.

Knows nothing of who is asked and of what a reply means.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from aggregators.reading.budget import cut, fair_limits
from aggregators.reading.injection import left_out_instructions
from aggregators.reading.prompts import ReadingPrompt
from aggregators.reading.thoughts import without_thoughts
from experts.completion import Completion
from experts.prompts import question_block
from experts.query import Message, Query


@dataclass(frozen=True, slots=True)
class Shown:
    """A candidate as a reader sees it."""

    completion: Completion
    text: str
    """Never empty."""
    left_out: tuple[str, ...] = ()
    """Sentences that instructed the reader."""


def shown_candidates(
    query: Query, completions: Sequence[Completion], prompt: ReadingPrompt, *, strip: bool, guard: bool
) -> list[Shown]:
    """The candidates in the order in which they are shown; those without text are left out.

    Args:
        query: decides on the order where it is shuffled.
        completions: best-ranked first; errors are passed over.
        prompt: view, order and limits.
        strip: leave out thoughts and tool calls.
        guard: leave out sentences that instruct the reader.
    """
    seen = [_view(c, prompt, strip=strip, guard=guard) for c in completions if c.ok]
    shown = [one for one in seen if one.text]
    sizes = [min(len(one.text), prompt.max_candidate_chars) for one in shown]
    limits = fair_limits(sizes, prompt.max_total_chars)
    kept = [Shown(s.completion, cut(s.text, n), s.left_out) for s, n in zip(shown, limits, strict=True)]
    if prompt.order == "shuffled":
        random.Random(f"order of {query.id}").shuffle(kept)
    return kept


def conversation(
    query: Query,
    shown: Sequence[Shown],
    prompt: ReadingPrompt,
    *,
    system: str | None = None,
    roles: Mapping[str, str] | None = None,
) -> tuple[Message, ...]:
    """What a reader reads.

    Args:
        query: asked; its earlier turns stand before.
        shown: candidates; `{index}` counts them from 1.
        prompt: texts.
        system: in the place of the prompt's system message.
        roles: expert -> role, for candidate templates with `{role}`.
    """
    line = fence(query.id, [one.text for one in shown])
    candidates = [
        prompt.candidate.format(
            expert=one.completion.expert,
            index=index,
            text=one.text,
            fence=line,
            role=(roles or {}).get(one.completion.expert, "none"),
        )
        for index, one in enumerate(shown, start=1)
    ]
    content = prompt.template.format(
        question=question_block(query),
        candidates=prompt.separator.join(candidates),
        instruction=prompt.choice_instruction if query.choices else prompt.open_instruction,
    )
    head = with_system(prompt.system if system is None else system, query.messages[:-1])
    return (*head, Message("user", content))


def fence(query_id: str, texts: Sequence[str]) -> str:
    """The line around quoted texts: in none of them, made from the query's id, which experts do not see."""
    digests = (hashlib.sha256(f"{attempt} {query_id}".encode()).hexdigest()[:12] for attempt in count())
    return f"~~~ {next(digest for digest in digests if not any(digest in text for text in texts))}"


def with_system(system: str, history: Sequence[Message]) -> tuple[Message, ...]:
    """Earlier turns behind the system message; one that is there already is joined, not doubled."""
    if not system:
        return tuple(history)
    if history and history[0].role == "system":
        return (Message("system", f"{system}\n\n{history[0].content}"), *history[1:])
    return (Message("system", system), *history)


def _view(completion: Completion, prompt: ReadingPrompt, *, strip: bool, guard: bool) -> Shown:
    """A candidate before any limit."""
    body = (without_thoughts(completion.text) if strip else completion.text).strip()
    body, left_out = left_out_instructions(body) if guard else (body, ())
    if prompt.candidate_view == "last_line":
        body = body.rpartition("\n")[2].strip()
    return Shown(completion, body, left_out)
