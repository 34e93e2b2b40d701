"""Made pools whose experts depend on each other in a known way, and learned fusions of them."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregators.equivalence.equivalence import ExactEquivalence
from aggregators.learned.learned import LearnedFusion
from aggregators.learned.model import FusionModel
from aggregators.learned.patterns import AnswerPatterns, read_items
from experts.completion import Certainty, Completion, Usage
from experts.query import Query
from experts.verdict import Candidates

OPTIONS = ("red", "green", "blue", "white")
LETTERS = "ABCD"
Draw = Callable[[np.random.Generator, str], Mapping[str, str]]
"""From the right letter of a question to what each expert answers, best-ranked first."""


def answered(
    expert: str, letter: str, *, sample: int = 0, tokens: int = 10, certainty: float | None = None
) -> Completion:
    """A completion whose answer is set already; "" stands for one that cannot be read."""
    return Completion(
        request_id=f"{expert}/{sample}",
        expert=expert,
        query_id="made",
        text=f"The answer is ({letter})." if letter else "I do not know.",
        finish_reason="stop",
        sample_index=sample,
        usage=Usage(completion_tokens=tokens),
        answer=letter or None,
        certainty=None if certainty is None else Certainty(mean_logprob=-0.1, self_certainty=certainty),
    )


def choice(*completions: Completion, id: str = "made", **estimates: float) -> Candidates:
    """A question with four options."""
    query = Query.from_text("Which colour?", id=id, choices=OPTIONS)
    return Candidates(query=query, completions=completions, estimates=estimates)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePool:
    """Questions with everybody's answers."""

    experts: tuple[str, ...]
    items: list[Candidates]
    right: NDArray[np.float64]
    """(n, m) 1 where the expert is right."""
    gold: list[str]

    @property
    def patterns(self) -> AnswerPatterns:
        """Of all answers."""
        return read_items(self.items, self.experts, ExactEquivalence()).patterns

    @property
    def parts(self) -> NDArray[np.int64]:
        """(n,) two parts in turn."""
        return np.arange(len(self.items), dtype=np.int64) % 2

    def accuracy(self, answers: Sequence[str | None]) -> float:
        """Share of right answers."""
        return float(np.mean([a == g for a, g in zip(answers, self.gold, strict=True)]))


def made_pool(
    draw: Draw, n: int = 150, *, seed: int = 0, estimates: Mapping[str, float] | None = None
) -> MadePool:
    """Questions with right answers drawn evenly, and what `draw` has the experts say."""
    rng = np.random.default_rng(seed)
    gold = [LETTERS[i] for i in rng.integers(0, 4, n)]
    said = [draw(rng, letter) for letter in gold]
    experts = tuple(said[0])
    items = [
        choice(*(answered(e, given[e]) for e in experts), id=f"q{i}", **(estimates or {}))
        for i, given in enumerate(said)
    ]
    right = np.array([[given[e] == g for e in experts] for given, g in zip(said, gold, strict=True)], float)
    return MadePool(experts=experts, items=items, right=right, gold=gold)


def other(rng: np.random.Generator, letter: str) -> str:
    """Another letter, each as likely."""
    return str(rng.choice([x for x in LETTERS if x != letter]))


def attempt(rng: np.random.Generator, gold: str, chance: float) -> str:
    """The right letter with a chance, else another."""
    return gold if rng.random() < chance else other(rng, gold)


def independent(*experts: str, chance: float = 0.6) -> Draw:
    """Experts that err apart, equally good."""
    return lambda rng, gold: {expert: attempt(rng, gold, chance) for expert in experts}


def fitted_fusion(pool: MadePool) -> LearnedFusion:
    """A learned fusion of all questions of a pool."""
    return LearnedFusion(FusionModel.fit(pool.patterns, pool.right, pool.parts), pool.experts)


@functools.cache
def shared_fusion() -> LearnedFusion:
    """One of five equally good experts a to e without estimates, fitted once per run of tests."""
    return fitted_fusion(made_pool(independent(*"abcde")))
