"""Gold answers in every form, and what is none."""

import pytest

from eval.benchmarks.gold import GoldProblem, gold_option, gold_texts, index_form
from eval.benchmarks.mapping import GoldForm

OPTIONS = ("red", "blue", "lime")


@pytest.mark.parametrize(
    ("gold", "form", "index"),
    [
        ("B", "letter", 1),
        (" c ", "letter", 2),
        ("0", "index0", 0),
        ("2", "index0", 2),
        ("1", "index1", 0),
        ("3", "index1", 2),
        (" lime", "option", 2),
    ],
)
def test_the_right_option(gold: str, form: GoldForm, index: int) -> None:
    assert gold_option(gold, form, OPTIONS) == index


@pytest.mark.parametrize(
    ("gold", "form", "options", "sentence"),
    [
        ("D", "letter", OPTIONS, "a letter from A to C"),
        ("AB", "letter", OPTIONS, "a letter from A to C"),
        ("3", "index0", OPTIONS, "an index from 0 to 2"),
        ("-1", "index0", OPTIONS, "an index from 0 to 2"),
        ("0", "index1", OPTIONS, "an index from 1 to 3"),
        ("B", "index1", OPTIONS, "an index from 1 to 3"),
        ("green", "option", OPTIONS, "the text of exactly one option"),
        ("red", "option", ("red", "red"), "the text of exactly one option"),
        ("A", "letter", ("x",) * 27, "27 options, and at most 26"),
    ],
)
def test_no_option(gold: str, form: GoldForm, options: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(GoldProblem, match=sentence):
        gold_option(gold, form, options)


@pytest.mark.parametrize(
    ("golds", "form"), [(["0", "3"], "index0"), (["1", "4"], "index1"), (["2", "0"], "index0")]
)
def test_where_indices_start(golds: list[str], form: str) -> None:
    assert index_form((gold, 4) for gold in golds) == form


@pytest.mark.parametrize(
    ("golds", "sentence"),
    [(["0", "4"], "both 0 and the number of options"), (["1", "2"], "write gold: index0 or index1")],
)
def test_where_indices_start_is_not_guessed(golds: list[str], sentence: str) -> None:
    with pytest.raises(GoldProblem, match=sentence):
        index_form((gold, 4) for gold in golds)


@pytest.mark.parametrize(
    ("gold", "form", "texts"),
    [
        (" Paris ", "plain", ("Paris",)),
        ("a #### b\n#### 1,200", "tail", ("1,200",)),
        ("080", "integer", ("80",)),
        ("080 or 081 (both were accepted)", "integer", ("80", "81")),
    ],
)
def test_open_answers(gold: str, form: GoldForm, texts: tuple[str, ...]) -> None:
    assert gold_texts(gold, form, None) == texts


@pytest.mark.parametrize(
    ("gold", "form", "sentence"),
    [
        ("7", "tail", "must end in `#### `"),
        ("so #### ", "tail", "must end in `#### `"),
        ("7.5", "integer", "must be an integer"),
        ("1000", "integer", "an integer from 0 to 999"),
        ("5 or 1000", "integer", "an integer from 0 to 999"),
    ],
)
def test_no_open_answer(gold: str, form: GoldForm, sentence: str) -> None:
    with pytest.raises(GoldProblem, match=sentence):
        gold_texts(gold, form, (0, 999))
