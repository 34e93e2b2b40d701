"""Rules of stopping: thresholds at their edges, costs, and what is said."""

from typing import Any

import pytest
from checks.ports import dead, said
from pydantic import TypeAdapter, ValidationError

from compound.stopping import NextExpert, PosteriorRule, StoppingRule, WorthRule, stopping_rule
from compound.stopping_config import PosteriorStoppingConfig, StoppingConfig
from experts.completion import Completion
from experts.query import Query
from experts.verdict import Candidates


def rule(**config: Any) -> StoppingRule:
    return stopping_rule(TypeAdapter[Any](StoppingConfig).validate_python(config))


def item(*answers: str | Completion, **estimates: float) -> Candidates:
    """Experts a, b, c, ... who answered so; four options."""
    completions = tuple(
        said(name, f"The answer is ({given}).") if isinstance(given, str) else given
        for name, given in zip("abcdef", answers, strict=False)
    )
    query = Query.from_text("Which?", id="q1", choices=["w", "x", "y", "z"])
    return Candidates(query=query, completions=completions, estimates=estimates)


def reason(rule: StoppingRule, item: Candidates, *following: str, cost: float = 1.0) -> str | None:
    [said] = rule.reasons([item], [[NextExpert(name, cost) for name in following or ("c", "d")]])
    return said


def test_rules_are_built_by_kind() -> None:
    assert isinstance(rule(kind="posterior"), PosteriorRule)
    assert isinstance(rule(kind="worth", value=10), WorthRule)


@pytest.mark.parametrize(("threshold", "stops"), [(0.0, True), (0.5, True), (0.51, False), (1.0, False)])
def test_support_at_the_threshold_is_enough(threshold: float, stops: bool) -> None:
    split = reason(rule(kind="posterior", threshold=threshold, by={"kind": "majority"}), item("A", "B"))
    assert (split is not None) == stops


def test_a_threshold_of_one_stops_only_where_nothing_speaks_against_the_answer() -> None:
    unanimous = rule(kind="posterior", threshold=1.0, by={"kind": "majority"})
    assert reason(unanimous, item("A", "A")) == "the leading answer has support 1.000, and 1 is enough"
    assert reason(unanimous, item("A", "A", "B")) is None
    assert reason(rule(kind="posterior", threshold=1.0), item("A", "A", a=0.9, b=0.9)) is None


def test_the_posterior_is_that_of_the_estimates() -> None:
    # 0.9 * 0.8 against 0.1 / 3 * 0.2 / 3 for each of three others.
    posterior = 0.72 / (0.72 + 3 * (0.1 / 3) * (0.2 / 3))
    both = item("A", "A", a=0.9, b=0.8)
    assert reason(rule(kind="posterior", threshold=posterior - 1e-6), both) is not None
    assert reason(rule(kind="posterior", threshold=posterior + 1e-6), both) is None


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_where_nothing_was_said_the_query_goes_on(threshold: float) -> None:
    by_posterior = rule(kind="posterior", threshold=threshold)
    for unheard in (
        item(dead("a"), dead("b"), a=0.9),
        item(said("a", "Hm."), said("b", "Hm."), a=0.9),
        item(),
    ):
        assert reason(by_posterior, unheard) is None


def test_an_expert_is_not_asked_where_it_costs_more_than_it_is_worth() -> None:
    split = item("A", "B", a=0.7, b=0.7, c=0.7, d=0.7)
    assert reason(rule(kind="worth", value=100), split) is None
    stopped = reason(rule(kind="worth", value=2), split)
    assert stopped is not None
    assert "asking c is worth" in stopped and "calls less than stopping" in stopped


def test_after_agreement_less_is_worth_asking_than_after_dissent() -> None:
    chances = {"a": 0.7, "b": 0.7, "c": 0.7, "d": 0.7}
    by_worth = rule(kind="worth", value=20)
    assert reason(by_worth, item("A", "A", **chances)) is not None
    assert reason(by_worth, item("A", "B", **chances)) is None


def test_costs_are_those_of_the_experts_in_question() -> None:
    split = item("A", "B", a=0.7, b=0.7, c=0.7, d=0.7)
    by_price = rule(kind="worth", value=0.01, unit="usd")
    assert reason(by_price, split, cost=0.001) is None
    assert "US dollars" in str(reason(by_price, split, cost=0.005))


def test_without_estimates_worth_is_not_known_and_the_query_goes_on() -> None:
    assert reason(rule(kind="worth", value=0.1), item("A", "A")) is None


def test_an_expert_without_an_estimate_counts_as_the_mean_of_the_others() -> None:
    known = {"a": 0.7, "b": 0.7, "d": 0.7}
    by_worth = rule(kind="worth", value=20)
    assert reason(by_worth, item("A", "A", **known)) == reason(by_worth, item("A", "A", **known, c=0.7))


def test_unparsed_and_failed_answers_change_nothing() -> None:
    chances = dict.fromkeys("abcdef", 0.7)
    by_worth = rule(kind="worth", value=20)
    heard = item("A", "A", said("c", "Hm."), dead("d"), **chances)
    assert reason(by_worth, heard, "e", "f") == str(reason(by_worth, item("A", "A", **chances), "e", "f"))


def test_open_questions_have_the_configured_number_of_answers() -> None:
    query = Query.from_text("How many?", id="q1")
    answers = (said("a", "The answer is 4."), said("b", "The answer is 5."))
    chances = dict.fromkeys("abcd", 0.7)
    split = Candidates(query=query, completions=answers, estimates=chances)
    assert reason(rule(kind="worth", value=100), split) is None
    assert reason(rule(kind="worth", value=100, open_options=2), split) is None


def test_settings_that_make_no_sense_are_refused() -> None:
    wrong: list[dict[str, Any]] = [
        {"kind": "worth"},
        {"kind": "worth", "value": 0},
        {"kind": "posterior", "threshold": 1.1},
        {"kind": "posterior", "first": 0},
        {"kind": "posterior", "step": 0},
        {"kind": "never"},
    ]
    for config in wrong:
        with pytest.raises(ValidationError):
            rule(**config)


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        ({"kind": "judge", "expert": "ann"}, "asks no expert, such as weighted; 'judge' asks one"),
        (
            {"kind": "on_agreement", "inner": {"kind": "synthesis", "expert": "ann"}},
            "asks no expert, such as weighted; 'on_agreement' asks one",
        ),
        ({"kind": "top"}, "says how sure it is; 'top' never does"),
    ],
)
def test_a_judging_aggregator_must_be_cheap_and_sure(by: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        PosteriorStoppingConfig(kind="posterior", by=by)  # type: ignore[arg-type]
