"""Mixture of agents: who reads what in which layer, in how many calls, and what failures do."""

from collections.abc import Sequence

import pytest
from checks.ports import Port, dead, said
from pydantic import TypeAdapter, ValidationError

from aggregators.config import AggregatorConfig
from aggregators.reading.config import MixtureConfig
from aggregators.reading.mixture import Mixture
from experts.completion import Completion
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from experts.verdict import Candidates

CHOICE = Query.from_text("Which colour?", choices=("red", "green"))
SAMPLING = SamplingConfig(max_tokens=7)


class Layered:
    """A `generate` port that names the expert and the number of its call; some experts are dead."""

    def __init__(self, *broken: str) -> None:
        self.broken = broken
        self.calls: list[tuple[str, list[str], SamplingConfig | None]] = []

    def __call__(
        self, expert: str, conversations: Sequence[Sequence[Message]], sampling: SamplingConfig | None
    ) -> list[Completion]:
        self.calls.append((expert, [turns[-1].content for turns in conversations], sampling))
        text = f"{expert} in call {len(self.calls)}. The answer is (B)."
        return [dead(expert) if expert in self.broken else said(expert, text) for _ in conversations]


def mixture(**settings: object) -> Mixture:
    content = {"kind": "mixture", "expert": "judge", "sampling": SAMPLING, **settings}
    return Mixture(MixtureConfig.model_validate(content))


def items(number: int) -> list[Candidates]:
    return [
        Candidates(
            query=Query.from_text("Which colour?", id=f"q{i}", choices=("red", "green")),
            completions=(said("x", f"First {i}. The answer is (A)."), dead("y")),
        )
        for i in range(number)
    ]


def test_every_layer_reads_the_one_before_and_a_round_is_one_call_an_expert() -> None:
    port = Layered()
    found = mixture(layers=3, proposers=("ann", "bob")).aggregate(items(2), generate=port)
    assert [(expert, len(read), sampling) for expert, read, sampling in port.calls] == [
        ("ann", 2, None),
        ("bob", 2, None),
        ("judge", 2, SAMPLING),
    ]
    assert "First 1." in port.calls[0][1][1]
    last = port.calls[2][1][0]
    assert "ann in call 1" in last and "bob in call 2" in last and "First" not in last
    assert [v.answer for v in found] == ["B", "B"]
    assert found[0].text == "judge in call 3. The answer is (B)."


def test_what_was_written_on_the_way_is_kept_for_the_bill() -> None:
    [found] = mixture(layers=3, proposers=("ann", "bob")).aggregate(items(1), generate=Layered("bob"))
    assert [(c.expert, c.query_id) for c in found.earlier] == [("ann", "q0"), ("bob", "q0")]
    assert found.completion is not None and found.completion.expert == "judge"
    assert (found.agreed, found.aggregator) == ((), "mixture"), "agreement is that of the first layer"
    assert found.notes == ("bob failed as a proposer of layer 2.",)


def test_without_proposers_the_aggregating_expert_improves_on_its_own_text() -> None:
    port = Layered()
    assert mixture().experts == ("judge",)
    mixture(layers=4).aggregate(items(1), generate=port)
    assert [(expert, sampling) for expert, _, sampling in port.calls] == [("judge", SAMPLING)] * 3
    assert "judge in call 2" in port.calls[2][1][0]


def test_two_layers_are_synthesis() -> None:
    port = Layered()
    [found] = mixture(layers=2, proposers=("ann",)).aggregate(items(1), generate=port)
    assert [expert for expert, _, _ in port.calls] == ["judge"]
    assert found.earlier == ()


def test_a_layer_in_which_all_fail_is_passed_over() -> None:
    port = Layered("ann")
    [found] = mixture(layers=3, proposers=("ann",)).aggregate(items(1), generate=port)
    assert "First 0." in port.calls[1][1][0]
    assert found.answer == "B"


def test_a_last_layer_that_fails_leaves_a_vote_on_the_first() -> None:
    [found] = mixture(layers=3, proposers=("ann",)).aggregate(items(1), generate=Layered("judge"))
    assert (found.answer, found.text) == ("A", "First 0. The answer is (A).")
    assert found.notes[0] == "The aggregator judge failed (Dead), so the fall-back 'majority' decided."
    assert [c.expert for c in found.earlier] == ["ann"]
    assert found.completion is not None and not found.completion.ok


def test_experts_are_named_once() -> None:
    assert mixture(proposers=("ann", "judge", "ann")).experts == ("judge", "ann")
    assert Mixture(MixtureConfig(kind="mixture", expert="judge")).aggregate([], generate=Port("x")) == []


@pytest.mark.parametrize("layers", [1, 5])
def test_wrong_numbers_of_layers_are_refused(layers: int) -> None:
    with pytest.raises(ValidationError, match="layers"):
        TypeAdapter(AggregatorConfig).validate_python({"kind": "mixture", "expert": "x", "layers": layers})
