"""Baselines on a case worked out by hand; gold stays where it belongs."""

from collections import Counter
from typing import Any

import pytest
from checks.scripted_systems import Scripted, fails

from eval.evaluation import Evaluation, evaluate_system
from eval.question import Question
from eval.scoring import score_verdict
from experts.completion import Request
from experts.engines.scripted import Reply
from experts.errors import BenchmarkError
from experts.query import Query

# What each expert answers; all options are A, B, C and every gold answer is A.
#            test 0 1 2 3   validation 0 1
SAYS = {
    "ann": ("A B B B", "B B"),
    "bob": ("A A B C", "B A"),
    "cyd": ("B A B C", "A A"),
}
TEST, VALIDATION = "test", "validation"


def questions(split: str, n: int) -> list[Question]:
    return [
        Question(
            query=Query.from_text(f"{split} {i} ?", id=f"{split}-{i}", choices=["gold-a", "b", "c"]),
            gold="A",
            subject="even" if i % 2 == 0 else "odd",
            skills=("hidden",),
            split=split,
        )
        for i in range(n)
    ]


def _says(request: Request) -> str | Reply:
    split, number = request.messages[-1].content.split()[:2]
    column = SAYS[request.expert][split == VALIDATION].split()
    return f"The answer is ({column[int(number)]})."


