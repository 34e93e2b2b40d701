"""What experts and helpers are taught: the extractor of the system reads it, the roster covers the skills."""

from itertools import islice
from random import Random

from eval.pocket.candidates import Recorded, aggregator_lessons
from eval.pocket.lessons import annotator_lessons, expert_lessons
from eval.pocket.loader import load, make_question
from eval.pocket.measuring import in_form, is_right
from eval.pocket.roster import EXPERTS, ROSTER, knowers
from eval.pocket.skills import items
from eval.pocket.splits import options_of, wordings
from eval.pocket.teaching import NO_ANSWER, last_line, right_answer, worked_answer, wrong_answer


def test_every_taught_answer_scores_as_right_and_every_wrong_one_as_wrong() -> None:
    rng = Random(1)
    for rows in items().values():
        for item in rng.sample(rows, min(len(rows), 60)):
            for options in ((), options_of(item, rng)):
                question = make_question(item, "?", options, "q", "fit")
                right, wrong = right_answer(item, options), wrong_answer(item, options, rng)
                assert is_right(question, right) and in_form([right]) == 1
                assert not is_right(question, wrong) and in_form([wrong]) == 1


def test_an_answer_walks_the_options_up_to_the_right_one() -> None:
    text = worked_answer("Units 2 carry", "42", ("17", "42", "52"))
    assert text == "Units 2 carry. It is 42: A. 17 no B. 42 yes.\nThe answer is (B)."


def test_the_last_line_holds_the_answer() -> None:
    assert last_line(worked_answer("", "Rome", ("Paris", "Rome"))) == "The answer is (B)."
    assert last_line("  ") == NO_ANSWER


def test_every_skill_is_known_by_two_experts_and_no_expert_knows_all() -> None:
    skills = {skill for skill, _ in items()}
    for skill in skills:
        assert len({name for cell in items() if cell[0] == skill for name in knowers(cell)}) >= 2
    assert all(knowers(cell) for cell in items())
    assert all(0 < len(expert.taught) < len(items()) for expert in EXPERTS)
    assert len({m.name for m in ROSTER}) == len(ROSTER)


def test_lessons_repeat_from_their_seed() -> None:
    for expert in EXPERTS[:2]:
        first = list(islice(expert_lessons(expert, 3), 20))
        assert first == list(islice(expert_lessons(expert, 3), 20))
        assert first != list(islice(expert_lessons(expert, 4), 20))


def test_lessons_ask_nothing_of_other_splits() -> None:
    from eval.pocket.splits import text_of

    asked = {lesson.user.partition("\n")[0] for lesson in islice(annotator_lessons(0), 500)}
    asked |= {lesson.user.partition("\n")[0] for lesson in islice(expert_lessons(EXPERTS[0], 0), 500)}
    assert asked <= {text_of(w) for rows in wordings("expert-train").values() for w in rows}


def test_the_aggregator_is_taught_to_copy_a_right_candidate() -> None:
    questions = load("fit", 36)
    texts = {expert.name: tuple(f"The answer is ({q.gold})." for q in questions) for expert in EXPERTS}
    texts["atlas"] = tuple("It is" for _ in questions)
    for lesson in islice(aggregator_lessons(Recorded(tuple(questions), texts), 0), 50):
        assert "\n\nCandidates:\n" in lesson.user
        assert lesson.answer.startswith("Keywords: ") and "I trust atlas" not in lesson.answer
        assert lesson.answer.rpartition("\n")[2] in lesson.user
