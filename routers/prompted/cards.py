"""The prompt by which an LLM ranks experts, and what can be read from its reply. Asks nobody.

Experts have numbers in the order in which their cards are shown, which is drawn anew for every
question, since LLMs favour what they read first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experts.query import Query
from routers.likelihood import Array
from routers.ranking import query_rng

PROMPT_VERSION = 1
"""Raised when cards or the reading of replies change: counts of before then no longer hold."""
_MAX_REASON_CHARS = 200
_RANKING = re.compile(r"\branking\b\W*?:\W*?([^\n]+)", re.IGNORECASE)
_REASON = re.compile(r"\breason\b\W*?:\W*([^\n]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a reply said."""

    ranked: tuple[int, ...]
    """Indices of experts, in configuration order, the best first; may lack some; () = not readable."""
    reason: str = ""
    """Its sentence, shortened."""


def card_order(seed: int, query: Query, pool: int) -> list[int]:
    """Which expert's card stands where: indices, by the query's id."""
    return [int(i) for i in query_rng(seed, query.id, "cards").permutation(pool)]


def prompt(
    template: str,
    query: Query,
    order: Sequence[int],
    experts: Sequence[str],
    descriptions: Mapping[str, str],
    means: Array,
) -> str:
    """The filled template; numbers count from 1 in the order of cards."""
    lines = []
    for number, index in enumerate(order, start=1):
        about = descriptions.get(experts[index], "").strip().rstrip(".")
        record = f"right on {means[index]:.0%} of questions"
        lines.append(
            f"{number}. {experts[index]}: {about}; {record}"
            if about
            else f"{number}. {experts[index]}: {record}"
        )
    # Not str.format: questions are full of braces. The question last, so that its braces stay.
    return template.replace("{cards}", "\n".join(lines)).replace("{question}", query.routing_text)


def read_reply(text: str, order: Sequence[int], experts: Sequence[str]) -> Verdict:
    """The ranking and the reason of a reply.

    Args:
        text: of the LLM; what stands before `</think>` is left out.
        order: of the cards it saw.
        experts: (m) names in configuration order.
    """
    said = text.rsplit("</think>", 1)[-1]
    line = _RANKING.search(said)
    ranked: tuple[int, ...] = ()
    if line is not None:
        ranked = _named(line[1], experts) or _numbered(line[1], order)
    found = _REASON.search(said)
    reason = found[1].strip()[:_MAX_REASON_CHARS] if found else ""
    return Verdict(ranked=ranked, reason=reason)


def _numbered(line: str, order: Sequence[int]) -> tuple[int, ...]:
    numbers = [int(digits) for digits in re.findall(r"\d{1,4}", line)]
    return tuple(dict.fromkeys(order[n - 1] for n in numbers if 1 <= n <= len(order)))


def _named(line: str, experts: Sequence[str]) -> tuple[int, ...]:
    """Experts by the place of their name; a name that is part of a longer one found there is not meant."""
    rest, places = line, {}
    for index in np.argsort([-len(name) for name in experts], kind="stable"):
        at = rest.find(experts[index])
        if at >= 0:
            places[int(index)] = at
            rest = rest.replace(experts[index], "\0" * len(experts[index]))
    return tuple(sorted(places, key=places.__getitem__))
