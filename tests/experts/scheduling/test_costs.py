"""Costs: guessed before anything ran, learned from few observations, unmoved by one busy minute."""

import json
import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experts.scheduling.costs import CostBook
from experts.scheduling.model_costs import KEPT, ModelFacts
from experts.scheduling.robust_line import robust_line

GB = 10**9
ATLAS = ModelFacts(key="atlas", family="qwen", weight_bytes=5_000_000)
BARD = ModelFacts(key="bard", family="qwen", weight_bytes=5_000_000)
CLERK = ModelFacts(key="clerk", family="llama", weight_bytes=5_000_000)
GPU = "NVIDIA H100 80GB HBM3"


# --- first guesses -------------------------------------------------------------------------------


def test_an_empty_book_guesses_the_anchors_of_the_miniature_on_a_cpu() -> None:
    book = CostBook("cpu x2")
    prices = book.prices(ATLAS)
    assert prices.reload_s == pytest.approx(0.04, abs=0.005)
    assert prices.engine_s == pytest.approx(2.9, abs=0.1)
    assert prices.process_s == pytest.approx(9.6, abs=0.1)
    rate = 10_000 / (book.generate_seconds(ATLAS, 100, 0, 10_000) - 0.1)
    assert rate == pytest.approx(5_000, rel=0.3)
    assert book.switch_seconds(ATLAS, "reload").basis == book.work_line(ATLAS).basis == "guess"


def test_an_empty_book_guesses_in_the_order_of_the_ways_and_with_the_weights_on_a_gpu() -> None:
    book = CostBook(GPU)
    small, large = (ModelFacts(key=str(n), family=str(n), weight_bytes=n * GB) for n in (1, 15))
    for facts in (small, large):
        p = book.prices(facts)
        assert p.wake_s < p.reload_s < p.engine_s < p.process_s
    grown = book.prices(large).process_s - book.prices(small).process_s
    assert grown == pytest.approx(14 * 0.78)
    assert book.generate_seconds(large, 9, 0, 1000) > book.generate_seconds(small, 9, 0, 1000)


def test_weights_of_unknown_size_count_as_a_common_size_and_not_as_nothing() -> None:
    book = CostBook(GPU)
    unknown = ModelFacts(key="u", family="u")
    assert book.prices(unknown) == book.prices(ModelFacts(key="x", family="x", weight_bytes=15 * GB))


def test_no_request_takes_no_time() -> None:
    assert CostBook("cpu x2").generate_seconds(ATLAS, 0, 0, 0) == 0.0


# --- switches ------------------------------------------------------------------------------------


def test_one_observation_replaces_the_guess() -> None:
    book = CostBook("cpu x2")
    book.observe_switch(ATLAS, "reload", 0.2)
    assert book.switch_seconds(ATLAS, "reload").seconds == 0.2
    assert book.switch_seconds(ATLAS, "reload").basis == "model"
    assert book.switch_seconds(ATLAS, "new_engine").basis == "guess"


def test_a_switch_that_took_a_hundred_times_as_long_spoils_nothing() -> None:
    book = CostBook("cpu x2")
    for seconds in (0.05, 5.0, 0.05, 0.06):
        book.observe_switch(ATLAS, "reload", seconds)
    assert book.prices(ATLAS).reload_s == pytest.approx(0.055, abs=0.006)
    book.observe_switch(BARD, "reload", 5.0)
    assert book.prices(BARD).reload_s < 0.1, "one observation is outvoted by those of its family"


