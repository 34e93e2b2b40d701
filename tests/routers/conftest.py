"""A miniature pool whose experts know combinations of skills, with its questions and its annotator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from experts.completion import Completion
from experts.engine import Generate
from experts.outcomes import OutcomeMatrix
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from routers.skills.config import LlmAnnotatorConfig, SkillRouterConfig

EXPERTS = ("atlas", "bard", "cato")
GOOD_AT = {
    ("capital", "europe"): "atlas",
    ("capital", "asia"): "bard",
    ("river", "europe"): "cato",
    ("addition", "small numbers"): "bard",
    ("addition", "large numbers"): "cato",
}
"""Who is right on which combination; no single keyword tells."""


@dataclass
class FakeAnnotator:
    """The `generate` port of a helper that reads keywords off the question `<topic> of <place> ...`, or
    ranks who is good at it first, as the prompt asks."""

    calls: list[tuple[str, int, SamplingConfig | None]] = field(default_factory=list)
    reply: Callable[[str], str] | None = None
    error: str | None = None
    prompts: list[str] = field(default_factory=list)

    def __call__(
        self, expert: str, conversations: Sequence[Sequence[Message]], sampling: SamplingConfig | None
    ) -> list[Completion]:
        self.calls.append((expert, len(conversations), sampling))
        return [self._complete(expert, i, talk[-1].content) for i, talk in enumerate(conversations)]

    def _complete(self, expert: str, index: int, prompt: str) -> Completion:
        self.prompts.append(prompt)
        make = partial(Completion, request_id=str(index), expert=expert, query_id=str(index))
        if self.error is not None:
            return make(text="", finish_reason="error", error=self.error)
        return make(text=(self.reply or obedient)(prompt), finish_reason="stop")


def obedient(prompt: str) -> str:
    """The line that the prompt asks for."""
    skills = skills_in(prompt)
    if "Ranking:" not in prompt:
        return "Keywords: " + ", ".join(skills)
    return "Ranking: " + next(name for pair, name in GOOD_AT.items() if set(pair) <= set(skills))


def skills_in(prompt: str) -> tuple[str, ...]:
    words = sorted({word for pair in GOOD_AT for word in pair})
    question = next(line for line in prompt.splitlines() if line.startswith("Question:"))
    return tuple(word for word in words if word in question)


@pytest.fixture
def experts() -> tuple[str, ...]:
    return EXPERTS


@pytest.fixture
def annotator() -> FakeAnnotator:
    return FakeAnnotator()


@pytest.fixture
def no_generate() -> Generate:
    def refuse(*_: object) -> list[Completion]:
        raise AssertionError("No LLM may be asked here.")

    return refuse


@pytest.fixture
def queries() -> list[Query]:
    """40 questions, 8 of each combination."""
    pairs = list(GOOD_AT) * 8
    return [Query.from_text(f"{a} of {b}, number {i}?", id=f"q{i}") for i, (a, b) in enumerate(pairs)]


@pytest.fixture
def outcomes(queries: list[Query]) -> OutcomeMatrix:
    """The good expert is right on 7 of 8, the others on 1 of 8; the subject tells who is good."""
    score = np.zeros((len(queries), len(EXPERTS)))
    for row, pair in enumerate(list(GOOD_AT) * 8):
        for column, name in enumerate(EXPERTS):
            lucky = row // len(GOOD_AT) == column
            score[row, column] = float((GOOD_AT[pair] == name) != lucky)
    subjects = [f"{topic} of {place}" for topic, place in list(GOOD_AT) * 8]
    return OutcomeMatrix.from_scores([q.id for q in queries], EXPERTS, score, subjects=subjects)


@pytest.fixture
def skill_config() -> SkillRouterConfig:
    return SkillRouterConfig(kind="skill", annotator=LlmAnnotatorConfig(kind="llm", expert="helper"))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A network of two layers with random weights, in a folder, that reads the words of the pool."""
    torch = pytest.importorskip("torch", reason="needs torch (extra `embeddings`)")
    # skops looks through all modules when it is imported, which takes half a minute after transformers.
    import skops.io  # noqa: F401
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = Path(tmp_path_factory.mktemp("tiny"))
    words = ["capital", "river", "addition", "europe", "asia", "small", "large", "numbers", "of", "number"]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *",?0123456789"]
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokens),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    return str(folder)
