"""The system, from question to answer, with scripted experts: order, faults, threads, its end."""

import json
from pathlib import Path
from typing import Any

import pytest
from checks.scripted_systems import CAPITALS, Scripted, fails, knows
from pydantic import TypeAdapter

from aggregators.config import AggregatorConfig
from aggregators.votes.config import TopExpertConfig
from experts.completion import Request, Usage
from experts.engines.scripted import Reply
from experts.errors import ConfigError, ExpertError, QueryError, RouterError
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from routers.config import FixedRouterConfig

# --- what goes in, what comes out ------------------------------------------------------------


def test_one_question_is_asked_of_k_experts_and_fused(trio: Scripted) -> None:
    (answer,) = trio.system.answer("What is the capital of France?")
    assert (answer.text, answer.answer) == ("The answer is Paris.", "Paris")
    assert answer.error is None
    assert answer.verdict.agreed == ("ann", "bob")
    assert [c.expert for c in answer.completions] == ["ann", "bob", "cyd"]
    assert [c.answer for c in answer.completions] == ["Paris", "Paris", "Lyon"]
    assert answer.decision.chosen == ("ann", "bob", "cyd")
    assert answer.timings.total > 0


def test_answers_are_as_many_as_questions_and_in_order(trio: Scripted) -> None:
    lands = ["France", "Italy", "France", "Nowhere", "Italy"] * 8
    answers = trio.system.answer([f"What is the capital of {land}?" for land in lands])
    assert [a.query_id for a in answers] == [f"q{i}" for i in range(1, 41)]
    expected = {"France": "Paris", "Italy": "Rome"}
    for land, answer in zip(lands, answers, strict=True):
        assert [c.query_id for c in answer.completions] == [answer.query_id] * 3
        if land in expected:
            assert answer.answer == expected[land]


def test_chat_messages_reach_the_experts_in_full(trio: Scripted) -> None:
    chat = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "What is the capital of Italy?"},
    ]
    (answer,) = trio.system.answer(chat)
    assert answer.answer == "Rome"
    roles = [m.role for m in trio.engines["ann"].calls[0].messages]
    assert roles == ["system", "user", "assistant", "user"]


def test_ready_query_keeps_its_id_and_choices(trio: Scripted) -> None:
    query = Query.from_text("What is the capital of France?", id="mine/1", choices=["Lyon", "Paris"])
    (answer,) = trio.system.answer(query)
    assert answer.query_id == "mine/1"
    assert answer.answer == "B"
    assert "B. Paris" in trio.asked("bob")[0]


def test_choices_of_a_text_question(trio: Scripted) -> None:
    (answer,) = trio.system.answer("What is the capital of Italy?", choices=["Rome", "Bern"])
    assert answer.answer == "A"


def test_ids_that_look_like_other_requests_do_not_clash(trio: Scripted) -> None:
    ids = ["x", "x/ann/0", "0/x", "x/ann/0/bob/0", "\u2028", "a b"]
    answers = trio.system.answer([Query.from_text("Italy?", id=i) for i in ids])
    assert [a.query_id for a in answers] == ids


def test_k_counts_the_experts_that_are_asked(trio: Scripted) -> None:
    (answer,) = trio.system.answer("What is the capital of Italy?", k=1)
    assert [c.expert for c in answer.completions] == ["ann"]
    assert trio.asked("bob") == trio.asked("cyd") == []


@pytest.mark.parametrize("k", [0, -1, 4])
def test_k_out_of_range_is_refused_before_anything_is_asked(trio: Scripted, k: int) -> None:
    with pytest.raises(RouterError, match=f"k must be between 1 and 3.* got {k}"):
        trio.system.answer("Italy?", k=k)
    assert trio.asked("ann") == []


def test_bad_question_costs_nothing(trio: Scripted) -> None:
    with pytest.raises(QueryError):
        trio.system.answer(["fine", ""])
    assert trio.asked("ann") == []


def test_usage_is_the_sum_of_the_parts_and_priced(trio: Scripted) -> None:
    (answer,) = trio.system.answer("What is the capital of Italy?")
    assert answer.usage == sum((c.usage for c in answer.completions), Usage())
    assert answer.usage.prompt_tokens == 3 * 6
    assert answer.usage.completion_tokens == 3 * 4
    assert answer.usage.cost_usd == pytest.approx((18 * 1.0 + 12 * 2.0) / 1e6)