def test_a_machine_that_has_become_slower_is_learned_anew() -> None:
    book = CostBook("cpu x2")
    for seconds in [0.05] * 100 + [0.5] * (KEPT // 2 + 1):
        book.observe_switch(ATLAS, "reload", seconds)
    assert book.prices(ATLAS).reload_s == 0.5


def test_a_model_that_never_ran_costs_what_its_family_does_else_what_the_device_does() -> None:
    book = CostBook("cpu x2")
    book.observe_switch(ATLAS, "reload", 0.08)
    book.observe_switch(CLERK, "new_engine", 5.8)
    assert book.switch_seconds(BARD, "reload").seconds == 0.08
    assert book.switch_seconds(BARD, "reload").basis == "family"
    unlike = book.switch_seconds(ModelFacts(key="z", family="z", weight_bytes=5_000_000), "new_engine")
    assert unlike.seconds == pytest.approx(5.8) and unlike.basis == "device"


def test_over_models_of_several_sizes_a_line_is_learned() -> None:
    book = CostBook(GPU)
    for size in (1, 2, 4, 8):
        facts = ModelFacts(key=f"m{size}", family=f"f{size}", weight_bytes=size * GB)
        book.observe_switch(facts, "reload", 0.5 + 0.2 * size)
    found = book.switch_seconds(ModelFacts(key="new", family="new", weight_bytes=16 * GB), "reload")
    assert found.seconds == pytest.approx(0.5 + 0.2 * 16) and found.basis == "device"


# --- work ----------------------------------------------------------------------------------------


def observe(book: CostBook, facts: ModelFacts, requests: int, tokens: int, seconds: float) -> None:
    book.observe_work(facts, requests, 0, tokens, seconds)


def test_fixed_seconds_and_rate_are_told_apart() -> None:
    book = CostBook("cpu x2")
    for tokens in (1_000, 2_000, 8_000, 16_000):
        observe(book, ATLAS, 50, tokens, 0.7 + tokens / 4_000)
    line = book.work_line(ATLAS)
    assert line.fixed_s == pytest.approx(0.7) and 1 / line.token_s == pytest.approx(4_000)
    assert book.generate_seconds(ATLAS, 50, 0, 40_000) == pytest.approx(10.7)


def test_one_run_is_enough_to_plan_another_of_any_size() -> None:
    book = CostBook("cpu x2")
    observe(book, ATLAS, 100, 3_000, 2.0)
    assert book.generate_seconds(ATLAS, 100, 0, 3_000) == pytest.approx(2.0)
    assert book.generate_seconds(ATLAS, 1_000, 0, 30_000) == pytest.approx(20.0, rel=0.1)


def test_single_questions_do_not_teach_a_rate() -> None:
    """A sequence alone is slow however fast a batch is: 30 tokens in 0.3 s are not 100 tokens a second."""
    book = CostBook("cpu x2")
    for _ in range(5):
        observe(book, ATLAS, 1, 30, 0.3)
    assert book.generate_seconds(ATLAS, 1, 0, 30) == pytest.approx(0.3)
    assert book.generate_seconds(ATLAS, 1_000, 0, 30_000) < 10.0


def test_work_that_took_a_hundred_times_as_long_spoils_nothing() -> None:
    book = CostBook("cpu x2")
    for tokens in (1_000, 2_000, 4_000, 8_000, 12_000, 16_000):
        observe(book, ATLAS, 50, tokens, 0.5 + tokens / 4_000)
    observe(book, ATLAS, 50, 3_000, 120.0)
    assert book.generate_seconds(ATLAS, 50, 0, 10_000) == pytest.approx(3.0, rel=0.15)


def test_a_model_that_never_ran_generates_like_its_family() -> None:
    book = CostBook("cpu x2")
    observe(book, ATLAS, 100, 10_000, 10.0)
    line = book.work_line(BARD)
    assert line.seconds(10_000) == pytest.approx(10.0) and line.basis == "family"
    assert book.work_line(CLERK).basis == "device"


def test_within_a_quarter_after_one_noisy_run_on_a_machine_unlike_the_guesses() -> None:
    """As the bar for the planner: eight experts, each seen once, then a round of another size."""
    rng = random.Random(7)
    book = CostBook("cpu x2")
    pool = [ModelFacts(key=f"e{i}", family="f", weight_bytes=5_000_000) for i in range(8)]

    def true_seconds(tokens: float) -> float:
        return 0.3 + tokens / 2_500

    for facts in pool:
        tokens = rng.randint(2_000, 6_000)
        observe(book, facts, tokens // 30, tokens, true_seconds(tokens) * rng.uniform(0.9, 1.1))
    planned = sum(book.generate_seconds(facts, 300, 0, 9_000) for facts in pool)
    assert planned == pytest.approx(8 * true_seconds(9_000), rel=0.25)


@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.integers(0, 10**5), st.integers(0, 10**5), st.floats(0, 1e4)),
        max_size=20,
    )
)
def test_estimates_are_never_negative_and_never_fall_with_tokens(
    seen: list[tuple[int, int, int, float]],
) -> None:
    book = CostBook("cpu x2")
    for requests, prompt, completion, seconds in seen:
        book.observe_work(ATLAS, requests, prompt, completion, seconds)
    for facts in (ATLAS, BARD, CLERK):
        line = book.work_line(facts)
        assert line.fixed_s >= 0 and line.token_s >= 0
        assert book.generate_seconds(facts, 10, 100, 2_000) >= book.generate_seconds(facts, 10, 100, 1_000)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), max_size=16))
