"""Greedy classes, canonical strings, and what builds an equivalence."""

import pytest
from pydantic import TypeAdapter, ValidationError

from aggregators.equivalence.build import build_equivalence
from aggregators.equivalence.config import EquivalenceConfig
from aggregators.equivalence.embedding import EmbeddingEquivalence
from aggregators.equivalence.equivalence import ExactEquivalence, joined


def test_exact_compares_canonical_strings() -> None:
    rows = [["1,000", "Paris", "1000.0", "paris.", "1/2"], [], ["x"]]
    assert ExactEquivalence().classes(rows) == [[0, 1, 0, 1, 2], [], [0]]


def test_an_answer_joins_the_earliest_class_whose_first_answer_it_equals() -> None:
    near = lambda a, b: abs(int(a) - int(b)) <= 1  # noqa: E731
    assert joined(["1", "2", "3", "4"], near) == [0, 0, 1, 1]
    assert joined(["2", "1", "3", "4"], near) == [0, 0, 0, 1]


def test_equal_strings_are_not_asked_about() -> None:
    asked: list[tuple[str, str]] = []

    def never(a: str, b: str) -> bool:
        asked.append((a, b))
        return False

    assert joined(["1.0", "1", "2", "1.00", "2.0"], never) == [0, 0, 1, 0, 1]
    assert asked == [("1.0", "2")]


def test_build() -> None:
    read = TypeAdapter[EquivalenceConfig](EquivalenceConfig).validate_python
    assert isinstance(build_equivalence(read({"kind": "exact"})), ExactEquivalence)
    embedding = build_equivalence(read({"kind": "embedding", "threshold": 0.5}))
    assert isinstance(embedding, EmbeddingEquivalence)
    assert embedding.threshold == 0.5
    with pytest.raises(ValidationError):  # it must be fitted, on what nobody can say
        read({"kind": "embedding", "encoder": {"kind": "lexical"}})
