"""Answers in words, joined where their vectors are near."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from aggregators.equivalence import embedding
from aggregators.equivalence.embedding import EmbeddingEquivalence, HashedWords


class Counting(HashedWords):
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.append(list(texts))
        return super().encode(texts)


def test_other_spellings_join_and_other_words_do_not() -> None:
    rows = [["the colour green", "Colour: green", "the colour blue", "the colour greens"]]
    assert EmbeddingEquivalence(HashedWords(), 0.7).classes(rows) == [[0, 0, 1, 0]]


def test_different_numbers_never_join() -> None:
    rows = [["about 12 apples a day", "about 13 apples a day", "about 12 apples a day long"]]
    assert EmbeddingEquivalence(HashedWords(), 0.7).classes(rows) == [[0, 1, 0]]


def test_a_batch_is_encoded_at_once_and_each_text_once() -> None:
    encoder = Counting()
    EmbeddingEquivalence(encoder, 0.9).classes([["a b", "c d"], ["a b"], []])
    assert encoder.asked == [["a b", "c d"]]
    assert EmbeddingEquivalence(encoder, 0.9).classes([]) == []
    assert EmbeddingEquivalence(encoder, 0.9).classes([[], []]) == [[], []]
    assert len(encoder.asked) == 1


def test_classes_do_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[f"word {n}", f"words {n}", "other"] for n in range(7)]
    whole = EmbeddingEquivalence(HashedWords(), 0.5).classes(rows)
    monkeypatch.setattr(embedding, "_CHUNK", 4)
    encoder = Counting()
    assert EmbeddingEquivalence(encoder, 0.5).classes(rows) == whole
    assert len(encoder.asked) == 4
