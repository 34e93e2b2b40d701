"""What all votes share: equivalence of open answers, on top of any count."""

import pytest
from checks.ports import said
from pydantic import TypeAdapter

from aggregators.build import build_aggregator
from aggregators.config import AggregatorConfig
from aggregators.votes.config import MajorityVoteConfig
from aggregators.votes.counting import MajorityVote
from experts.errors import AggregationError
from experts.query import Query
from experts.verdict import Candidates, Verdict

OPEN = Query.from_text("How much?")


def vote(config: dict[str, object], *answers: str) -> Verdict:
    aggregator = build_aggregator(TypeAdapter[AggregatorConfig](AggregatorConfig).validate_python(config))
    completions = tuple(said(f"e{i}", f"\\boxed{{{answer}}}") for i, answer in enumerate(answers))
    estimates = {c.expert: 0.5 for c in completions}
    return aggregator.aggregate([Candidates(query=OPEN, completions=completions, estimates=estimates)])[0]


@pytest.mark.parametrize(
    "config", [{"kind": "majority"}, {"kind": "weighted"}, {"kind": "borda"}, {"kind": "complexity"}], ids=str
)
def test_equal_values_vote_together(config: dict[str, object]) -> None:
    pytest.importorskip("math_verify")
    answers = ("3", r"\frac{1}{2}", "2", "0.5")
    apart = vote(config, *answers)
    together = vote({**config, "equivalence": {"kind": "math"}}, *answers)
    assert apart.answer == "3"
    assert (together.answer, together.agreed) == (r"\frac{1}{2}", ("e1", "e3"))


def test_the_top_expert_has_those_agree_whose_value_is_the_same() -> None:
    pytest.importorskip("math_verify")
    verdict = vote({"kind": "top", "equivalence": {"kind": "math"}}, "1/2", "0.5", "2")
    assert verdict.agreed == ("e0", "e1")


def test_a_vote_is_not_made_without_its_equivalence() -> None:
    config = MajorityVoteConfig.model_validate({"equivalence": {"kind": "embedding"}})
    with pytest.raises(AggregationError, match="build_aggregator"):
        MajorityVote(config)
