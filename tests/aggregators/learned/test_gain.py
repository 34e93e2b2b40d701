"""What asking on is expected to be worth."""

import numpy as np
import pytest
from checks.made_pools import answered, choice, made_pool, shared_fusion
from checks.ports import dead

from aggregators.learned.gain import GainModel
from aggregators.learned.learned import LearnedFusion
from aggregators.learned.model import FusionModel, Posterior
from experts.verdict import Candidates


def asked(letters: str) -> Candidates:
    """Experts a, b, ... who answered so."""
    given = (answered(name, letter) for name, letter in zip("abcde", letters, strict=False))
    item: Candidates = choice(*given)
    return item


def test_less_is_gained_by_asking_on_where_all_agree() -> None:
    agreed, split = shared_fusion().gains([asked("AA"), asked("AB")])
    assert agreed is not None and split is not None
    assert agreed + 0.1 < split
    three, dissent = shared_fusion().gains([asked("CCC"), asked("CCD")])
    assert three is not None and dissent is not None
    assert three + 0.05 < dissent


def test_the_gain_is_near_what_came_of_it() -> None:
    # Two of five independent experts who are right in 60 of 100 cases: after three more, a vote gains 12.
    letters = [
        (rng.choice(["A", "B"], p=[0.6, 0.4]), rng.choice(["A", "B"], p=[0.6, 0.4]))
        for rng in [np.random.default_rng(0)]
        for _ in range(200)
    ]
    gains = shared_fusion().gains([asked("".join(pair)) for pair in letters])
    assert 0.05 < np.mean([g for g in gains if g is not None]) < 0.2


def test_nothing_is_expected_before_an_answer_could_be_read() -> None:
    unread = [choice(), choice(dead("a")), choice(answered("a", "")), choice(answered("zoe", "A"))]
    assert shared_fusion().gains(unread) == [None] * 4
    assert shared_fusion().gains([]) == []


def test_without_a_learned_gain_nothing_is_expected() -> None:
    model = shared_fusion().model
    bare = FusionModel(norms=model.norms, trees=model.trees, usable=model.usable)
    assert LearnedFusion(bare, tuple("abcde")).gains([asked("AB")]) == [None]


def test_a_gain_that_is_there_to_be_seen_is_learned() -> None:
    # Who is right is certain after the second expert, and after none before.
    patterns = made_pool(lambda rng, gold: dict.fromkeys("ab", gold), 700).patterns
    scores = np.ones((700, 1))
    scores[::2] = 0.0
    unsure, sure = (Posterior(chances=np.full((700, 1), p)) for p in (0.5, 1.0))
    same = GainModel.fit(patterns, {1: unsure, 2: sure}, scores)
    np.testing.assert_allclose(same.expected(patterns, unsure), 0.0, atol=1e-6)
    two = Posterior(chances=np.tile([0.4, 0.6], (700, 1)))
    better = GainModel.fit(patterns, {1: unsure, 2: two}, np.tile([0.0, 1.0], (700, 1)))
    assert better.expected(patterns, unsure) == pytest.approx(np.ones(700), abs=0.01)
