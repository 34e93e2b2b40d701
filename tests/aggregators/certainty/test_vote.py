"""Votes by certainty: the surer weighs more, on one scale only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aggregators.build import build_aggregator
from aggregators.certainty.calibration import CertaintyCalibration, ExpertCurve
from aggregators.certainty.config import CertaintyVoteConfig
from aggregators.certainty.vote import CertaintyVote
from experts.completion import Certainty, Completion, Usage
from experts.errors import AggregationError, ConfigError
from experts.query import Query
from experts.verdict import Candidates, Verdict

QUERY = Query.from_text("Which colour?", choices=("red", "green", "blue", "white"))


def said(
    expert: str, letter: str, certainty: float | None, *, tokens: int = 10, sample: int = 0
) -> Completion:
    told = None if certainty is None else Certainty(mean_logprob=-1.0, self_certainty=certainty)
    return Completion(
        request_id=f"{expert}{sample}",
        expert=expert,
        query_id=QUERY.id,
        text=f"The answer is ({letter})." if letter else "I cannot say.",
        finish_reason="stop",
        sample_index=sample,
        certainty=told,
        usage=Usage(completion_tokens=tokens),
    )


def samples(*votes: tuple[str, float | None]) -> tuple[Completion, ...]:
    """Samples of one expert."""
    return tuple(said("a", letter, certainty, sample=i) for i, (letter, certainty) in enumerate(votes))


def curve(certainty_mean: float, accuracy: float = 0.5) -> ExpertCurve:
    """Half right at its mean certainty; two points above it, 7 in 8."""
    return ExpertCurve(
        n=100,
        accuracy=accuracy,
        intercept=0.0,
        certainty_mean=certainty_mean,
        certainty_scale=1.0,
        certainty_slope=1.0,
        length_mean=2.0,
        length_scale=1.0,
        length_slope=-0.5,
    )


CURVES = CertaintyCalibration(curves={"a": curve(2.0), "b": curve(20.0), "c": curve(20.0)})


def decide(
    *completions: Completion, power: float = 0.5, calibration: CertaintyCalibration | None = None
) -> Verdict:
    vote = CertaintyVote(CertaintyVoteConfig(kind="certainty", power=power), calibration=calibration)
    [verdict] = vote.aggregate([Candidates(query=QUERY, completions=completions)])
    return verdict


def test_samples_of_one_expert_are_ranked_by_raw_certainty() -> None:
    votes = samples(("A", 1.0), ("B", 9.0), ("A", 2.0))
    assert decide(*votes, power=0.5).answer == "A", "1 + sqrt(2) against sqrt(3)"
    verdict = decide(*votes, power=2.0)
    assert verdict.answer == "B"
    assert verdict.support == pytest.approx(9 / 14)


def test_power_zero_is_a_majority_vote() -> None:
    verdict = decide(*samples(("A", 1.0), ("B", 9.0), ("A", 2.0)), power=0.0)
    assert verdict.answer == "A"
    assert verdict.support == pytest.approx(2 / 3)


def test_unparsed_samples_keep_their_place_and_do_not_vote() -> None:
    verdict = decide(*samples(("A", 1.0), ("", 9.0), ("B", 2.0)), power=1.0)
    assert verdict.answer == "B"
    assert verdict.support == pytest.approx(2 / 3)


def test_equally_sure_ones_are_placed_by_rank() -> None:
    assert decide(*samples(("C", 5.0), ("B", 5.0))).answer == "C"


def test_several_experts_need_a_calibration() -> None:
    with pytest.raises(AggregationError, match=r"different experts \(a, b\) cannot be compared"):
        decide(said("a", "A", 3.0), said("b", "B", 20.0))


def test_chances_and_not_raw_figures_rank_several_experts() -> None:
    # b's figure is higher, but a is far surer than usual and b is as sure as ever.
    verdict = decide(said("b", "B", 20.0), said("a", "A", 4.0), calibration=CURVES)
    assert (verdict.answer, verdict.notes) == ("A", ())


def test_the_length_of_an_answer_counts() -> None:
    short, long = said("b", "B", 20.0, tokens=5), said("c", "C", 20.0, tokens=500)
    assert decide(long, short, calibration=CURVES).answer == "B"


@pytest.mark.parametrize(
    "odd", [said("b", "B", None), said("stranger", "B", 30.0)], ids=["untold", "no curve"]
)
def test_who_cannot_be_placed_gets_the_mean_vote(odd: Completion) -> None:
    verdict = decide(odd, said("a", "A", 4.0), said("c", "C", 20.0), calibration=CURVES, power=1.0)
    assert verdict.answer == "A"
    assert verdict.support == pytest.approx(2 / 4.5)
    assert verdict.notes == ("1 of 3 completions had no certainty and got the mean vote.",)


def test_one_certainty_alone_needs_no_calibration() -> None:
    assert decide(said("a", "A", 3.0), said("b", "B", None)).answer == "A"


def test_without_any_certainty_all_votes_weigh_the_same() -> None:
    verdict = decide(said("a", "A", None), said("b", "B", None), said("c", "B", None))
    assert verdict.answer == "B"
    assert verdict.support == pytest.approx(2 / 3)
    assert verdict.notes == ("3 of 3 completions had no certainty and got the mean vote.",)


def test_errors_neither_vote_nor_have_a_place() -> None:
    broken = replace(said("a", "A", None), finish_reason="error", error="Died.", text="")
    verdict = decide(broken, said("b", "B", 20.0), calibration=CURVES)
    assert (verdict.answer, verdict.support, verdict.notes) == ("B", 1.0, ())


def test_the_calibration_of_a_configuration_is_read(tmp_path: Path) -> None:
    path = tmp_path / "certainty.json"
    with pytest.raises(ConfigError, match=r"certainty\.json"):
        build_aggregator(CertaintyVoteConfig(kind="certainty", calibration=path))
    CURVES.save(path)
    built = build_aggregator(CertaintyVoteConfig(kind="certainty", calibration=path))
    assert isinstance(built, CertaintyVote)
    assert built.calibration == CURVES
