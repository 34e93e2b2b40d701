"""The experts' round: who is asked, and who takes the place of an expert that cannot be had."""

from collections.abc import Sequence

import pytest
from checks.scripted_systems import Scripted, fails

from compound.expert_round import ExpertRound
from experts.completion import Completion, Request
from experts.decision import RoutingDecision
from experts.engines.scripted import Reply
from experts.query import Query

FOUR = {
    "ann": "The answer is 4.",
    "bob": "The answer is 5.",
    "cyd": "The answer is 6.",
    "dan": "The answer is 7.",
}


def decided(
    query_id: str, chosen: Sequence[str], ranked: Sequence[str] = ("ann", "bob", "cyd", "dan")
) -> RoutingDecision:
    return RoutingDecision(
        query_id=query_id,
        router="test",
        estimates=dict.fromkeys(ranked, 0.5),
        calibrated=True,
        ranked=tuple(ranked),
        chosen=tuple(chosen),
    )


def asked(
    scripted: Scripted, decisions: Sequence[RoutingDecision]
) -> tuple[list[tuple[Completion, ...]], list[int]]:
    system, done = scripted.system, list[int]()
    queries = [Query.from_text("2 + 2?", id=d.query_id) for d in decisions]
    round_ = ExpertRound(
        system._calls, system.config.prompts, queries, decisions, lambda i, _: done.append(i)
    )
    return system._loop.run(round_.run()), done


def test_expert_chosen_twice_is_sampled_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, FOUR) as scripted:
        (first, second), done = asked(scripted, [decided("a", ("ann", "bob", "ann")), decided("b", ("bob",))])
        assert [(c.expert, c.sample_index) for c in first] == [("ann", 0), ("bob", 0), ("ann", 1)]
        assert [(c.expert, c.query_id, c.answer) for c in second] == [("bob", "b", "5")]
        assert sorted(done) == [0, 1], "each query is reported once, when its answers are there"


def test_samples_of_one_expert_use_the_approaches_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = {"approaches": ["Count.", "", "Guess."]}
    with Scripted(monkeypatch, FOUR, prompts=prompts) as scripted:
        asked(scripted, [decided("a", ("ann",) * 4), decided("b", ("ann", "bob"))])
        calls = scripted.engines["ann"].calls
        heads = {(r.query_id, r.sample_index): r.messages[0].content for r in calls}
        assert [heads["a", i] for i in (0, 2, 3)] == ["Count.", "Guess.", "Count."]
        assert [m.role for r in calls if r.sample_index == 1 for m in r.messages] == ["user"]
        assert heads["b", 0] == scripted.engines["bob"].calls[0].messages[0].content == "Count."


def test_a_sample_that_fails_is_replaced_by_another_expert(monkeypatch: pytest.MonkeyPatch) -> None:
    def second_fails(request: Request) -> Reply:
        return fails("once") if request.sample_index == 1 else Reply(text="The answer is 4.")

    with Scripted(monkeypatch, {**FOUR, "ann": second_fails}) as scripted:
        [answers], done = asked(scripted, [decided("a", ("ann",) * 3)])
        assert [(c.expert, c.sample_index, c.ok) for c in answers] == [
            ("ann", 0, True),
            ("ann", 1, False),
            ("ann", 2, True),
            ("bob", 0, True),
        ]
        assert done == [0]


def test_the_next_ranked_takes_the_place_of_an_expert_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {**FOUR, "ann": fails("ann is out")}) as scripted:
        [answers], done = asked(scripted, [decided("a", ("ann", "bob"))])
        assert [(c.expert, c.ok) for c in answers] == [("ann", False), ("bob", True), ("cyd", True)]
        assert answers[2].notes == ("it was ranked next and took the place of ann.",)
        assert done == [0]


def test_a_replacement_that_fails_is_replaced_and_nobody_is_asked_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = {**FOUR, "ann": fails("out"), "cyd": fails("out too")}
    with Scripted(monkeypatch, broken) as scripted:
        [answers], _ = asked(scripted, [decided("a", ("ann", "bob"))])
        assert [c.expert for c in answers] == ["ann", "bob", "cyd", "dan"]
        assert answers[3].notes == ("it was ranked next and took the place of cyd.",)
        assert [len(scripted.asked(name)) for name in FOUR] == [1, 1, 1, 1]


def test_an_expert_that_answered_nobody_replaces_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {**FOUR, "ann": fails("out"), "bob": fails("out")}) as scripted:
        both = [decided("a", ("ann",)), decided("b", ("bob",), ("bob", "ann", "cyd", "dan"))]
        (first, second), _ = asked(scripted, both)
        assert [c.expert for c in first] == ["ann", "cyd"], "bob has failed already, so cyd is next"
        assert [c.expert for c in second] == ["bob", "cyd"]


def test_with_nobody_left_the_failures_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {name: fails("out") for name in FOUR}) as scripted:
        [answers], done = asked(scripted, [decided("a", ("ann", "bob"))])
        assert not any(c.ok for c in answers)
        assert done == []


def test_the_answer_says_who_took_whose_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {**FOUR, "ann": fails("ann is out")}, k=2) as scripted:
        [answer] = scripted.system.answer("2 + 2?")
        assert answer.error is None
        assert "cyd: it was ranked next and took the place of ann." in answer.warnings
        assert any(w.startswith("ann did not answer: ") and "ann is out" in w for w in answer.warnings)


def test_too_few_answers_for_the_quorum_fail_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"ann": "The answer is 4.", "bob": fails("bob is out"), "cyd": fails("cyd is out")}
    with Scripted(monkeypatch, broken, k=3, quorum=2) as scripted:
        [answer] = scripted.system.answer("2 + 2?")
        assert answer.text == ""
        assert answer.error is not None
        assert answer.error.startswith("1 of 3 experts answered, and quorum is 2: ")
    with Scripted(monkeypatch, broken, k=3, quorum=1) as scripted:
        assert scripted.system.answer("2 + 2?")[0].answer == "4"
