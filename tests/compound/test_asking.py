"""What is asked of the pool: every expert that was chosen, as often as it was chosen."""

import pytest
from checks.scripted_systems import Scripted

from experts.decision import RoutingDecision
from experts.query import Query


def _decision(query_id: str, chosen: tuple[str, ...]) -> RoutingDecision:
    return RoutingDecision(
        query_id=query_id,
        router="drawing",
        estimates={"ann": 1.0, "bob": 0.5},
        calibrated=False,
        ranked=("ann", "bob"),
        chosen=chosen,
    )


def test_expert_chosen_twice_is_sampled_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": "The answer is 4.", "bob": "The answer is 5."}) as scripted:
        system = scripted.system
        queries = [Query.from_text("2 + 2?", id=i) for i in ("a", "b")]
        decisions = [_decision("a", ("ann", "bob", "ann")), _decision("b", ("bob",))]
        first, second = system._loop.run(system._calls.ask(queries, decisions))
        assert [(c.expert, c.sample_index, c.answer) for c in first] == [
            ("ann", 0, "4"),
            ("bob", 0, "5"),
            ("ann", 1, "4"),
        ]
        assert [(c.query_id, c.expert) for c in second] == [("b", "bob")]
        assert [r.sample_index for r in scripted.engines["ann"].calls] == [0, 1]
