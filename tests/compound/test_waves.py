"""Waves: who is asked when, how often, together with whom, and what happens when somebody fails."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from checks.scripted_systems import Scripted, fails
from pydantic import TypeAdapter

from compound.fusing import Fusing
from compound.stopping import stopping_rule
from compound.stopping_config import StoppingConfig
from compound.system import Compound
from compound.waves import Waves, cost_of
from experts.completion import Completion, Request
from experts.decision import RoutingDecision
from experts.engines.scripted import Reply
from experts.query import Query
from experts.verdict import Verdict

NAMES = ("ann", "bob", "cyd", "dan", "eve")
UNANIMOUS: dict[str, Any] = {"kind": "posterior", "threshold": 1.0, "by": {"kind": "majority"}}
"""Two that agree are enough."""


def says(**by_question: str) -> Any:
    """An expert that answers by what occurs in the question: `easy="4"`."""

    def script(request: Request) -> str:
        last = request.messages[-1].content
        return next((f"The answer is {a}." for key, a in by_question.items() if key in last), "Hm.")

    return script


FIVE = {
    "ann": says(easy="4", hard="4", split="1"),
    "bob": says(easy="4", hard="5", split="2"),
    "cyd": says(easy="4", hard="5", split="3"),
    "dan": says(easy="4", hard="5", split="5"),
    "eve": says(easy="4", hard="5", split="6"),
}


class Run:
    """One run of waves; what was asked in each call to the pool, and what was offered early."""

    def __init__(self, scripted: Scripted, decisions: Sequence[RoutingDecision], stopping: Mapping[str, Any]):
        system = scripted.system
        config = TypeAdapter[Any](StoppingConfig).validate_python(stopping)
        self.batches: list[list[tuple[str, str]]] = []
        self.offered: list[int] = []
        self.waves = Waves(
            self._watched(system),
            system.config.prompts,
            [Query.from_text(f"{d.query_id}?", id=d.query_id) for d in decisions],
            decisions,
            lambda i, _: self.offered.append(i),
            config=config,
            rule=stopping_rule(config),
            cost_of=cost_of(config, system.config.experts),
        )
        self.answers: list[tuple[Completion, ...]] = system._loop.run(self.waves.run())

    def _watched(self, system: Compound) -> Any:
        calls: Any = system._calls
        inner = calls.run

        async def run(requests: Sequence[Request], **more: Any) -> Any:
            self.batches.append([(r.expert, r.query_id) for r in requests])
            return await inner(requests, **more)

        calls.run = run
        return calls

    def asked(self) -> list[list[str]]:
        return [[c.expert for c in answers] for answers in self.answers]


def decided(
    query_id: str, chosen: Sequence[str] = NAMES, *, estimate: float = 0.7, **tokens: float
) -> RoutingDecision:
    return RoutingDecision(
        query_id=query_id,
        router="test",
        estimates=dict.fromkeys(NAMES, estimate),
        calibrated=True,
        ranked=NAMES,
        chosen=tuple(chosen),
        tokens=tokens,
    )


def test_a_query_stops_where_its_first_experts_agree_and_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Scripted(monkeypatch, FIVE) as scripted:
        run = Run(scripted, [decided("easy"), decided("split")], UNANIMOUS)
        assert run.asked() == [["ann", "bob"], list(NAMES)]
        easy, split = run.waves.stopped
        assert (
            easy
            == "2 of at most 5 experts were asked: the leading answer has support 1.000, and 1 is enough."
        )
        assert split == "5 of at most 5 experts were asked: as many as were chosen."
        assert run.offered == [0, 1], "what stops is fused early, before the others' last wave"


def test_queries_that_go_on_are_asked_together_by_expert(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, FIVE) as scripted:
        order = ("bob", "ann", "cyd", "eve", "dan")
        run = Run(scripted, [decided("split a"), decided("split b", order), decided("easy")], UNANIMOUS)
        assert len(run.batches) == 4, "one call to the pool for each wave"
        assert [len(batch) for batch in run.batches] == [6, 2, 2, 2]
        assert sorted(run.batches[2]) == [("dan", "split a"), ("eve", "split b")]


@pytest.mark.parametrize(
    ("stopping", "calls"),
    [
        ({"threshold": 0.0}, 2 * 3),
        ({"threshold": 0.0, "first": 1}, 3),
        ({"threshold": 1.0, "first": 1, "by": {"kind": "weighted"}}, 5 * 3),
        ({"threshold": 1.0, "first": 9}, 5 * 3),
        ({"threshold": 0.6, "by": {"kind": "majority"}}, 2 + 3 + 5),
        ({"threshold": 0.6, "by": {"kind": "majority"}, "step": 2}, 2 + 4 + 5),
    ],
    ids=str,
)
def test_calls_are_counted_against_a_fixed_number(
    monkeypatch: pytest.MonkeyPatch, stopping: dict[str, Any], calls: int
) -> None:
    with Scripted(monkeypatch, FIVE) as scripted:
        run = Run(
            scripted,
            [decided("easy"), decided("hard"), decided("split")],
            {"kind": "posterior", **stopping},
        )
        assert sum(len(engine.calls) for engine in scripted.engines.values()) == calls
        assert sum(len(answers) for answers in run.answers) == calls


def test_each_expert_is_in_one_batch_of_a_wave_and_asked_once_a_query(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = ("easy", "hard", "split")
    decisions = [
        decided(f"{kinds[i % 3]} {i}", [*NAMES[i % 5 :], *NAMES[: i % 5]][: 1 + i % 5]) for i in range(40)
    ]
    with Scripted(monkeypatch, FIVE) as scripted:
        run = Run(scripted, decisions, UNANIMOUS | {"first": 1})
        assert len(run.batches) <= 5
        asked = Counter(pair for batch in run.batches for pair in batch)
        assert set(asked.values()) == {1}
        for decision, answers in zip(decisions, run.asked(), strict=True):
            assert tuple(answers) == decision.chosen[: len(answers)]
        assert sorted(run.offered) == list(range(40)), "each query is offered once"


def test_worth_asks_on_after_dissent_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, FIVE) as scripted:
        run = Run(scripted, [decided("easy"), decided("hard")], {"kind": "worth", "value": 20})
        easy, hard = run.asked()
        assert easy == ["ann", "bob"]
        assert hard[:3] == ["ann", "bob", "cyd"]
        assert "asking cyd is worth" in str(run.waves.stopped[0])


def test_worth_in_dollars_counts_expected_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    # 2 US dollars per million tokens; at most 64 tokens where the router says nothing.
    stopping = {"kind": "worth", "value": 0.0005, "unit": "usd", "ahead": 1}
    with Scripted(monkeypatch, FIVE) as scripted:
        run = Run(scripted, [decided("hard a"), decided("hard b", cyd=1000.0)], stopping)
        assert run.asked()[0][:3] == ["ann", "bob", "cyd"], "64 tokens are 0.000128 dollars"
        assert run.asked()[1] == ["ann", "bob"], "1000 tokens are 0.002 dollars, more than all is worth"


def test_an_expert_that_fails_is_replaced_within_its_wave(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {**FIVE, "bob": fails("bob is out")}) as scripted:
        run = Run(scripted, [decided("easy"), decided("split", ("ann", "bob", "cyd", "dan"))], UNANIMOUS)
        assert run.asked() == [["ann", "bob", "cyd"], ["ann", "bob", "cyd", "dan", "eve"]]
        assert run.answers[0][2].notes == ("it was ranked next and took the place of bob.",)
        assert [c.ok for c in run.answers[1]] == [True, False, True, True, True]
        assert run.offered == [0, 1]


def test_an_engine_that_dies_in_a_later_wave_takes_only_its_own_answers_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Scripted(monkeypatch, {**FIVE, "cyd": Reply(raises=OSError("no power"))}) as scripted:
        run = Run(scripted, [decided("easy"), decided("split", NAMES[:4]), decided("hard")], UNANIMOUS)
        assert run.asked() == [["ann", "bob"], list(NAMES), list(NAMES)]
        assert [c.ok for c in run.answers[1]] == [True, True, False, True, True]
        assert run.answers[1][3].notes == ("it was ranked next and took the place of cyd.",)
        assert [c.answer for c in run.answers[0]] == ["4", "4"]


def test_samples_of_one_expert_are_drawn_until_they_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    def ann(request: Request) -> str:
        sure = "easy" in request.messages[-1].content
        return "The answer is 4." if sure or request.sample_index % 2 else "The answer is 5."

    with Scripted(monkeypatch, {**FIVE, "ann": ann}) as scripted:
        samples = ("ann",) * 5
        run = Run(scripted, [decided("easy", samples), decided("hard", samples)], UNANIMOUS)
        assert [[(c.expert, c.sample_index) for c in answers] for answers in run.answers] == [
            [("ann", 0), ("ann", 1)],
            [("ann", i) for i in range(5)],
        ]


def test_an_expert_that_is_gone_is_not_asked_again_in_a_later_wave(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {**FIVE, "bob": fails("bob is out")}) as scripted:
        late = decided("split late", ("ann", "cyd", "bob"))
        run = Run(scripted, [decided("easy", ("ann", "bob")), late], UNANIMOUS)
        assert len(scripted.asked("bob")) == 1
        assert run.asked()[1] == ["ann", "cyd", "dan"]
        assert run.answers[1][2].notes == ("it was ranked next and took the place of bob.",)


def test_with_nobody_left_the_failures_stand_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {name: fails("out") for name in NAMES}) as scripted:
        run = Run(scripted, [decided("easy")], UNANIMOUS)
        assert run.asked() == [list(NAMES)]
        assert run.waves.stopped == ["5 of at most 5 experts were asked: there was nobody else to ask."]
        assert run.offered == []


def test_an_answer_says_how_many_were_asked_and_why_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, FIVE, stopping=UNANIMOUS) as scripted:
        easy, split = scripted.system.answer(["easy?", "split?"])
        assert (easy.answer, len(easy.completions), len(split.completions)) == ("4", 2, 5)
        assert (
            easy.stopped
            == "2 of at most 5 experts were asked: the leading answer has support 1.000, and 1 is enough."
        )
        assert easy.to_dict()["stopped"] == easy.stopped
        assert easy.decision.chosen == NAMES
    with Scripted(monkeypatch, FIVE) as scripted:
        [easy] = scripted.system.answer("easy?")
        assert (len(easy.completions), easy.stopped) == (5, None)


def test_a_smaller_k_bounds_the_waves(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, FIVE, stopping=UNANIMOUS) as scripted:
        [one] = scripted.system.answer("split?", k=1)
        assert [c.expert for c in one.completions] == ["ann"]
        [three] = scripted.system.answer("split?", k=3)
        assert [c.expert for c in three.completions] == ["ann", "bob", "cyd"]


def test_what_stops_is_fused_while_others_are_still_asked_and_each_query_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def idle() -> None:
        return None

    async def fused(scripted: Scripted) -> list[Verdict]:
        system, decisions = scripted.system, [decided("split"), decided("easy"), decided("hard")]
        queries = [Query.from_text(f"{d.query_id}?", id=d.query_id) for d in decisions]
        fusing = Fusing(system._calls, system._aggregator, queries, decisions, 1)
        fusing.begin(idle)
        config = TypeAdapter[Any](StoppingConfig).validate_python(UNANIMOUS)
        rule, costs = stopping_rule(config), cost_of(config, system.config.experts)
        parts = (system._calls, system.config.prompts, queries, decisions, fusing.offer)
        waves = Waves(*parts, config=config, rule=rule, cost_of=costs)
        return await fusing.finish(await waves.run())

    def judge(request: Request) -> str:
        order.append("judge")
        return "The answer is 4."

    def eve(request: Request) -> Reply:
        order.append("eve")
        return Reply(text="The answer is 6.", delay_s=0.05)

    order: list[str] = []
    scripts = {**FIVE, "eve": eve, "judge": judge}
    synthesis = {"kind": "synthesis", "expert": "judge"}
    with Scripted(monkeypatch, scripts, helpers=["judge"], aggregator=synthesis) as scripted:
        verdicts = scripted.system._loop.run(fused(scripted))
        assert [v.query_id for v in verdicts] == ["split", "easy", "hard"]
        assert order.count("judge") == 3
        assert order[0] == "judge", "the query that stopped first, before the last wave asked eve"


async def test_a_call_cancelled_between_waves_loses_nothing_that_was_answered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    with Scripted(monkeypatch, FIVE | {"cyd": Reply(hangs=True)}, stopping=UNANIMOUS, store=store) as first:
        call = asyncio.create_task(first.system.aanswer(["easy?", "split?"]))
        while not first.engines["cyd"].calls:
            await asyncio.sleep(0.005)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    with Scripted(monkeypatch, FIVE, stopping=UNANIMOUS, store=store) as again:
        easy, split = again.system.answer(["easy?", "split?"])
        assert (len(easy.completions), len(split.completions)) == (2, 5)
        assert [len(again.asked(name)) for name in NAMES] == [0, 0, 1, 1, 1]
