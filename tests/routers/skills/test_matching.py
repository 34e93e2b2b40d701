"""Unknown keywords to known ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from experts.encoders.encoder import Vectors
from routers.skills.matching import KeywordMatcher


class Compass:
    """Encodes words as directions in degrees, and counts how often it is asked."""

    identity = "compass"

    def __init__(self) -> None:
        self.fitted: list[tuple[str, ...]] = []
        self.encoded: list[tuple[str, ...]] = []

    def fit(self, texts: Sequence[str]) -> Self:
        self.fitted.append(tuple(texts))
        return self

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded.append(tuple(texts))
        angles = np.radians([float(text) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    def state(self) -> dict[str, object]:
        return {}

    def restore(self, state: object) -> Self:
        return self


def test_a_known_keyword_matches_itself_and_costs_nothing() -> None:
    encoder = Compass()
    [match] = KeywordMatcher(encoder, ["0", "90"]).match(["90"], min_similarity=0.4, limit=5)
    assert match.exact and match.known == (("90", 1.0),)
    assert not encoder.fitted and not encoder.encoded


def test_an_unknown_keyword_matches_those_near_enough_nearest_first() -> None:
    [match] = KeywordMatcher(Compass(), ["0", "40", "180"]).match(["10"], min_similarity=0.5, limit=5)
    assert not match.exact and [word for word, _ in match.known] == ["0", "40"]
    np.testing.assert_allclose([s for _, s in match.known], np.cos(np.radians([10, 30])), rtol=1e-5)


def test_the_limit_and_the_minimum_hold() -> None:
    matcher = KeywordMatcher(Compass(), ["0", "40", "180"])
    assert len(matcher.match(["10"], min_similarity=-1, limit=1)[0].known) == 1
    assert matcher.match(["270"], min_similarity=0.5, limit=5)[0].known == ()


def test_the_known_keywords_are_encoded_once() -> None:
    encoder = Compass()
    matcher = KeywordMatcher(encoder, ["0", "40"])
    for _ in range(3):
        matcher.match(["10", "20", "10"], min_similarity=0, limit=2)
    assert encoder.fitted == [("0", "40")] and encoder.encoded.count(("0", "40")) == 1


def test_order_and_repetitions_are_kept_and_nothing_known_matches_nothing() -> None:
    matcher = KeywordMatcher(Compass(), ["0"])
    assert [m.keyword for m in matcher.match(["5", "0", "5"], min_similarity=0, limit=1)] == ["5", "0", "5"]
    assert KeywordMatcher(Compass(), []).match(["5"], min_similarity=-1, limit=1)[0].known == ()
