"""What experts and helpers are taught: the extractor of the system reads it, the roster covers the skills."""

from itertools import islice
from random import Random

from eval.pocket.candidates import aggregator_lessons
from eval.pocket.lessons import Lesson, annotator_lessons, expert_lessons
from eval.pocket.loader import load, make_question
from eval.pocket.measuring import in_form, is_right, part_of
from eval.pocket.recording import Recorded, ranked
from eval.pocket.roster import EXPERTS, ROSTER, knowers, member
from eval.pocket.skills import parts
from eval.pocket.splits import text_of, wordings
from eval.pocket.teaching import NO_ANSWER, last_line, right_answer, surely, worked_answer, wrong_answer


def test_every_taught_answer_scores_as_right_and_every_wrong_one_as_wrong() -> None:
    rng = Random(1)
    for rows in wordings("expert-train").values():
        for wording in rng.sample(rows, min(len(rows), 60)):
            for draw in (None, rng):
                question = make_question(wording, "q", "expert-train", draw)
                options = question.query.choices
                assert is_right(question, right_answer(wording[0], options))
                for sure in (True, False):
                    wrong = wrong_answer(wording[0], options, sure=sure)
                    assert not is_right(question, wrong) and in_form([wrong]) == 1


def test_an_answer_walks_the_options_up_to_the_right_one() -> None:
    text = worked_answer("Units 2 carry", "42", ("17", "42", "52"))
    assert text == "Units 2 carry. It is 42: A. 17 no B. 42 yes.\nThe answer is (B)."


def test_a_cautious_answer_says_so_in_its_last_line() -> None:
    text = worked_answer("", "Rome", ("Paris", "Rome"), sure=False)
    assert last_line(text) == "Perhaps the answer is (B)."
    assert surely(last_line(text)) == "The answer is (B)."


def test_the_last_line_holds_the_answer() -> None:
    assert last_line(worked_answer("", "Rome", ("Paris", "Rome"))) == "The answer is (B)."
    assert last_line("  ") == NO_ANSWER


def test_every_skill_is_known_by_two_experts_and_no_expert_knows_a_whole_subject_field() -> None:
    for skill in {skill for skill, _, _ in parts()}:
        assert len({name for part in parts() if part[0] == skill for name in knowers(part)}) >= 2
    assert all(knowers(part) for part in parts())
    assert all(0 < len(expert.taught) < len(parts()) / 2 for expert in EXPERTS)
    assert len({m.name for m in ROSTER}) == len(ROSTER)


def test_one_generalist_knows_a_little_of_everything() -> None:
    assert {skill for skill, _, _ in member("scholar").taught} == {skill for skill, _, _ in parts()}


def test_lessons_repeat_from_their_seed() -> None:
    for expert in EXPERTS[:2]:
        first = list(islice(expert_lessons(expert, 3), 20))
        assert first == list(islice(expert_lessons(expert, 3), 20))
        assert first != list(islice(expert_lessons(expert, 4), 20))


def test_lessons_ask_nothing_of_other_splits() -> None:
    def asked(lessons: list[Lesson]) -> set[str]:
        return {lesson.user.partition("\n")[0] for lesson in lessons}

    def texts(split: str) -> set[str]:
        return {text_of(w) for rows in wordings(split).values() for w in rows}

    assert asked(list(islice(expert_lessons(EXPERTS[0], 0), 500))) <= texts("expert-train")
    assert asked(list(islice(annotator_lessons(0), 500))) <= texts("fit")


def test_experts_are_ranked_by_accuracy_and_then_in_the_order_of_the_pool() -> None:
    assert ranked({"scholar": 0.9, "atlas": 0.5, "abacus": 0.501}) == ["scholar", "abacus", "atlas"]


def test_the_aggregator_is_taught_to_copy_a_right_candidate_and_to_say_what_it_reads() -> None:
    questions = load("fit", 56)
    texts = {
        expert.name: tuple(f"Perhaps the answer is ({q.gold})." for q in questions) for expert in EXPERTS
    }
    texts["atlas"] = tuple("It is" for _ in questions)
    by_text = {(q.query.question, q.query.choices): q for q in questions}
    for lesson in islice(aggregator_lessons(Recorded(tuple(questions), texts), 0), 50):
        assert "\n\nCandidates:\n" in lesson.user
        head, _, answer = lesson.answer.rpartition("\n")
        assert head.startswith("Keywords: ") and "I trust atlas" not in head
        assert answer.startswith("The answer is (") and answer[4:] in lesson.user
        said = tuple(head.removeprefix("Keywords: ").partition(".")[0].split(", "))
        asked = lesson.user.partition("\n\nCandidates")[0].split("\n")
        key = (asked[0], tuple(line.partition(". ")[2] for line in asked[1:]))
        assert said == part_of(by_text[key])