def evaluation(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> tuple[Evaluation, Scripted]:
    scripts: dict[str, Any] = {name: _says for name in SAYS} | changes.pop("scripts", {})
    with Scripted(monkeypatch, scripts, **changes) as scripted:
        return evaluate_system(scripted.system, questions(TEST, 4), questions(VALIDATION, 2)), scripted


def test_rows_of_a_case_worked_out_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = evaluation(monkeypatch)
    # Votes: A A B; B A A; B B B; B C C.
    assert found.scores["system"].tolist() == [1, 1, 0, 0]
    assert found.scores["majority_vote"].tolist() == [1, 1, 0, 0]
    assert found.scores["weighted_vote"].tolist() == [1, 1, 0, 0]
    assert found.scores["router_top1"].tolist() == [1, 0, 0, 0]
    assert found.scores["oracle"].tolist() == [1, 1, 0, 0]
    assert found.scores["random"].tolist() == pytest.approx([2 / 3, 2 / 3, 0, 0])
    # On the test questions bob is best (2 of 4); on validation it is cyd, and that counts.
    assert found.best_single == "cyd"
    assert found.scores["best_single"].tolist() == [0, 1, 0, 0]
    # cyd is also who is sampled three times, as often as the system asks.
    assert found.scores["self_consistency"].tolist() == [0, 1, 0, 0]
    assert not {"aggregator_alone", "shuffled_candidates"} & set(found.scores)
    # With k = 3 of three experts, the fixed vote is the majority vote; a tie goes to the better one.
    assert found.scores["fixed_top_k"].tolist() == [1, 1, 0, 0]
    assert found.absent == {}
    assert set(found.course.switches.values()) == {0}
    assert set(found.course.seconds) == {"route", "generate", "aggregate", "system", "baselines"}
    assert found.spent["self_consistency"].calls == found.spent["fixed_top_k"].calls == 3


def test_with_k_1_votes_are_over_the_same_answers_and_baselines_over_the_whole_pool(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, scripted = evaluation(monkeypatch, k=1)
    for row in ("system", "majority_vote", "weighted_vote", "router_top1"):
        assert found.scores[row].tolist() == [1, 0, 0, 0]
    assert found.scores["oracle"].tolist() == [1, 1, 0, 0]
    assert found.outcomes.accuracy() == {"ann": 0.25, "bob": 0.5, "cyd": 0.25}
    samples = {name: [r for r in e.calls if r.sampling.temperature] for name, e in scripted.engines.items()}
    assert {name: len(rows) for name, rows in samples.items()} == {"ann": 0, "bob": 0, "cyd": 4}
    assert {name: len(e.calls) - len(samples[name]) for name, e in scripted.engines.items()} == dict.fromkeys(
        SAYS, 6
    )


def test_nobody_is_asked_twice_and_gold_reaches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    _, scripted = evaluation(monkeypatch)
    for engine in scripted.engines.values():
        asked = [(r.query_id, r.sampling.temperature, r.sample_index) for r in engine.calls]
        assert sorted(asked) == sorted({*asked})
        assert len({query for query, _, _ in asked}) == 6
        for request in engine.calls:
            # The gold letter is an option's like any other: nothing beside the query is shown.
            shown = "\n".join(m.content for m in request.messages)
            number = request.query_id.split("-")
            assert shown.startswith(f"{number[0]} {number[1]} ?\nA. gold-a\nB. b\nC. c")
            assert "hidden" not in repr(request)
            assert "even" not in repr(request) and "odd" not in repr(request)


def test_aggregator_that_is_a_model_is_measured_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found, scripted = evaluation(
        monkeypatch,
        scripts={"judge": "The answer is (A)."},
        helpers=["judge"],
        k=3,
        aggregator={"kind": "synthesis", "expert": "judge"},
    )
    assert found.scores["aggregator_alone"].tolist() == [1, 1, 1, 1]
    assert found.scores["system"].tolist() == [1, 1, 1, 1]
    assert found.scores["majority_vote"].tolist() == [1, 1, 0, 0]
    assert found.outcomes.experts == ("ann", "bob", "cyd")
    assert found.scores["shuffled_candidates"].tolist() == [1, 1, 1, 1], "this judge never reads"
    assert len(scripted.engines["judge"].calls) == 12


def test_self_consistency_has_as_many_calls_as_the_system_and_takes_the_majority(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def moody(request: Request) -> str:
        right = request.sampling.temperature == 0 or request.sample_index == 3
        return f"The answer is ({'A' if right else 'B'})."

    found, scripted = evaluation(
        monkeypatch,
        scripts={"cyd": moody, "judge": "The answer is (C)."},
        helpers=["judge"],
        aggregator={"kind": "synthesis", "expert": "judge"},
    )
    assert found.best_single == "cyd"
    samples = [r for r in scripted.engines["cyd"].calls if r.sampling.temperature > 0]
    assert {r.sampling.temperature for r in samples} == {0.7} and {r.sampling.seed for r in samples} == {None}
    assert Counter(r.query_id for r in samples) == dict.fromkeys((f"test-{i}" for i in range(4)), 4)
    assert found.scores["best_single"].tolist() == [1, 1, 1, 1]
    assert found.scores["self_consistency"].tolist() == [0, 0, 0, 0]


def test_shuffled_candidates_are_those_of_another_question(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def copycat(request: Request) -> str:
        text = request.messages[-1].content
        seen.append(text)
        return text[text.rindex("The answer is") :] if "### Response" in text else "Hm."

    found, _ = evaluation(
        monkeypatch,
        scripts={name: _own_number for name in SAYS} | {"judge": copycat},
        helpers=["judge"],
        aggregator={"kind": "synthesis", "expert": "judge"},
    )
    shuffled = [text for text in seen if "### Response" in text][4:]
    assert len(shuffled) == 4
    pairs = [(_number_of(text), text.rpartition("own ")[2][0]) for text in shuffled]
    assert all(asked != answered for asked, answered in pairs)
    assert sorted(answered for _, answered in pairs) == ["0", "1", "2", "3"]
    assert len(found.scores["shuffled_candidates"]) == 4


def _number_of(text: str) -> str:
    return text.partition("test ")[2][0]


def _own_number(request: Request) -> str:
    return f"It is own {request.messages[-1].content.split()[1]}. The answer is (A)."


def test_errors_unparsed_and_cut_off_answers_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def moody(request: Request) -> Reply:
        replies: dict[str, Reply] = {
            "0": fails(),
            "1": Reply(text="Hm."),
            "2": Reply(text="The answer is (A). " + "well " * 100),
            "3": Reply(text="The answer is (B)."),
        }
        return replies[request.messages[-1].content.split()[1]]

    with Scripted(monkeypatch, {"ann": moody}) as scripted:
        found = evaluate_system(scripted.system, questions(TEST, 4), questions(VALIDATION, 2))
    outcomes = [score_verdict(a.verdict, q) for a, q in zip(found.answers, found.questions, strict=True)]
    assert outcomes == ["error", "unparsed", "right", "wrong"]
    assert found.scores["system"].tolist() == [0, 0, 1, 0]
    assert found.scores["best_single"].tolist() == found.scores["oracle"].tolist() == [0, 0, 1, 0]


def test_expert_that_always_fails_is_not_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": fails(), "bob": "The answer is (B)."}) as scripted:
        found = evaluate_system(scripted.system, questions(TEST, 2), questions(VALIDATION, 2))
    assert found.best_single == "bob"
    assert found.scores["router_top1"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("asked", "others", "sentence"),
    [
        (questions(TEST, 2), questions(TEST, 1), "1 questions are both to report on and to choose"),
        ([], questions(TEST, 1), "needs questions"),
    ],
)
def test_splits_that_cannot_be_used_are_refused(
    monkeypatch: pytest.MonkeyPatch, asked: list[Question], others: list[Question], sentence: str
) -> None:
    with Scripted(monkeypatch, {"ann": "x"}) as scripted:
        with pytest.raises(BenchmarkError, match=sentence):
            evaluate_system(scripted.system, asked, others)
        assert scripted.asked("ann") == []


def test_without_other_questions_nobody_is_best_and_the_rows_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {name: _says for name in SAYS}) as scripted:
        found = evaluate_system(scripted.system, questions(TEST, 4), [])
    assert found.best_single is None
    assert set(found.absent) == {"best_single", "fixed_top_k", "self_consistency"}
    assert set(found.scores) == {
        "system",
        "majority_vote",
        "weighted_vote",
        "router_top1",
        "random",
        "oracle",
    }


def test_without_baselines_nobody_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {name: _says for name in SAYS}, k=1) as scripted:
        found = evaluate_system(scripted.system, questions(TEST, 4), [], beside="none")
        assert {name: len(e.calls) for name, e in scripted.engines.items()} == {"ann": 4, "bob": 0, "cyd": 0}
    assert set(found.scores) == {"system", "majority_vote", "weighted_vote"}
    assert found.absent["oracle"] == "left out by --baselines"


def test_cheap_baselines_ask_the_pool_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(
        monkeypatch,
        {name: _says for name in SAYS} | {"judge": "The answer is (A)."},
        helpers=["judge"],
        aggregator={"kind": "synthesis", "expert": "judge"},
    ) as scripted:
        found = evaluate_system(scripted.system, questions(TEST, 4), questions(VALIDATION, 2), beside="cheap")
        assert {name: len(e.calls) for name, e in scripted.engines.items()} == {
            "ann": 6,
            "bob": 6,
            "cyd": 6,
            "judge": 4,
        }
    assert set(found.absent) == {"self_consistency", "aggregator_alone", "shuffled_candidates"}
    assert found.best_single == "cyd"


def test_the_fixed_vote_asks_the_best_on_validation_and_ties_go_to_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, _ = evaluation(monkeypatch, k=2)
    # cyd (2 of 2) and bob (1 of 2) are best on validation: B A B C against A A B C.
    assert found.scores["fixed_top_k"].tolist() == [0, 1, 0, 0]
    assert found.spent["fixed_top_k"].calls == 2