def test_aggregators_own_completion_is_in_the_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = {"ann": "The answer is 3.", "bob": "The answer is 4.", "judge": "The answer is 4."}
    synthesis = {"kind": "synthesis", "expert": "judge"}
    with Scripted(monkeypatch, scripts, helpers=["judge"], aggregator=synthesis, k=2) as scripted:
        (answer,) = scripted.system.answer("2 + 2?")
        assert answer.answer == "4"
        assert answer.verdict.completion is not None
        parts = [*answer.completions, answer.verdict.completion]
        assert answer.usage == sum((c.usage for c in parts), Usage())
        assert len(scripted.asked("judge")) == 1
        assert "judge" not in answer.decision.ranked


# --- another router or aggregator --------------------------------------------------------------


def test_other_parts_by_the_name_of_their_kind(trio: Scripted) -> None:
    (answer,) = trio.system.answer("Italy?", router="random", aggregator="top")
    assert answer.decision.router == "random"
    assert answer.verdict.aggregator == "top"
    (again,) = trio.system.answer("Italy?")
    assert (again.decision.router, again.verdict.aggregator) == ("fixed", "majority")


def test_other_parts_by_configuration(trio: Scripted) -> None:
    router = FixedRouterConfig(kind="fixed", experts=("cyd",))
    (answer,) = trio.system.answer("Italy?", k=1, router=router, aggregator=TopExpertConfig())
    assert answer.decision.chosen == ("cyd",)
    assert answer.answer == "Lyon"


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"router": "randm"}, "router.kind: must be one of skill, fixed, random, trained, got 'randm'"),
        ({"router": "randm"}, "did you mean 'random'"),
        ({"aggregator": "majorty"}, "did you mean 'majority'"),
        ({"router": "trained"}, "router.path: is required"),
        ({"aggregator": "synthesis"}, "aggregator.expert: is required"),
        ({"aggregator": {"kind": "synthesis", "expert": "an"}}, "unknown expert 'an'; did you mean 'ann'"),
        ({"router": FixedRouterConfig(kind="fixed", experts=("zoe",))}, "unknown expert 'zoe'"),
        ({"router": ""}, "router.kind"),
        ({"router": 7}, "router: .*got 7"),
        ({"router": "x", "aggregator": "y"}, "router and aggregator cannot be used"),
    ],
)
def test_wrong_part_is_refused_in_one_sentence_and_asks_nobody(
    trio: Scripted, parts: Any, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence) as caught:
        trio.system.answer("Italy?", **parts)
    assert "\n" not in str(caught.value)
    assert trio.asked("ann") == []


# --- faults --------------------------------------------------------------------------------------


def test_a_choice_made_for_another_pool_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = {"name": "all", "n": 3, "chosen": "judge", "why": "It was best."}
    options = {
        "vote": {"kind": "majority"},
        "top": {"kind": "top"},
        "judge": {"kind": "judge", "expert": "zoe"},
    }
    path = tmp_path / "choice.json"
    path.write_text(json.dumps({"options": options, "level": 0.95, "everywhere": group}), encoding="utf-8")
    chosen = {"kind": "chosen", "path": str(path)}
    sentence = "The aggregator 'chosen' asks zoe, and there are only ann, bob; add them"
    with pytest.raises(ConfigError, match=sentence):
        Scripted(monkeypatch, {"ann": knows, "bob": knows}, aggregator=chosen)
    with Scripted(monkeypatch, {"ann": knows, "bob": knows}) as run:
        config = TypeAdapter[Any](AggregatorConfig).validate_python(chosen)
        with pytest.raises(ConfigError, match=sentence):
            run.system.answer("Which city is the capital of France?", aggregator=config)
        assert run.asked("ann") == []
    with Scripted(
        monkeypatch, {"ann": knows, "zoe": "Best response: 1"}, helpers=["zoe"], aggregator=chosen
    ) as run:
        [answer] = run.system.answer("Which city is the capital of France?")
        assert answer.verdict.aggregator == "judge"


def test_one_expert_that_fails_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": fails(), "bob": knows, "cyd": knows}) as scripted:
        answers = scripted.system.answer(["France?", "Italy?"])
    assert [a.answer for a in answers] == ["Paris", "Rome"]
    for answer in answers:
        assert answer.error is None
        assert answer.warnings == ("ann did not answer: the line is dead.",)
        assert [c.ok for c in answer.completions] == [False, True, True]


