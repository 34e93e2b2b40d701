"""What does not go together with stopping early and with asking one expert again."""

from typing import Any

import pytest
from checks.scripted_systems import CAPITALS, content
from pydantic import ValidationError

from compound.config import SystemConfig

TRAINED: dict[str, Any] = {"router": {"kind": "trained", "path": "r"}}
WARM = {"kind": "scripted", "sampling": {"max_tokens": 8, "temperature": 0.7}}
COLD = {"kind": "scripted", "sampling": {"max_tokens": 8}}
WORTH = {"kind": "worth", "value": 10}
REPEAT = {"kind": "repeat"}


def problems(experts: dict[str, Any] | None = None, **changes: Any) -> str:
    try:
        SystemConfig.model_validate(content(experts, **TRAINED | changes))
    except ValidationError as error:
        return str(error)
    return ""


def test_what_goes_together() -> None:
    assert problems(stopping=WORTH) == ""
    assert problems(stopping=WORTH | {"unit": "usd"}) == "", "the scripted experts have prices"
    assert problems(stopping={"kind": "posterior"}, router={"kind": "fixed"}) == ""
    assert problems({"ann": WARM, "bob": WARM}, policy=REPEAT) == ""
    assert problems({"ann": COLD, "bob": WARM}, policy=REPEAT, k=1) == ""
    assert problems({"ann": COLD, "bob": COLD}, policy=REPEAT, prompts={"approaches": ["", "b"]}) == ""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"stopping": {"kind": "posterior"}, "quorum": 3},
            "stopping.first: 2 experts may be all that are asked, but quorum=3; give at least 3",
        ),
        (
            {"stopping": WORTH, "router": {"kind": "fixed"}},
            "stopping: 'worth' needs chances that experts are right, and a router of kind 'fixed' gives none",
        ),
        ({"stopping": WORTH, "policy": REPEAT}, "stopping: 'worth' takes experts to err apart"),
        ({"policy": REPEAT}, "at temperature 0 all samples of ann, bob, cyd are alike"),
        (
            {"policy": REPEAT, "prompts": {"approaches": ["a", "a", "b"]}},
            "give 3 different `prompts.approaches`",
        ),
        (
            {"policy": {"kind": "guard", "inner": REPEAT}},
            "policy: 'repeat' asks one expert k=3 times, and at temperature 0",
        ),
    ],
)
def test_what_does_not_go_together_is_said_in_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    try:
        SystemConfig.model_validate(content(**TRAINED | changes))
    except ValidationError as error:
        assert sentence in str(error)
    else:
        pytest.fail("nothing was found")


def test_dollars_need_prices() -> None:
    unpriced = {"ann": COLD, "bob": COLD}
    assert "stopping.unit: usd needs prices" in problems(unpriced, stopping=WORTH | {"unit": "usd"})


@pytest.mark.parametrize(
    "aggregator",
    [
        {"kind": "on_agreement", "inner": {"kind": "judge", "expert": "an"}},
        {
            "kind": "abstain",
            "inner": {"kind": "on_agreement", "inner": {"kind": "synthesis", "expert": "an"}},
        },
    ],
    ids=str,
)
def test_experts_named_inside_an_aggregator_must_exist(aggregator: dict[str, Any]) -> None:
    said = problems({"ann": CAPITALS, "bob": CAPITALS}, aggregator=aggregator)
    assert "inner.expert: unknown expert 'an'; did you mean 'ann'?" in said
