"""Certainty measured in real engines: equal to a forward pass, for those who ask, and without any trace."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from experts.completion import Completion, Request
from experts.engine import generate
from experts.hosting.certainty import CertaintyGauge
from experts.hosting.hosted_engine import HostedEngine
from experts.hosting.messages import Tokens


def test_texts_are_the_same_with_and_without_certainty(trial: dict[str, Any]) -> None:
    found = trial["certainty"]
    for way in ("on", "mixed", "stream", "approximate"):
        assert found[way][0] == found["off"][0], way


def test_only_requests_that_ask_are_measured(trial: dict[str, Any]) -> None:
    found = trial["certainty"]
    assert found["off"][1] == [None] * 4
    assert [told is not None for told in found["mixed"][1]] == [True, False, True, False]
    assert found["mixed"][1][0] == pytest.approx(found["on"][1][0], abs=1e-4, nan_ok=False)


@pytest.mark.parametrize(
    ("way", "expected"), [("on", "expected"), ("stream", "expected"), ("hot", "expected_hot")]
)
def test_certainty_equals_a_forward_pass_in_float32(trial: dict[str, Any], way: str, expected: str) -> None:
    # "hot" is drawn at temperature 1.5: the certainty is that of the model as it is, without temperature.
    found = trial["certainty"]
    for told, values in zip(found[way][1], found[expected], strict=True):
        assert told[:2] == pytest.approx(values, abs=1e-3)
        assert told[2] is None


def test_without_a_watch_certainty_is_approximated_from_below_and_named_so(trial: dict[str, Any]) -> None:
    found = trial["certainty"]
    for told, values in zip(found["approximate"][1], found["expected"], strict=True):
        assert told[0] == pytest.approx(values[0], abs=1e-3)
        assert 0.0 < told[1] <= values[1] + 1e-3
        assert told[2] == 20


@pytest.mark.asyncio(loop_scope="session")
async def test_a_hosted_expert_tells_its_certainty_to_those_who_ask(
    hosted: HostedEngine, ask: Callable[..., Request]
) -> None:
    requests = [
        ask("plain", "abacus"),
        ask("sure", "abacus", certainty=True),
        ask("cut", "abacus", certainty=True, stop=["e"]),
    ]
    plain, sure, cut = await generate(hosted, requests)
    assert (sure.text, plain.certainty) == (plain.text, None)
    assert _is_measured(sure)
    assert _is_measured(cut), "an answer that ends at a stop string has tokens too"


def _is_measured(completion: Completion) -> bool:
    told = completion.certainty
    return told is not None and told.mean_logprob < 0.0 < told.self_certainty and told.top_k is None


class Unwatchable:
    """An engine whose worker samples in a way of its own."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.model_config = SimpleNamespace(get_vocab_size=lambda: 50)

    def collective_rpc(self, call: object, args: tuple[object, ...] = ()) -> list[bool]:
        if self.error is not None:
            raise self.error
        return [False]


@pytest.mark.parametrize("error", [None, AttributeError("no model_runner")])
def test_what_cannot_be_watched_is_approximated(error: Exception | None) -> None:
    gauge = CertaintyGauge(Unwatchable(error))
    assert gauge.begin("1/a") == ("1/a", 20)
    place = {7: SimpleNamespace(logprob=-0.5), 8: SimpleNamespace(logprob=-1.0)}
    answer = SimpleNamespace(token_ids=[7], logprobs=[place])
    assert gauge.see(SimpleNamespace(request_id="1/a", outputs=[answer])) == "1/a"
    [event] = gauge.complete([Tokens("1/a", (7,), "stop")])
    assert event.certainty is not None
    assert (event.certainty.mean_logprob, event.certainty.top_k) == (-0.5, 2)


def test_events_of_requests_that_did_not_ask_are_left_as_they_are() -> None:
    events = [Tokens("1/a", (7,), "stop"), Tokens("1/b", (), "abort")]
    assert CertaintyGauge(Unwatchable()).complete(events) == events
