"""The generator: the same on every machine, disjoint splits, right golds, sound options."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable

import pytest

from eval.pocket import SPLITS, VERSION, load, splits, tables
from eval.pocket.item import STYLES
from eval.pocket.loader import DEFAULT_SIZES
from eval.pocket.phrasings import PHRASINGS
from eval.pocket.skills import COMPUTED, SUBJECTS, items
from eval.pocket.teaching import user_content
from eval.question import Question
from experts.errors import BenchmarkError
from experts.query import LETTERS

PINNED = {
    "fit": "fab832f0f32ed43e081ad50f34279ce807673b1fc7f7f3767d21bcaa84d94d91",
    "test": "fb541386c5d82d81bf6696e593826ec4c30ec5acf0b91f9b7616c1c08288fb6a",
}


def _answer(question: Question) -> str:
    choices = question.query.choices
    return choices[LETTERS.index(question.gold)] if choices else question.gold


def _digest(split: str) -> str:
    rows = [f"{q.id}\n{user_content(q.query)}\n{q.gold}\n{q.skills}" for q in load(split, 200, seed=7)]
    return hashlib.sha256("\n\n".join(rows).encode()).hexdigest()


@pytest.mark.parametrize("split", sorted(PINNED))
def test_a_split_is_the_same_on_every_machine(split: str) -> None:
    assert _digest(split) == PINNED[split], (
        f"questions changed: raise VERSION ({VERSION}), train again, pin anew"
    )


def test_a_smaller_draw_is_the_beginning_of_a_larger_one() -> None:
    assert [q.query for q in load("test", 40)] == [q.query for q in load("test", 90)][:40]


def test_seeds_draw_different_questions() -> None:
    assert [user_content(q.query) for q in load("fit", 50)] != [
        user_content(q.query) for q in load("fit", 50, 1)
    ]


def test_no_question_text_is_in_two_splits() -> None:
    texts = {
        split: {splits.text_of(w) for rows in splits.wordings(split).values() for w in rows}
        for split in SPLITS
    }
    for a in SPLITS:
        for b in SPLITS:
            assert a == b or not texts[a] & texts[b]


def test_operands_of_computed_skills_are_disjoint() -> None:
    keys = {
        split: {
            (cell, item.key)
            for cell, rows in splits.wordings(split).items()
            if cell[0] in COMPUTED
            for item, _ in rows
        }
        for split in SPLITS
    }
    assert sum(map(len, keys.values())) == len(set().union(*keys.values()))
    assert all(keys.values())


def test_addition_does_not_leak_by_swapping_operands() -> None:
    rows = {
        s: {frozenset(i.fields) for i, _ in splits.wordings(s)["addition", "small numbers"]} for s in SPLITS
    }
    swapped = {
        s: {frozenset({("a", dict(f)["b"]), ("b", dict(f)["a"])}) for f in found} for s, found in rows.items()
    }
    assert not rows["test"] & swapped["expert-train"]


def test_every_split_asks_every_part_in_equal_shares() -> None:
    for split in SPLITS:
        counts = Counter(question.skills[:2] for question in load(split, 280))
        assert set(counts) == set(items()) and set(counts.values()) == {10}


def test_both_styles_are_asked_about_equally_often() -> None:
    for split in SPLITS:
        counts = Counter(question.skills[2] for question in load(split))
        assert set(counts) == set(STYLES)
        assert max(counts.values()) < 1.3 * min(counts.values())


def test_every_wording_of_every_split_is_worded_like_some_training_question() -> None:
    """No word of a test is new to an expert: each phrasing occurs in training, with other facts."""
    trained = {phrasing for rows in splits.wordings("expert-train").values() for _, phrasing in rows}
    assert trained == {phrasing for phrasings in PHRASINGS.values() for phrasing in phrasings}


def test_half_of_the_questions_are_multiple_choice() -> None:
    for split in SPLITS:
        questions = load(split)
        share = sum(bool(q.query.choices) for q in questions) / len(questions)
        assert 0.45 < share < 0.6
        assert len(questions) == DEFAULT_SIZES[split] == len({q.id for q in questions})


def test_options_are_distinct_and_hold_the_gold() -> None:
    for question in load("fit", 900):
        choices = question.query.choices
        if choices:
            assert 4 <= len(choices) <= 10 and len(set(choices)) == len(choices)
            assert question.gold in question.query.letters


def test_gold_letters_are_spread() -> None:
    first_four = Counter(q.gold for q in load("expert-train", 3000) if q.query.choices)
    assert max(first_four[letter] for letter in "ABCD") < 1.3 * min(first_four[letter] for letter in "ABCD")


@pytest.mark.parametrize(
    ("skill", "compute"),
    [
        ("addition", lambda a, b: a + b),
        ("subtraction", lambda a, b: a - b),
        ("multiplication", lambda a, b: a * b),
    ],
)
def test_arithmetic_gold_is_right(skill: str, compute: Callable[[int, int], int]) -> None:
    asked = [q for q in load("test") if q.skills[0] == skill]
    assert asked
    for question in asked:
        a, b = map(int, re.findall(r"\d+", question.query.question))
        assert _answer(question) == str(compute(a, b))


def test_calendar_gold_is_right() -> None:
    asked = [q for q in load("test") if q.skills[0] == "calendar"]
    assert asked
    for question in asked:
        text = question.query.question
        names = tables.MONTHS if question.skills[1] == "months" else tables.WEEKDAYS
        start = next(i for i, name in enumerate(names) if re.search(rf"\b{name}\b", text))
        step = int(re.findall(r"\d+", text)[0]) * (1 if "after" in text else -1)
        assert _answer(question) == names[(start + step) % len(names)]


def test_facts_have_one_answer() -> None:
    for region in tables.REGIONS:
        facts = tables.capitals(region)
        assert len(set(facts.values())) == len(facts)
    symbols = tables.elements()
    assert len(set(symbols.values())) == len(symbols)


@pytest.mark.parametrize(("most", "first"), [("tallest", 0), ("oldest", 0), ("shortest", 2), ("youngest", 2)])
def test_ordering_gold_is_right(most: str, first: int) -> None:
    asked = [q for q in load("test") if q.skills[0] == "ordering" and f" {most}" in q.query.question.lower()]
    assert asked
    for question in asked:
        names = [w for w in re.findall(r"[A-Z][a-z]+", question.query.question) if w in tables.NAMES]
        (p, q), (r, s) = names[:2], names[2:]
        order = [p, q, s] if q == r else [r, s, q]
        assert order[1] in (q, s) and _answer(question) == order[first]


def test_alphabet_gold_is_right() -> None:
    asked = [q for q in load("test") if q.skills[0] == "alphabet"]
    assert asked
    for question in asked:
        found = re.search(r"(\d) letters (after|before) ([a-z])\b", question.query.question)
        assert found, question.query.question
        step = int(found[1]) * (1 if found[2] == "after" else -1)
        assert _answer(question) == chr(ord(found[3]) + step)


def test_roman_gold_is_right() -> None:
    values = {"I": 1, "V": 5, "X": 10}

    def number(numeral: str) -> int:
        digits = [values[c] for c in numeral]
        return sum(-d if d < max(digits[i:]) else d for i, d in enumerate(digits))

    asked = [q for q in load("test") if q.skills[0] == "roman numerals"]
    for question in asked:
        answer = _answer(question)
        if question.skills[1] == "reading":
            numerals = re.findall(r"\b[IVX]+\b", question.query.question)
            assert [number(n) for n in numerals] == [int(answer)]
        else:
            assert number(answer) == int(re.findall(r"\d+", question.query.question)[0])


def test_the_popular_mistake_is_wrong_and_of_the_same_kind() -> None:
    for rows in items().values():
        answers = {item.answer for item in rows}
        for item in rows:
            assert item.slip != item.answer
            assert (
                item.slip.isdigit() if item.answer.isdigit() else item.slip in answers | set(tables.LETTERS)
            )


def test_the_popular_mistake_is_nearly_always_among_the_options() -> None:
    slips = {
        (splits.text_of((item, phrasing)), item.answer): item.slip
        for rows in splits.wordings("fit").values()
        for item, phrasing in rows
    }
    asked = [q for q in load("fit") if q.query.choices]
    found = [slips[q.query.question, _answer(q)] in q.query.choices for q in asked]
    assert 0.85 < sum(found) / len(found) < 0.98


def test_options_for_a_fact_are_never_the_same_in_two_splits() -> None:
    seen: dict[tuple[object, ...], str] = {}
    for split in SPLITS:
        for question in load(split):
            if question.query.choices and question.skills[0] not in COMPUTED:
                key = (*question.skills[:2], _answer(question), frozenset(question.query.choices))
                # Two facts may share an answer and options; the fact itself is in the question.
                words = (*key, _fact(question))
                assert seen.setdefault(words, split) == split


def _fact(question: Question) -> str:
    return next(
        item.key
        for item, phrasing in splits.wordings(question.split)[question.skills[0], question.skills[1]]
        if splits.text_of((item, phrasing)) == question.query.question
    )


def test_the_benchmark_is_as_wide_as_it_says() -> None:
    assert {skill for skill, _ in items()} == set(SUBJECTS)
    assert len(SUBJECTS) >= 10 and len(set(SUBJECTS.values())) >= 5
    for phrasings in PHRASINGS.values():
        assert Counter(p.style for p in phrasings) == {"plain": 5, "story": 5}
        assert len({p.template for p in phrasings}) == 10


def test_bad_requests_are_named() -> None:
    with pytest.raises(BenchmarkError, match="no split 'dev'"):
        load("dev")
    with pytest.raises(BenchmarkError, match="negative"):
        load("test", -1)