def test_engine_that_dies_takes_only_its_own_expert_along(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": Reply(raises=OSError("no power")), "bob": knows}) as scripted:
        (answer,) = scripted.system.answer("Italy?")
    assert answer.answer == "Rome"
    assert len(answer.warnings) == 1
    assert "no power" in answer.warnings[0]


def test_where_all_fail_the_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": fails(), "bob": fails("it is ill.")}) as scripted:
        (answer,) = scripted.system.answer("Italy?")
    assert answer.error == "Every expert failed: ann (the line is dead); bob (it is ill)."
    assert (answer.text, answer.answer) == ("", None)


def test_only_the_questions_that_fail_have_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    def moody(request: Request) -> Reply:
        return fails() if "France" in request.messages[-1].content else Reply(text=knows(request))

    with Scripted(monkeypatch, {"ann": moody}) as scripted:
        france, italy = scripted.system.answer(["France?", "Italy?"])
    assert france.error is not None
    assert italy.answer == "Rome"


def test_answer_that_is_cut_off_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": "The answer is 4. " + "word " * 100}) as scripted:
        (answer,) = scripted.system.answer("2 + 2?")
    assert answer.answer == "4"
    assert "cut off after 64 tokens" in answer.warnings[0]


def test_unparsed_answers_of_a_choice_question(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": "Hm.", "bob": "Well."}) as scripted:
        (answer,) = scripted.system.answer("Which?", choices=["x", "y"])
    assert answer.answer is None
    assert answer.text == "Hm."
    assert answer.warnings


# --- routing alone, and the pool itself ----------------------------------------------------------


def test_route_asks_no_expert(trio: Scripted) -> None:
    one, two = trio.system.route(["France?", "Italy?"], k=2)
    assert (one.query_id, two.query_id) == ("q1", "q2")
    assert one.chosen == ("ann", "bob")
    assert one.reasons
    assert trio.asked("ann") == []


def test_generate_asks_one_expert_in_order(trio: Scripted) -> None:
    talks = [[Message("user", "Italy?")], [Message("user", "France?")]]
    first, second = trio.system.generate("ann", talks, SamplingConfig(max_tokens=1))
    assert (first.text, second.text) == ("The ", "The ")
    assert [c.text for c in trio.system.generate("ann", talks)] == [CAPITALS["Italy"], CAPITALS["France"]]
    assert trio.system.generate("ann", []) == []
    with pytest.raises(ExpertError, match=r"Unknown expert 'anne'\. Did you mean 'ann'"):
        trio.system.generate("anne", talks)


def test_no_hosted_expert_no_switches(trio: Scripted) -> None:
    assert trio.system.switches().total == 0


def test_progress_is_told_by_stage_up_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int, int]] = []
    with Scripted(
        monkeypatch, {"ann": knows, "bob": knows}, on_progress=lambda *step: seen.append(step)
    ) as scripted:
        scripted.system.answer(["France?", "Italy?"])
    assert seen[:2] == [("routing", 0, 2), ("routing", 2, 2)]
    assert seen[2:] == [("experts answering", done, 4) for done in (1, 2, 3, 4)]


def test_progress_that_raises_is_the_callers_error_and_leaves_the_system_usable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = True

    def show(stage: str, done: int, total: int) -> None:
        if broken and stage != "routing":
            raise ZeroDivisionError("in the caller's own code")

    with Scripted(monkeypatch, {"ann": knows}, on_progress=show) as scripted:
        with pytest.raises(ZeroDivisionError):
            scripted.system.answer("Italy?")
        broken = False
        assert scripted.system.answer("Italy?")[0].answer == "Rome"


def test_finished_completions_are_not_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = tmp_path / "deep" / "x.store"
    for asked in (2, 0):
        with Scripted(monkeypatch, {"ann": knows, "bob": knows}, store=store) as scripted:
            (answer,) = scripted.system.answer("Italy?")
            assert answer.answer == "Rome"
            assert len(scripted.asked("ann")) + len(scripted.asked("bob")) == asked


def test_failed_completions_are_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for script, error in ((fails(), True), (Reply(text="The answer is 4."), False)):
        with Scripted(monkeypatch, {"ann": script}, store=tmp_path / "x.store") as scripted:
            assert (scripted.system.answer("2 + 2?")[0].error is not None) is error
