"""Position bias: a reader that follows positions is told from one that follows content."""

import math
import re
from collections.abc import Callable, Sequence

import pytest
from checks.ports import dead, said

from aggregators.reading.config import JudgeConfig, SynthesisConfig
from aggregators.reading.judge import Judge
from aggregators.reading.synthesis import Synthesis
from eval.position_bias import measure_position_bias
from experts.completion import Completion
from experts.errors import ConfigError
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from experts.verdict import Candidates

JUDGE = Judge(JudgeConfig(kind="judge", expert="judge"))


class Reader:
    """A `generate` port whose reply depends on what it reads."""

    def __init__(self, reply: Callable[[str], str]) -> None:
        self.reply, self.calls = reply, 0

    def __call__(
        self, expert: str, conversations: Sequence[Sequence[Message]], sampling: SamplingConfig | None
    ) -> list[Completion]:
        self.calls += 1
        return [said(expert, self.reply(turns[-1].content)) for turns in conversations]


def first(text: str) -> str:
    """Always prefers the first candidate."""
    return "Best response: 1"


def careful(text: str) -> str:
    """Prefers the candidate that says B, wherever it stands."""
    found = re.search(r"### Response (\d)\n~~~ \w+\nThe answer is \(B\)", text)
    return f"Best response: {found[1]}" if found else "I do not know."


def items(*answers: str) -> list[Candidates]:
    """One query per word of letters: what the experts answered."""
    return [
        Candidates(
            query=Query.from_text("Which?", id=f"q{i}", choices=("red", "green", "blue")),
            completions=tuple(said(f"e{j}", f"The answer is ({x}).") for j, x in enumerate(letters)),
        )
        for i, letters in enumerate(answers)
    ]


def test_a_reader_that_prefers_the_first_is_found_out() -> None:
    reader = Reader(first)
    bias = measure_position_bias(JUDGE, items("ABC", "BCA", "BAC"), reader)
    assert bias.rates == (1.0, 0.0, 0.0)
    assert bias.chance == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert (bias.consistent, bias.by_position, bias.elsewhere) == (0.0, 1.0, 0.0)
    assert reader.calls == 3, "one call per rotation"


def test_a_reader_that_follows_content_is_not_blamed_for_a_good_first_expert() -> None:
    bias = measure_position_bias(JUDGE, items("BAC", "BAC", "BCA"), Reader(careful))
    assert bias.rates == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert (bias.consistent, bias.by_position) == (1.0, 0.0)


def test_what_says_nothing_about_positions_is_left_out() -> None:
    asked = items("AAA", "BA", "AC")
    asked[1] = Candidates(
        query=asked[1].query, completions=(dead("x"), said("y", "Hm."), *asked[1].completions)
    )
    bias = measure_position_bias(JUDGE, asked, Reader(careful))
    assert (bias.items, bias.agreed, bias.fell_back) == (1, 1, 1)
    assert bias.rates == (0.5, 0.5)


def test_a_choice_that_several_support_counts_in_parts_and_a_new_answer_nowhere() -> None:
    synthesis = Synthesis(SynthesisConfig(kind="synthesis", expert="judge"))
    both = measure_position_bias(synthesis, items("ABA"), Reader(lambda text: "The answer is (A)."))
    assert both.rates == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    new = measure_position_bias(synthesis, items("AB"), Reader(lambda text: "The answer is (C)."))
    assert (new.elsewhere, new.consistent, new.by_position) == (1.0, 1.0, 0.0)
    assert all(math.isnan(rate) for rate in new.rates)


def test_rotations_are_counted_and_checked() -> None:
    reader = Reader(first)
    bias = measure_position_bias(JUDGE, items("ABC", "AB"), reader, rotations=2)
    assert (reader.calls, bias.items, bias.by_position) == (2, 2, 1.0)
    with pytest.raises(ConfigError, match="at least 2, got 1"):
        measure_position_bias(JUDGE, items("AB"), reader, rotations=1)
    nothing = measure_position_bias(JUDGE, [], reader)
    assert (nothing.items, nothing.rates) == (0, ())
    assert math.isnan(nothing.consistent)
