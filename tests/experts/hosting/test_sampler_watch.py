"""The watch in the sampler's place: which rows it measures, and that it hands all else on."""

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from experts.hosting.sampler_watch import (
    SamplerWatch,
    marked,
    measure,
    read_watch,
    unmarked,
    watch_sampler,
)

V = 11


def worker(names: Sequence[str], unread: Sequence[bool], *, speculates: bool = False) -> Any:
    """A worker as vLLM's first model runner has it, with a sampler that takes the likeliest token."""

    def sample(logits: Any, sampling_metadata: Any) -> Any:
        best = logits.argmax(dim=-1)
        logits.fill_(0.0)  # the real one divides by temperatures in place
        return SimpleNamespace(sampled_token_ids=best[:, None].int())

    runner = SimpleNamespace(
        sampler=sample,
        speculative_config=object() if speculates else None,
        input_batch=SimpleNamespace(req_ids=list(names)),
        discard_request_mask=SimpleNamespace(np=np.array(unread)),
    )
    return SimpleNamespace(model_runner=runner)


def logits_of(n: int, seed: int = 0) -> Any:
    return torch.randn(n, V, generator=torch.Generator().manual_seed(seed)) * 3


def expected(row: Any) -> tuple[float, float]:
    """(log-probability of the likeliest token, self-certainty) by the definition, in double precision."""
    logits = row.double().numpy()
    logprobs = logits - np.log(np.exp(logits).sum())
    return float(logprobs.max()), float(np.mean(np.log(1 / V) - logprobs))


def test_rows_that_ask_and_keep_their_token_are_measured() -> None:
    asks = [marked("1/a") + "-0a1b", "1/b-0a1b", marked("1/c") + "-ffff"]
    one = worker(asks, [False, False, True])
    assert watch_sampler(one)
    logits = logits_of(3)
    before = logits.clone()
    output = one.model_runner.sampler(logits=logits, sampling_metadata=None)
    assert output.sampled_token_ids[:, 0].tolist() == before.argmax(dim=-1).tolist()
    found = read_watch(one, {"1/a": 1, "1/b": 1, "1/c": 1}, [])
    assert set(found) == {"1/a"}, "b does not ask, and c's prompt is still being read"
    assert found["1/a"] == pytest.approx(expected(before[0]), abs=1e-5)


def test_the_mean_is_over_the_tokens_given_though_the_engine_works_ahead() -> None:
    one = worker([marked("a")], [False])
    watch_sampler(one)
    steps = [logits_of(1, seed) for seed in range(3)]
    wanted = [expected(step[0]) for step in steps]
    for step in steps:
        one.model_runner.sampler(logits=step, sampling_metadata=None)
    found = read_watch(one, {"a": 2}, ["a"])
    assert found["a"] == pytest.approx(np.mean(wanted[:2], axis=0), abs=1e-5)
    assert read_watch(one, {"a": 1}, []) == {}, "what has ended is forgotten"


def test_an_answer_that_was_not_measured_whole_is_left_out() -> None:
    one = worker([marked("a")], [False])
    watch_sampler(one)
    one.model_runner.sampler(logits=logits_of(1), sampling_metadata=None)
    assert read_watch(one, {"a": 2}, []) == {}


def test_the_other_model_runner_hands_its_batch_to_the_sampler() -> None:
    batch = SimpleNamespace(
        req_ids=[marked("a"), marked("b")],
        prefill_len_np=np.array([5, 9]),
        seq_lens_cpu_upper_bound=torch.tensor([5, 4]),
    )
    runner = SimpleNamespace(
        sampler=lambda logits, input_batch: SimpleNamespace(sampled_token_ids=logits.argmax(-1, True))
    )
    one = SimpleNamespace(model_runner=runner)
    assert watch_sampler(one)
    logits = logits_of(2)
    runner.sampler(logits, batch)
    assert set(read_watch(one, {"a": 1, "b": 1}, [])) == {"a"}, "b's prompt has 9 tokens, 4 are read"


def test_trial_runs_of_the_engine_are_no_requests() -> None:
    one = worker([], [])
    watch_sampler(one)
    one.model_runner.sampler(logits=logits_of(4), sampling_metadata=None)
    assert one.model_runner.sampler.read({"a": 1}, []) == {}


def test_speculative_decoding_and_missing_samplers_cannot_be_watched() -> None:
    assert not watch_sampler(worker([], [], speculates=True))
    assert not watch_sampler(SimpleNamespace(model_runner=SimpleNamespace(sampler=None)))


def test_a_sampler_is_watched_once_and_keeps_what_it_has() -> None:
    sampler = torch.nn.Softmax()
    one = SimpleNamespace(model_runner=SimpleNamespace(sampler=sampler))
    assert watch_sampler(one) and watch_sampler(one)
    watch = one.model_runner.sampler
    assert isinstance(watch, SamplerWatch)
    assert watch.training is True
    assert watch._sampler is sampler


def test_tokens_that_cannot_be_given_are_not_in_the_vocabulary() -> None:
    logits = logits_of(2)
    padded = torch.cat([logits, torch.full((2, 5), -math.inf)], dim=1)
    taken = torch.tensor([3, 4])
    short, long = (measure(values.log_softmax(-1), taken) for values in (logits, padded))
    assert torch.allclose(short, long, atol=1e-5)


def test_equal_logits_are_no_certainty_at_all() -> None:
    [[logprob, certainty]] = measure(torch.full((1, V), 2.5).log_softmax(-1), torch.tensor([0])).tolist()
    assert logprob == pytest.approx(-math.log(V), abs=1e-6)
    assert certainty == pytest.approx(0.0, abs=1e-6)


def test_ids_without_a_mark_are_left_as_they_are() -> None:
    assert unmarked("3/plain") == "3/plain"
    assert unmarked(marked("3/a<b>c")) == "3/a<b>c"
    assert unmarked(marked("3/a") + "-12ab34cd") == "3/a"
