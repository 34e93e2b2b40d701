"""The planner: every round, switch and token of a run, before anything runs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from checks.scripted_systems import TRIO, Scripted, content

from compound.config import SystemConfig, default_config_path, load_config
from compound.planned import Plan
from compound.planning import plan
from compound.planning_compare import Actual, compare
from compound.planning_shares import observe_shares, routing_fingerprint
from experts.errors import ConfigError, RouterError
from experts.hosting.model_facts import model_facts
from experts.prompts import render_messages
from experts.query import Query
from experts.saving import FORMAT_VERSION, Header, versions
from experts.scheduling.costs import CostBook
from experts.scheduling.switches import SwitchCounts
from routers.config import TrainedRouterConfig
from routers.policies.config import ThresholdPolicyConfig

POCKET = load_config(default_config_path())
CHOICE = Path(__file__).parents[1] / "aggregators" / "chosen" / "choice.json"


def config_of(**changes: Any) -> SystemConfig:
    """The miniature pool with other parts."""
    return SystemConfig.model_validate(POCKET.model_dump() | changes)


def questions(number: int) -> list[Query]:
    return [Query.from_text(f"What is {i} plus {i}?", id=f"q{i}") for i in range(number)]


def scripted(**changes: Any) -> SystemConfig:
    return SystemConfig.model_validate(content(TRIO, **changes))


def residents(planned: Plan) -> list[list[str]]:
    """Experts of each round, all slots together."""
    return [sorted({r.expert for part in one.slots for r in part}) for one in planned.rounds]


def requests(planned: Plan, expert: str) -> int:
    return sum(r.requests for one in planned.rounds for part in one.slots for r in part if r.expert == expert)


# --- rounds and switches -----------------------------------------------------------------------------


def test_the_miniature_pool_runs_three_rounds_with_one_switch_an_expert() -> None:
    planned = plan(questions(400), POCKET, CostBook("cpu x2"))
    assert [(r.name, r.requests) for r in planned.rounds] == [
        ("route", 400),
        ("generate", 1200),
        ("aggregate", 400),
    ]
    assert residents(planned) == [["annotator"], sorted(POCKET.experts), ["aggregator"]]
    assert planned.switches.total == 10
    assert planned.switches.new_process == 1
    facts = {name: model_facts(e) for name, e in POCKET.all_experts.items()}  # type: ignore[arg-type]
    assert planned.moved_bytes == sum(f.weight_bytes for f in facts.values())
    assert planned.switches.new_engine == len({f.family for f in facts.values()}) - 1
    assert sum(requests(planned, name) for name in POCKET.experts) == 1200


def test_seconds_are_those_of_switches_work_and_start() -> None:
    planned = plan(questions(40), POCKET, CostBook("cpu x2"))
    worked = sum(r.seconds + r.switch_s for one in planned.rounds for part in one.slots for r in part)
    assert planned.seconds == pytest.approx(planned.start_s + worked)
    assert sum(planned.slot_seconds) == pytest.approx(worked)
    assert (planned.start_s, planned.bottleneck) == (4.0, 0)


def test_what_is_resident_after_a_round_is_not_loaded_for_the_next() -> None:
    judged = {"kind": "judge", "expert": "atlas", "pattern": r"I trust (\w+)"}
    config = config_of(router={"kind": "fixed", "experts": ["atlas", "abacus"]}, aggregator=judged)
    planned = plan(questions(10), config, CostBook("cpu x2"), k=2)
    [before, after] = planned.rounds
    assert before.slots[0][-1].expert == "atlas", "who also aggregates comes last"
    assert after.switches.total == 0
    assert planned.switches.total == 2


def test_an_expert_that_aggregates_inside_a_stacked_aggregator_comes_last_too() -> None:
    synthesis = {"kind": "synthesis", "expert": "abacus"}
    router = {"kind": "fixed", "experts": ["abacus", "atlas"]}
    for aggregator in (synthesis, {"kind": "on_agreement", "inner": synthesis}):
        planned = plan(
            questions(10), config_of(router=router, aggregator=aggregator), CostBook("cpu x2"), k=2
        )
        [before, after] = planned.rounds
        assert (before.slots[0][-1].expert, after.switches.total) == ("abacus", 0)


def test_two_experts_that_are_one_model_are_resident_once() -> None:
    experts = {name: POCKET.model_dump()["experts"]["atlas"] for name in ("atlas", "twin")}
    config = config_of(
        experts=experts, helpers={}, router={"kind": "fixed"}, aggregator={"kind": "majority"}, k=2
    )
    planned = plan(questions(10), config, CostBook("cpu x2"))
    assert planned.switches == SwitchCounts(new_process=1)
    assert requests(planned, "atlas") == 20


def test_parked_engines_get_processes_and_are_woken() -> None:
    hosting = POCKET.hosting.model_copy(update={"parked_engines": 2})
    judged = {"kind": "judge", "expert": "annotator", "pattern": r"I trust (\w+)"}
    config = config_of(hosting=hosting.model_dump(), aggregator=judged)
    planned = plan(questions(10), config, CostBook("cpu x2"))
    families = {model_facts(e).family for n, e in config.all_experts.items() if n != "aggregator"}  # type: ignore[arg-type]
    assert planned.switches.new_engine == 0
    assert planned.switches.new_process == len(families)
    assert planned.rounds[-1].switches == SwitchCounts(wake=1)


# --- who is asked ------------------------------------------------------------------------------------


def test_a_router_without_an_llm_decides_as_in_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [Query.from_text(f"Where is {i}?", id=f"q{i}") for i in range(50)]
    scripts: dict[str, Any] = {"ann": "a", "bob": "b", "cyd": "c"}
    with Scripted(monkeypatch, scripts, router={"kind": "random", "seed": 3}, k=2) as run:
        planned = plan(asked, run.system.config, CostBook("cpu x2"))
        answers = run.system.answer(asked)
    assert planned.routing == "routed"
    characters = sum(
        len(m.content) for q in asked for m in render_messages(q, run.system.config.prompts)
    ) * len(answers[0].completions)
    assert planned.prompt_tokens == pytest.approx(characters / 4, abs=1)
    assert planned.rounds[0].requests == sum(len(a.completions) for a in answers) == 100


def test_with_an_llm_in_the_router_the_shares_of_the_last_run_count() -> None:
    book = CostBook("cpu x2")
    first = plan(questions(100), POCKET, book)
    assert first.routing == "equal shares"
    assert {requests(first, name) for name in POCKET.experts} == {37, 38}
    shares = dict.fromkeys(POCKET.experts, 0.0) | {
        "abacus": 1.0,
        "clerk": 1.0,
        "scholar": 0.75,
        "atlas": 0.25,
    }
    book.observe_shares(routing_fingerprint(POCKET, 3), shares)
    planned = plan(questions(100), POCKET, book)
    assert planned.routing == "last run"
    assert [requests(planned, n) for n in ("abacus", "clerk", "scholar", "atlas")] == [100, 100, 75, 25]
    assert residents(planned)[1] == ["abacus", "atlas", "clerk", "scholar"]
    assert plan(questions(100), POCKET, book, k=2).routing == "equal shares", "another k is another routing"


def ranking_router(folder: Path, llm: str, experts: Sequence[str]) -> TrainedRouterConfig:
    """One that asks an LLM; its header is all that a plan reads."""
    header = Header(
        format=FORMAT_VERSION,
        kind="llm",
        config={"kind": "llm", "expert": llm, "descriptions": {experts[0]: "geography"}},
        experts=tuple(experts),
        questions=9,
        versions=versions(),
    )
    (folder / "router.json").write_text(header.model_dump_json())
    return TrainedRouterConfig(kind="trained", path=folder)


def test_an_llm_that_ranks_for_a_trained_router_is_a_round_of_its_own(tmp_path: Path) -> None:
    router = ranking_router(tmp_path, "annotator", tuple(POCKET.experts))
    planned = plan(questions(10), POCKET.model_copy(update={"router": router}), CostBook("cpu x2"))
    assert (planned.rounds[0].name, planned.rounds[0].requests) == ("route", 10)
    assert planned.routing == "equal shares"


def test_a_policy_that_asks_fewer_is_planned_with_fewer() -> None:
    written = POCKET.router.model_dump() | {"annotator": {"kind": "encoder"}}
    config = SystemConfig.model_validate(dict(POCKET) | {"router": written})
    easy = config.model_copy(update={"policy": ThresholdPolicyConfig(kind="threshold", chance=0.0)})
    every = [plan(questions(10), c, CostBook("cpu x2")).rounds[0].requests for c in (config, easy)]
    assert every == [30, 10]


def test_more_samples_than_experts_are_planned_as_samples_of_one_or_in_equal_shares(tmp_path: Path) -> None:
    warm = {"kind": "scripted", "sampling": {"max_tokens": 64, "temperature": 0.7}}
    changes: dict[str, Any] = {"policy": {"kind": "repeat"}, "k": 5}
    changes["aggregator"] = {"kind": "synthesis", "expert": "ann"}
    several = SystemConfig.model_validate(content({"ann": warm, "bob": warm}, **changes))
    planned = plan(questions(10), several, CostBook("cpu x2"))
    assert [(r.name, r.requests) for r in planned.rounds] == [("generate", 50), ("aggregate", 10)]
    three = plan(questions(10), several, CostBook("cpu x2"), k=3)
    assert planned.rounds[1].prompt_tokens > three.rounds[1].prompt_tokens, "five candidates are shown"
    ranked = ranking_router(tmp_path, "bob", ("ann", "bob"))
    equal = several.model_copy(update={"router": ranked})
    shares = plan(questions(10), equal, CostBook("cpu x2"))
    assert (shares.routing, shares.rounds[1].requests) == ("equal shares", 50)
    with pytest.raises(RouterError, match="between 1 and 2"):
        plan(questions(10), equal, CostBook("cpu x2"), k=0)


def test_an_aggregator_whose_file_names_a_stranger_is_refused_as_in_the_run(tmp_path: Path) -> None:
    # The choice was made for a pool in which somebody is called "judge".
    config = scripted(aggregator={"kind": "chosen", "path": str(CHOICE)})
    with pytest.raises(ConfigError, match="asks judge, and there are only ann, bob, cyd"):
        plan(questions(1), config, CostBook("cpu x2"))


def test_shares_are_taken_from_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts: dict[str, Any] = {"ann": "a", "bob": "b", "cyd": "c"}
    book = CostBook("cpu x2")
    with Scripted(monkeypatch, scripts, router={"kind": "fixed", "experts": ["cyd"]}, k=2) as run:
        observe_shares(run.system.config, run.system.answer(["one", "two"]), 2, book)
        observe_shares(run.system.config, [], 2, book)
        assert book.shares(routing_fingerprint(run.system.config, 2)) == {"ann": 1.0, "bob": 0.0, "cyd": 1.0}


def test_with_stopping_the_last_run_says_how_many_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = {"kind": "posterior", "threshold": 1.0, "by": {"kind": "majority"}}
    book = CostBook("cpu x2")
    scripts: dict[str, Any] = {name: "The answer is 4." for name in ("ann", "bob", "cyd", "dan")}
    with Scripted(monkeypatch, scripts, stopping=stopping) as run:
        config = run.system.config
        before = plan(questions(10), config, book)
        assert (before.routing, before.rounds[0].requests) == ("routed", 40)
        observe_shares(config, run.system.answer(questions(10)), 4, book)
        after = plan(questions(10), config, book)
        assert (after.routing, after.rounds[0].requests) == ("last run", 20)
        fixed = config.model_copy(update={"stopping": None})
        assert plan(questions(10), fixed, book).rounds[0].requests == 40


def test_the_llm_inside_a_stacked_aggregator_is_planned_with_all_queries() -> None:
    synthesis = {"kind": "synthesis", "expert": "ann"}
    skipping = {"kind": "on_agreement", "inner": synthesis}
    held = {"kind": "abstain", "inner": skipping}
    plans = [
        plan(questions(10), scripted(aggregator=a), CostBook("cpu x2")) for a in (synthesis, skipping, held)
    ]
    assert [(r.name, r.requests) for r in plans[0].rounds] == [("generate", 30), ("aggregate", 10)]
    assert plans[0].cost_usd == plans[1].cost_usd == plans[2].cost_usd > 0


# --- what is not hosted here, prices, what was learned -----------------------------------------------


def test_experts_that_are_not_hosted_here_take_no_slot_but_cost_what_they_cost() -> None:
    planned = plan(questions(10), scripted(), CostBook("cpu x2"))
    assert (planned.seconds, planned.bottleneck, planned.switches.total) == (0.0, None, 0)
    assert planned.completion_tokens == 10 * 3 * 32  # half of max_tokens
    wanted = (planned.prompt_tokens * 1.0 + planned.completion_tokens * 2.0) / 1e6
    assert planned.cost_usd == pytest.approx(wanted, rel=0.01)


def test_learned_figures_take_the_place_of_guesses() -> None:
    book = CostBook("cpu x2")
    assert plan(questions(40), POCKET, book).guessed_share == 1.0
    for expert in POCKET.all_experts.values():
        facts = model_facts(expert)  # type: ignore[arg-type]
        book.observe_work(facts, 40, 400, 800, 2.0, prompt_characters=1_000)
        for kind in ("reload", "new_engine", "new_process"):
            book.observe_switch(facts, kind, 1.0)
    learned = plan(questions(40), POCKET, book)
    assert learned.guessed_share == pytest.approx(4.0 / learned.seconds), "only the start is a guess"
    book.observe_start(5.0)
    planned = plan(questions(40), POCKET, book)
    assert planned.guessed_share == 0.0
    assert planned.completion_tokens == 40 * 5 * 20
    assert sum(r.switch_s for r in planned.rounds) == pytest.approx(10.0)


# --- slots -------------------------------------------------------------------------------------------


def test_one_more_slot_is_planned_like_a_plan_with_it() -> None:
    one = plan(questions(4000), POCKET, CostBook("cpu x2"))
    two = plan(questions(4000), POCKET, CostBook("cpu x2"), slots=2)
    assert one.one_more_slot_s == pytest.approx(two.seconds)
    assert two.seconds < one.seconds
    assert len(two.slot_seconds) == 2
    assert two.bottleneck in (0, 1)


def test_a_hub_model_that_is_not_here_is_planned_and_named() -> None:
    far = {"kind": "vllm", "model": "nobody/nothing-7b", "sampling": {"max_tokens": 64}}
    config = SystemConfig.model_validate(content({"far": far}))
    planned = plan(questions(3), config, CostBook("NVIDIA A100"))
    assert planned.unknown_models == ("far",)
    assert planned.moved_bytes == 0 and planned.switches == SwitchCounts(new_process=1)


# --- mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "options", "kind", "words"),
    [
        ([], {}, ConfigError, "list of questions is empty"),
        (questions(1), {"slots": 0}, ConfigError, "at least 1 slot, got 0"),
        (questions(1), {"k": 9}, RouterError, "between 1 and 8"),
    ],
)
def test_mistakes_are_said_in_a_sentence(
    asked: Sequence[Query], options: dict[str, int], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        plan(asked, POCKET, CostBook("cpu x2"), **options)


def test_a_model_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    lost = {"kind": "vllm", "model": str(tmp_path / "lost"), "sampling": {"max_tokens": 64}}
    config = SystemConfig.model_validate(content({"ann": lost}))
    with pytest.raises(ConfigError, match="Expert 'ann' cannot be planned: No model folder"):
        plan(questions(1), config, CostBook("cpu x2"))


# --- as values, and against what happened ------------------------------------------------------------


def test_a_plan_is_plain_values_with_its_sums() -> None:
    planned = plan(questions(40), POCKET, CostBook("cpu x2"))
    row = json.loads(json.dumps(planned.to_dict(), allow_nan=False))
    assert row["seconds"] == pytest.approx(planned.start_s + sum(r["seconds"] for r in row["rounds"]))
    assert row["switches"]["reload"] == sum(r["switches"]["reload"] for r in row["rounds"])
    assert row["rounds"][0]["slots"][0][0]["expert"] == "annotator"


def test_planned_against_actual() -> None:
    planned = plan(questions(40), POCKET, CostBook("cpu x2"))
    actual = Actual(
        seconds={r.name: 2 * r.seconds for r in planned.rounds},
        switches=SwitchCounts(new_process=3),
        prompt_tokens=planned.prompt_tokens,
        completion_tokens=0,
    )
    rows = {row["what"]: row for row in compare(planned, actual)}
    assert rows["seconds, generate"]["ratio"] == pytest.approx(2.0)
    route = planned.rounds[0].seconds
    assert rows["seconds, route"]["planned"] == pytest.approx(route + planned.start_s), "the start is in it"
    assert (rows["switches, new_process"]["planned"], rows["switches, new_process"]["actual"]) == (1, 3)
    assert rows["switches, wake"]["ratio"] is None
    assert rows["prompt tokens"]["ratio"] == 1.0
    assert rows["seconds"]["actual"] == pytest.approx(2 * sum(r.seconds for r in planned.rounds))