def test_a_line_does_not_depend_on_the_order_of_points(points: list[tuple[float, float]]) -> None:
    line = robust_line(points)
    assert line == robust_line(points[::-1])
    assert line is None or (line[0] >= 0 and line[1] > 0)


# --- tokens, start, shares -----------------------------------------------------------------------


def test_lengths_of_prompts_and_answers_are_learned() -> None:
    book = CostBook("cpu x2")
    assert (book.answer_tokens("atlas", 96), book.prompt_tokens("atlas", 400)) == (48.0, 100.0)
    book.observe_work(ATLAS, 10, prompt_tokens=500, completion_tokens=200, seconds=1, prompt_characters=1_000)
    assert (book.answer_tokens("atlas", 96), book.prompt_tokens("atlas", 400)) == (20.0, 200.0)
    assert book.answer_tokens("atlas", 8) == 8.0, "no more than may be generated"


def test_the_start_is_learned() -> None:
    book = CostBook("cpu x2")
    assert (book.start_seconds().seconds, book.start_seconds().basis) == (4.0, "guess")
    for seconds in (6.0, 7.0, 600.0):
        book.observe_start(seconds)
    assert (book.start_seconds().seconds, book.start_seconds().basis) == (7.0, "device")


def test_shares_are_those_of_the_last_run() -> None:
    book = CostBook("cpu x2")
    assert book.shares("r") is None
    book.observe_shares("r", {"atlas": 1.0})
    book.observe_shares("r", {"atlas": 0.4, "bard": 0.6})
    assert book.shares("r") == {"atlas": 0.4, "bard": 0.6}


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_times_that_are_none_are_refused(seconds: float) -> None:
    book = CostBook("cpu x2")
    with pytest.raises(ValueError, match="finite number of seconds"):
        book.observe_switch(ATLAS, "reload", seconds)
    with pytest.raises(ValueError, match="finite number of seconds"):
        book.observe_work(ATLAS, 1, 1, 1, seconds)
    assert book.to_dict()["models"] == {}


# --- plain values --------------------------------------------------------------------------------


def test_a_book_survives_json() -> None:
    book = CostBook("cpu x2")
    book.observe_switch(ATLAS, "reload", 0.2)
    book.observe_switch(CLERK, "new_process", 12)
    book.observe_work(ATLAS, 10, 500, 200, 1.5, 1_000)
    book.observe_start(5)
    book.observe_shares("r", {"b": 0.4, "a": 0.6})
    again = CostBook.from_dict("cpu x2", json.loads(json.dumps(book.to_dict())))
    assert again.to_dict() == book.to_dict()
    assert again.prices(BARD) == book.prices(BARD)
    assert again.work_line(ATLAS) == book.work_line(ATLAS)


def test_what_is_stored_is_bounded_and_the_longest_unseen_is_forgotten() -> None:
    book = CostBook("cpu x2")
    for i in range(700):
        book.observe_switch(ModelFacts(key=f"m{i}", family="f"), "reload", 0.1)
        book.observe_shares(f"r{i}", {"a": 1.0})
    for _ in range(100):
        book.observe_switch(ModelFacts(key="m0", family="f"), "reload", 0.1)
    stored = book.to_dict()
    assert len(stored["models"]) == 500 and {"m0", "m699", "m201"} <= set(stored["models"])
    assert "m1" not in stored["models"]
    assert list(stored["shares"]) == [f"r{i}" for i in range(600, 700)]
    assert len(stored["models"]["m0"]["switches"]["reload"]) == KEPT
    assert median(stored["models"]["m0"]["switches"]["reload"]) == 0.1
