"""A learned fusion in a whole system: as its aggregator, and as the rule that stops early."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checks.made_pools import LETTERS, OPTIONS, shared_fusion
from checks.scripted_systems import Scripted, content
from pydantic import ValidationError

from aggregators.learned.fusion_folder import save_fusion
from compound.config import SystemConfig
from compound.planning import plan
from compound.system import Compound
from experts.completion import Request
from experts.errors import ConfigError
from experts.query import Query
from experts.scheduling.costs import CostBook

NAMES = tuple("abcde")
AGREED, SPLIT, UNREAD = "all say A", "all say otherwise", "two say nothing"


def _script(request: Request) -> str:
    place = NAMES.index(request.expert)
    content = request.messages[-1].content
    if AGREED in content:
        return "The answer is (A)."
    if SPLIT in content:
        return f"The answer is ({LETTERS[place % 4]})."
    return "No idea." if place < 2 else "The answer is (C)."


QUERIES = [
    Query.from_text(f"{text}?", id=f"q{i}", choices=OPTIONS)
    for i, text in enumerate((AGREED, SPLIT, UNREAD, AGREED))
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_fusion(tmp_path / "fusion", shared_fusion(), questions=150)
    return tmp_path / "fusion"


def system(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Scripted:
    return Scripted(monkeypatch, dict.fromkeys(NAMES, _script), **changes)


@pytest.fixture
def gain(folder: Path) -> dict[str, Any]:
    return {"kind": "gain", "path": str(folder), "least": 0.1}


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch, folder: Path, gain: dict[str, Any]) -> Iterator[Scripted]:
    learned = {"kind": "learned", "path": str(folder)}
    with system(monkeypatch, aggregator=learned, stopping=gain) as scripted:
        yield scripted


def test_a_system_fuses_by_a_learned_fusion_and_asks_everybody_once(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    with system(monkeypatch, aggregator={"kind": "learned", "path": str(folder)}) as scripted:
        answers = scripted.system.answer(QUERIES)
        assert [len(scripted.engines[name].calls) for name in NAMES] == [4] * 5
    verdicts = [a.verdict for a in answers]
    assert [v.answer for v in verdicts] == ["A", "A", "C", "A"]
    assert {v.aggregator for v in verdicts} == {"learned"}
    assert verdicts[0].support > verdicts[1].support
    assert set(verdicts[0].moved) == set(NAMES)


def test_where_experts_agree_no_more_are_asked_and_where_they_differ_more_are(running: Scripted) -> None:
    agreed, split, unread, again = running.system.answer(QUERIES)
    assert [len(a.completions) for a in (agreed, again)] == [2, 2]
    assert len(split.completions) > 2
    assert len(unread.completions) > 2, "what could not be read is no reason to stop"
    calls = {name: len(running.engines[name].calls) for name in NAMES}
    assert (calls["a"], calls["b"], calls["c"]) == (4, 4, 2)
    assert sum(calls.values()) == sum(len(a.completions) for a in (agreed, split, unread, again))
    assert agreed.stopped is not None
    assert agreed.stopped.startswith("2 of at most 5 experts were asked: asking on is expected to change")
    assert "and +0.1 is the least that is worth it" in agreed.stopped


@pytest.mark.parametrize(("least", "calls"), [(-1.0, 5), (1.0, 2)])
def test_the_least_gain_decides_how_many_are_asked(
    monkeypatch: pytest.MonkeyPatch, gain: dict[str, Any], least: float, calls: int
) -> None:
    with system(monkeypatch, stopping=gain | {"least": least}) as scripted:
        answers = scripted.system.answer(QUERIES[:2])
    assert [len(a.completions) for a in answers] == [calls, calls]


def test_the_support_of_a_learned_fusion_stops_as_well(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    by = {"kind": "learned", "path": str(folder)}
    with system(monkeypatch, stopping={"kind": "posterior", "threshold": 0.75, "by": by}) as scripted:
        agreed, split = scripted.system.answer(QUERIES[:2])
    assert (len(agreed.completions), len(split.completions)) == (2, 5)


def test_a_learned_fusion_that_is_not_there_is_said_when_the_system_is_made_or_planned(
    tmp_path: Path,
) -> None:
    lost = str(tmp_path / "lost")
    for changes in (
        {"aggregator": {"kind": "learned", "path": lost}},
        {"stopping": {"kind": "gain", "path": lost}},
    ):
        config = SystemConfig.model_validate(content(**changes))
        with pytest.raises(ConfigError, match=r"No trained aggregator at .*compound train-aggregator"):
            Compound(config)
    learned = SystemConfig.model_validate(content(aggregator={"kind": "learned", "path": lost}))
    with pytest.raises(ConfigError, match="No trained aggregator"):
        plan(QUERIES, learned, CostBook("cpu x2"))


@pytest.mark.parametrize("least", [-1.1, 1.1])
def test_a_least_gain_beyond_chances_is_refused(least: float) -> None:
    with pytest.raises(ValidationError, match="least"):
        SystemConfig.model_validate(content(stopping={"kind": "gain", "path": "x", "least": least}))


def test_a_fusion_of_other_experts_never_stops_and_votes(
    monkeypatch: pytest.MonkeyPatch, folder: Path, gain: dict[str, Any]
) -> None:
    scripts = dict.fromkeys(("xu", "yan", "zoe"), "The answer is (D).")
    learned = {"kind": "learned", "path": str(folder)}
    with Scripted(monkeypatch, scripts, aggregator=learned, stopping=gain) as scripted:
        [answer] = scripted.system.answer(QUERIES[:1])
    assert (answer.answer, len(answer.completions)) == ("D", 3)
    assert any("a vote decided" in note for note in answer.verdict.notes)
