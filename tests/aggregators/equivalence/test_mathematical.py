"""Answers compared by value, in a process that may die."""

import importlib.util
import threading
from collections.abc import Iterator

import pytest

from aggregators.equivalence.config import MathEquivalenceConfig
from aggregators.equivalence.mathematical import MathEquivalence
from experts.errors import ConfigError


@pytest.fixture(scope="module")
def mathematics() -> Iterator[MathEquivalence]:
    pytest.importorskip("math_verify")
    equivalence = MathEquivalence(MathEquivalenceConfig(kind="math", seconds=20.0))
    yield equivalence
    equivalence.process.close()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1/2", "0.5"),
        (r"\frac{1}{2}", "0.5"),
        (r"\frac12", "1/2"),
        (r"50\%", "0.5"),
        ("50%", "1/2"),
        ("50%", "50"),
        ("1,000", "1000"),
        ("0.333333", "1/3"),
        ("1.5", "1 1/2"),
        (r"2\sqrt{2}", r"\sqrt{8}"),
        (r"11\sqrt2", r"11\sqrt{2}"),
        ("2^{10}", "1024"),
        ("2x+1", "1+2*x"),
        ("x^2", "x\u00b2"),
        ("(1,2)", "( 1, 2 )"),
        (r"\{1,2\}", r"\{2, 1\}"),
        ("[0,1)", r"0 \le x < 1"),
        ("x=5", "5"),
        ("5 km", "5"),
        ("5 dollars", "$5"),
        (r"90^\circ", "90 degrees"),
    ],
)
def test_same(mathematics: MathEquivalence, a: str, b: str) -> None:
    assert mathematics.classes([[a, b], [b, a]]) == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("0.333", "1/3"),
        ("1.0", "1.0000001"),
        ("5 km", "5 m"),
        ("3 apples", "3 pears"),
        ("(1,2)", "(2,1)"),
        ("[0,1)", "(0,1]"),
        ("(1,2)", "[1,2]"),
        ("x=5", "y=5"),
        (r"\pi", "3.14159"),
        ("1", "1 1/2"),
        ("5 million", "5"),
        ("5 and 6", "5"),
        ("paris", "parsi"),
        ("1/0", "2/0"),
        ("((((", "1"),
    ],
)
def test_different(mathematics: MathEquivalence, a: str, b: str) -> None:
    assert mathematics.classes([[a, b], [b, a]]) == [[0, 1], [0, 1]]


def test_classes_are_numbered_per_question_in_order(mathematics: MathEquivalence) -> None:
    assert mathematics.classes([]) == []
    assert mathematics.classes([[], ["7"], ["2", "1/2", "2.0", "0.5", "x", "4/2"]]) == [
        [],
        [0],
        [0, 1, 0, 1, 2, 0],
    ]


def test_no_process_for_plain_numbers_and_words() -> None:
    pytest.importorskip("math_verify")
    equivalence = MathEquivalence(MathEquivalenceConfig(kind="math"))
    assert equivalence.classes([["1,000", "1000", "1001", "Paris", "paris"]]) == [[0, 0, 1, 2, 2]]
    assert equivalence.process.starts == 0


def test_hostile_expressions_end_the_process_and_not_the_batch() -> None:
    pytest.importorskip("math_verify")
    equivalence = MathEquivalence(MathEquivalenceConfig(kind="math", seconds=1.0))
    rows = [["9^{9^{9^9}}", "3"], ["1/2", "0.5"], ["(10^9)!", "3"], ["3/4", "0.75"]]
    assert equivalence.classes(rows) == [[0, 1], [0, 0], [0, 1], [0, 0]]
    assert equivalence.process.starts == 3
    assert equivalence.classes(rows) == [[0, 1], [0, 0], [0, 1], [0, 0]]  # remembered
    assert equivalence.process.starts == 3
    equivalence.process.close()


def test_threads_share_the_process(mathematics: MathEquivalence) -> None:
    found: list[list[list[int]]] = []
    rows = [[f"{n}/7", f"{2 * n}/14", f"{n}/8"] for n in range(1, 6)]
    threads = [threading.Thread(target=lambda: found.append(mathematics.classes(rows))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[[0, 0, 1]] * 5] * 4
    assert mathematics.process.starts == 1


def test_a_missing_package_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "aggregators.equivalence.mathematical.find_spec",
        lambda name: None if name == "math_verify" else importlib.util.find_spec(name),
    )
    with pytest.raises(ConfigError, match=r"pip install 'compound-llm\[math\]'"):
        MathEquivalence(MathEquivalenceConfig(kind="math"))
