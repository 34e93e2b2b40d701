"""When an option replaces the vote, for which group, and what the choice says of it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from aggregators.chosen.choice import Choice
from aggregators.chosen.choosing import choose_aggregator, chosen_options
from aggregators.chosen.grouping import NOWHERE, Grouping, fit_grouping
from aggregators.chosen.shrinkage import shrink
from aggregators.config import AggregatorConfig
from aggregators.reading.config import JudgeConfig
from aggregators.votes.config import MajorityVoteConfig, TopExpertConfig, WeightedVoteConfig
from experts.encoders.config import LexicalEncoderConfig
from experts.errors import AggregationError

JUDGE = JudgeConfig(kind="judge", expert="judge")
OPTIONS: dict[str, AggregatorConfig] = {"judge": JUDGE}
TEXTS = [f"{('river delta water', 'sum digits number')[i % 2]} {i}" for i in range(80)]


def ones(n: int, share: float) -> NDArray[np.float64]:
    """Scores of which the first `share` are 1."""
    return (np.arange(n) < share * n).astype(np.float64)


def choose(n: int = 400, **shares: float) -> Choice:
    scores = {name: ones(n, share) for name, share in ({"vote": 0.5, "top": 0.4} | shares).items()}
    options = {name: WeightedVoteConfig() for name in shares if name != "top"}
    return choose_aggregator(options, scores)


def grouping() -> tuple[Grouping, NDArray[np.int64]]:
    found = fit_grouping(TEXTS, LexicalEncoderConfig(dimensions=8), 2)
    return found, found.labels(TEXTS)


def test_vote_and_top_can_always_be_chosen() -> None:
    choice = choose()
    assert choice.options == {"vote": MajorityVoteConfig(), "top": TopExpertConfig()}
    assert choice.everywhere.chosen == "vote"
    assert choose(top=0.9).everywhere.chosen == "top"


def test_a_name_of_theirs_for_something_else_is_refused() -> None:
    scores = {"vote": ones(9, 0.5), "top": ones(9, 0.5)}
    with pytest.raises(AggregationError, match="'top' is always 'top', got 'judge'"):
        choose_aggregator({"top": JUDGE}, scores)


def test_an_option_that_is_clearly_better_replaces_the_vote() -> None:
    choice = choose(better=0.6)
    assert choice.everywhere.chosen == "better"
    found = choice.everywhere.evidence["better"]
    assert found.accuracy == 0.6
    assert found.difference == pytest.approx(0.1)
    assert 0 < found.bound < found.difference
    assert "+10.0 points" in choice.everywhere.why


def test_a_small_gain_and_a_gain_on_few_questions_do_not() -> None:
    assert choose(better=0.505).everywhere.chosen == "vote"
    assert choose(n=10, better=0.6).everywhere.chosen == "vote"
    assert "nothing is shown to be better" in choose(n=10, better=0.6).everywhere.why


def test_an_equal_option_never_does_and_the_first_of_equally_good_ones_wins() -> None:
    assert choose(same=0.5).everywhere.chosen == "vote"
    assert choose(first=0.7, second=0.7).everywhere.chosen == "first"


def test_the_bound_is_wider_where_more_options_could_win_by_luck() -> None:
    few, many = choose(o0=0.52), choose(400, **{f"o{i}": 0.52 for i in range(30)})
    assert few.everywhere.chosen == "o0"
    assert many.everywhere.chosen == "vote"
    assert many.everywhere.evidence["o0"].bound < 0 < few.everywhere.evidence["o0"].bound


def test_a_judge_that_is_good_at_one_group_only_is_taken_there_only() -> None:
    found, labels = grouping()
    rivers = np.arange(80) % 2 == 0
    scores = {
        "vote": (~rivers).astype(float),
        "top": np.zeros(80),
        "judge": rivers.astype(float),
    }
    subjects = ["rivers" if r else "sums" for r in rivers]
    choice = choose_aggregator(OPTIONS, scores, grouping=found, labels=labels, subjects=subjects)
    by_subject = {tuple(g.subjects): g.chosen for g in choice.groups}
    assert by_subject == {("rivers",): "judge", ("sums",): "vote"}
    picks = chosen_options(choice, found.labels(["a river and its delta", "a number of digits"]))
    assert picks == ["judge", "vote"]


def test_a_question_like_no_other_gets_the_choice_over_all_groups() -> None:
    found, labels = grouping()
    scores = {"vote": ones(80, 0.2), "top": ones(80, 0.2), "judge": ones(80, 0.9)}
    choice = choose_aggregator(OPTIONS, scores, grouping=found, labels=labels)
    assert found.labels(["zzz qqq"]).tolist() == [NOWHERE]
    assert chosen_options(choice, np.array([NOWHERE])) == [choice.everywhere.chosen] == ["judge"]


def test_groups_that_differ_by_chance_only_are_judged_together() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(8), 50)
    equal = shrink((rng.random(400) < 0.1).astype(float), labels, 8)
    assert np.ptp(equal.mean) < 0.5 * np.ptp(equal.raw)
    apart = shrink(np.where(labels < 4, 0.4, -0.4), labels, 8)
    np.testing.assert_allclose(apart.mean, apart.raw, atol=0.05)


def test_an_empty_group_has_the_common_difference_and_a_wide_error() -> None:
    found = shrink(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0, 0, 0, 0]), 2)
    assert np.isnan(found.raw[1])
    assert found.mean[1] == 0.5
    assert found.error[1] >= found.error[0] > 0


def test_equal_inputs_give_equal_choices() -> None:
    scores = {"vote": ones(80, 0.5), "top": ones(80, 0.3), "judge": ones(80, 0.6)}
    once, again = (
        choose_aggregator(OPTIONS, scores, grouping=g, labels=labels)
        for g, labels in (grouping(), grouping())
    )
    assert once == again


def test_scores_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(AggregationError, match="none of judge"):
        choose_aggregator(OPTIONS, {"vote": ones(4, 1), "top": ones(4, 1)})
    with pytest.raises(AggregationError, match="same questions"):
        choose_aggregator({}, {"vote": ones(4, 1), "top": ones(5, 1)})
    with pytest.raises(AggregationError, match=r"in \[0, 1\]"):
        choose_aggregator({}, {"vote": ones(4, 1), "top": np.full(4, np.nan)})


def test_there_are_fewer_groups_where_there_are_few_questions() -> None:
    assert len(fit_grouping(TEXTS[:19], LexicalEncoderConfig(dimensions=8), 8).centroids) == 1
