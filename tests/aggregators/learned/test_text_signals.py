"""Signs in texts: values by hand, and that a fusion that reads them learns from them."""

import dataclasses

import numpy as np
import pytest
from checks.made_pools import MadePool, answered, choice, independent, made_pool
from checks.ports import dead, said

from aggregators.equivalence.equivalence import ExactEquivalence
from aggregators.learned.features import Norms, candidate_rows
from aggregators.learned.learned import LearnedFusion
from aggregators.learned.model import FusionModel
from aggregators.learned.patterns import ReadItems, read_items
from aggregators.learned.text_signals import NAMES, TEXT_SIGNALS, text_signals
from aggregators.votes.counting import WeightedVote
from experts.query import Query
from experts.verdict import Candidates

QUERY = Query.from_text("Which?", id="q", choices=["Red wine", "Water", "Tea", "Milk"])
OPEN = Query.from_text("How many?", id="q")


def signals(text: str, query: Query = QUERY, key: str | None = "A") -> dict[str, float]:
    return dict(zip(NAMES, text_signals(said("a", text), query, key).tolist(), strict=True))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("stated", "So the Answer is (A).", 1.0),
        ("stated", "An answer would be nice.", 0.0),
        ("hedges", "Perhaps, maybe: wait" + "." * 80, 30.0),
        ("hedges", "Surely so.", 0.0),
        ("repeats", "one\ntwo\none\n\none", 0.5),
        ("repeats", "one\ntwo", 0.0),
        ("ends", "It is so.", 1.0),
        ("ends", "It is so because", 0.0),
        ("named", "Either (A) or B, not (B); I say a.", 2.0),
        ("named", "(C)" + " and on" * 100, 0.0),
        ("quoted", "I would take red WINE", 1.0),
        ("quoted", "I would take water", 0.0),
        ("digits", "1 + 1 = 2.", 0.3),
        ("steps", "one\n\ntwo\n three\n", 3.0),
    ],
)
def test_a_sign_by_hand(name: str, text: str, value: float) -> None:
    assert signals(text)[name] == pytest.approx(value)


def test_thoughts_are_passed_over_and_empty_texts_have_no_signs() -> None:
    assert signals("<think>Maybe 12?\nWait.</think>The answer is (A).") == signals("The answer is (A).")
    assert set(signals("").values()) == {0.0}


def test_only_the_option_that_was_taken_is_looked_for() -> None:
    assert signals("Red wine.", key=None)["quoted"] == signals("Red wine.", key="B")["quoted"] == 0.0
    assert signals("Red wine.", OPEN, "red wine")["quoted"] == 0.0


def read(*items: Candidates, experts: str = "abc") -> ReadItems:
    return read_items(items, tuple(experts), ExactEquivalence(), TEXT_SIGNALS)


def test_signs_are_those_of_each_experts_text_and_unknown_where_there_is_none() -> None:
    item = choice(answered("b", "B"), answered("a", ""), dead("c"))
    found = read(item).patterns.signals
    assert found.shape == (1, 3, len(NAMES))
    np.testing.assert_array_equal(found[0, 1], text_signals(item.completions[0], item.query, "B"))
    np.testing.assert_array_equal(found[0, 0], text_signals(item.completions[1], item.query, None))
    assert np.isnan(found[0, 2]).all()
    unread = read_items([item], tuple("abc"), ExactEquivalence()).patterns
    assert unread.signals.shape == (1, 3, 0)


def test_an_answer_is_described_by_the_mean_of_those_who_gave_it_and_of_the_others() -> None:
    patterns = read(choice(answered("a", "B"), answered("b", "B"), answered("c", "D"))).patterns
    marked = dataclasses.replace(patterns, signals=np.arange(24, dtype=np.float64).reshape(1, 3, 8))
    rows = candidate_rows(marked, Norms.of(marked)).features[:, -16:]
    np.testing.assert_array_equal(rows[0, :4], [4.0, 16.0, 5.0, 17.0])
    np.testing.assert_array_equal(rows[1, :4], [16.0, 4.0, 17.0, 5.0])


def hedging(pool: MadePool) -> MadePool:
    """The same answers, with doubt in the words of all who are wrong."""
    items = [
        dataclasses.replace(
            item,
            completions=tuple(
                dataclasses.replace(c, text=c.text if right else f"Perhaps. {c.text}")
                for c, right in zip(item.completions, row, strict=True)
            ),
        )
        for item, row in zip(pool.items, pool.right, strict=True)
    ]
    return dataclasses.replace(pool, items=items)


def test_a_fusion_that_reads_texts_learns_whom_to_believe() -> None:
    fitted, fresh = (hedging(made_pool(independent("a", "b", chance=0.5), n, seed=n)) for n in (150, 200))
    patterns = read(*fitted.items, experts="ab").patterns
    model = FusionModel.fit(patterns, fitted.right, np.zeros(150, dtype=np.int64))
    reading = LearnedFusion(model, ("a", "b"), reads_texts=True)
    learned, voted = (
        fresh.accuracy([v.answer for v in by.aggregate(fresh.items)]) for by in (reading, WeightedVote())
    )
    assert learned == pytest.approx(fresh.right.max(axis=1).mean(), abs=0.02), "whenever anybody is right"
    assert learned > voted + 0.1
