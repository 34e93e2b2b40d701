"""A live comparison on a pool whose answers are worked out by hand."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checks.scripted_systems import Scripted, fails

from aggregators.build import build_aggregator
from aggregators.chosen.choice_file import load_choice
from aggregators.chosen.config import ChosenConfig
from aggregators.stacked.config import AbstainConfig
from aggregators.votes.config import MajorityVoteConfig, TopExpertConfig
from eval.fusing.live.bench import LiveBench, bench_live
from eval.fusing.live.chosen_row import CHOSEN
from eval.fusing.live.floors import (
    BEST_SINGLE,
    ORACLE_ASKED,
    ORACLE_POOL,
    READER_ALONE,
    reader_consistency,
    self_consistency,
)
from eval.fusing.live.lineup import lineup
from eval.fusing.live.measuring import as_run, fuse
from eval.fusing.live.report import live_report
from eval.fusing.live.tables import accuracy_table, cost_table, sentences
from eval.question import Question
from experts.completion import Request
from experts.encoders.config import LexicalEncoderConfig
from experts.engines.scripted import Reply
from experts.errors import BenchmarkError
from experts.query import Query

N = 40
ENCODER = LexicalEncoderConfig(dimensions=8)
JUDGE: dict[str, Any] = {"kind": "judge", "expert": "judge"}


def questions(split: str, n: int = N) -> list[Question]:
    """Even ones about rivers, odd ones about sums; every gold answer is A."""
    return [
        Question(
            query=Query.from_text(
                f"{split} {i}: {('river delta water', 'sum digits number')[i % 2]}?",
                id=f"{split}-{i}",
                choices=["gold-a", "b", "c"],
            ),
            gold="A",
            subject=("rivers", "sums")[i % 2],
        )
        for i in range(n)
    ]


def _expert(request: Request) -> str:
    """ann is always right, bob and cyd are both wrong about rivers."""
    wrong = request.expert != "ann" and "river" in request.messages[-1].content
    return f"The answer is ({'B' if wrong else 'A'})."


def _judge(request: Request) -> str | Reply:
    """Trusts the first response; alone it says B; on sums it fails."""
    content = request.messages[-1].content
    if not re.search(r"The answer is \([AB]\)", content):  # no candidates
        return "The answer is (B)."
    return fails() if "sum" in content else "Best response: 1"


def bench(monkeypatch: pytest.MonkeyPatch, folder: Path, **changes: Any) -> tuple[LiveBench, Scripted]:
    scripts = dict.fromkeys(("ann", "bob", "cyd"), _expert) | {"judge": _judge}
    settings: dict[str, Any] = {"aggregator": JUDGE, "helpers": ["judge"]} | changes
    with Scripted(monkeypatch, scripts, store=folder / "store", **settings) as scripted:
        system = scripted.system
        found = bench_live(
            system,
            questions("validation"),
            questions("test"),
            lineup(system.config),
            encoder=ENCODER,
            groups=2,
            choice_path=folder / "choice.json",
        )
        return found, scripted


Measured = tuple[LiveBench, Scripted, Path]
"""A comparison, the system it ran on (closed), and its folder."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    folder = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as monkeypatch:
        found, scripted = bench(monkeypatch, folder)
    yield found, scripted, folder


def test_every_aggregator_fuses_the_same_candidates_and_no_expert_is_asked_twice(measured: Measured) -> None:
    found, scripted, _ = measured
    mean = {name: row.test.scores.mean() for name, row in found.rows.items()}
    assert mean["top"] == mean["judge"] == 1.0
    assert mean["vote"] == 0.5
    greedy = [r for r in scripted.engines["bob"].calls if r.sampling.temperature == 0]
    assert len(greedy) == 2 * N
    assert found.rows["vote"].test.calls.tolist() == [3.0] * N
    assert found.rows["judge"].test.calls.tolist() == [4.0] * N
    assert found.rows["judge"].test.counts == {"fall-back": N // 2}
    extra = found.rows["judge"].test.prompt_tokens - found.rows["vote"].test.prompt_tokens
    assert (extra[::2] > 0).all()


def test_baselines_are_measured_at_the_rows_numbers_of_calls(measured: Measured) -> None:
    found, _, _ = measured
    floors = {name: row.test for name, row in found.floors.items()}
    assert found.best_single == "ann"
    assert floors[BEST_SINGLE].scores.mean() == 1.0
    assert floors[self_consistency(3)].calls.tolist() == [3.0] * N
    assert floors[self_consistency(4)].calls.tolist() == [4.0] * N
    tokens = {n: floors[self_consistency(n)].completion_tokens[0] for n in (3, 4)}
    assert tokens[3] / 3 == tokens[4] / 4 == floors[BEST_SINGLE].completion_tokens[0] > 0
    assert (
        floors[READER_ALONE].scores.mean() == floors[reader_consistency(max_calls(found))].scores.mean() == 0
    )
    assert floors[ORACLE_ASKED].scores.mean() == floors[ORACLE_POOL].scores.mean() == 1.0


def max_calls(found: LiveBench) -> int:
    return math.ceil(max(float(row.test.calls.mean()) for row in found.rows.values()))


def test_the_best_on_validation_wins_and_of_equals_the_one_with_fewer_calls(measured: Measured) -> None:
    found, _, _ = measured
    assert found.winner == "top"
    report = live_report(found, benchmark="hand-made", version="1")
    assert (report["winner"], report["configured"]) == ("top", "judge")
    assert report["winner_minus_configured"]["estimate"] == 0.0
    assert "not the configured judge" in sentences(report)[0]


def test_a_better_option_replaces_the_vote_where_it_is_shown_to_be_better(measured: Measured) -> None:
    found, _, _ = measured
    by_subject = {next(iter(g.subjects)): g for g in found.choice.groups}
    assert by_subject["rivers"].chosen == "top"
    assert by_subject["rivers"].evidence["vote"].accuracy == 0.0
    assert by_subject["rivers"].evidence["top"].difference == 1.0
    assert found.rows[CHOSEN].test.scores.mean() == 1.0
    assert found.rows[CHOSEN].validation.scores.mean() == 1.0


def test_the_written_choice_answers_as_its_row(measured: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _, folder = measured
    path = folder / "choice.json"
    assert load_choice(path).groups == found.choice.groups
    chosen = ChosenConfig(kind="chosen", path=path)
    scripts = dict.fromkeys(("ann", "bob", "cyd"), _expert) | {"judge": _judge}
    with Scripted(monkeypatch, scripts, helpers=["judge"]) as scripted:
        answers = scripted.system.answer([q.query for q in questions("test")], aggregator=chosen)
    assert [float(a.answer == "A") for a in answers] == found.rows[CHOSEN].test.scores.tolist()
    assert build_aggregator(chosen).experts == ()


def test_a_second_run_asks_nothing_and_finds_the_same(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _, folder = measured
    again, scripted = bench(monkeypatch, folder)
    # What failed is not in the store, and is asked again.
    assert all("sum" in text for text in scripted.asked("judge"))
    assert [scripted.asked(name) for name in ("ann", "bob", "cyd")] == [[], [], []]
    assert (first.asking_seconds is None, again.asking_seconds) == (False, None)
    for name, row in first.rows.items():
        assert again.rows[name].test.scores.tolist() == row.test.scores.tolist()


def test_the_report_is_json_and_the_table_has_a_row_for_everything(measured: Measured) -> None:
    found, _, _ = measured
    report = json.loads(json.dumps(live_report(found, benchmark="b", version="1"), allow_nan=False))
    assert set(report["rows"]) == set(found.rows)
    assert report["rows"]["judge"]["minus_vote"]["estimate"] == 0.5
    assert report["rows"]["judge"]["minus_self_consistency"]["estimate"] == 0.0
    assert report["floors"][ORACLE_POOL]["prompt_tokens"] is None
    for table in (accuracy_table(report), cost_table(report)):
        assert table.row_count == len(found.rows) + len(found.floors)


def test_a_pool_without_an_aggregating_expert_has_no_rows_about_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found, _ = bench(monkeypatch, tmp_path, aggregator={"kind": "majority"})
    assert found.lineup.reader is None
    assert found.lineup.configured == "vote"
    assert {"judge", "synthesis"} <= set(found.lineup.left_out)
    assert READER_ALONE not in found.floors


def test_shared_questions_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    alone = Scripted(monkeypatch, {"ann": _expert})
    with alone, pytest.raises(BenchmarkError, match=r"40 questions are both .* 'test-0'"):
        bench_live(
            alone.system,
            questions("test"),
            questions("test"),
            lineup(alone.system.config),
            encoder=ENCODER,
            groups=1,
            choice_path=tmp_path / "choice.json",
        )


def test_an_aggregator_that_cannot_be_used_is_left_out_with_the_reason(
    measured: Measured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = ChosenConfig(kind="chosen", path=tmp_path / "lost.json")
    with Scripted(monkeypatch, dict.fromkeys(("ann", "bob", "cyd"), _expert)) as scripted:
        found = bench_live(
            scripted.system,
            questions("validation", 20),
            questions("test", 4),
            lineup(scripted.system.config, more={"lost": lost}),
            encoder=ENCODER,
            groups=1,
            choice_path=tmp_path / "choice.json",
        )
    assert "lost" not in found.rows
    assert "no choice of aggregators" in found.lineup.left_out["lost"]


def test_what_happened_to_questions_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def puzzled(request: Request) -> str | Reply:
        number = int(request.messages[-1].content.split()[1].rstrip(":"))
        return ("The answer is (A).", "The answer is (B).", "No idea.", fails())[number]

    def puzzled_by_one(request: Request) -> str:
        return "No idea." if " 2:" in request.messages[-1].content else "The answer is (A)."

    scripts = {"ann": puzzled, "bob": puzzled_by_one, "cyd": puzzled}
    asked = questions("test", 4)
    abstain = AbstainConfig(kind="abstain", inner=MajorityVoteConfig(), below=0.7)
    with Scripted(monkeypatch, scripts, k=2) as scripted:
        sure = as_run(fuse(scripted.system, asked, abstain), asked)
        top = as_run(fuse(scripted.system, asked, TopExpertConfig()), asked)
    # On question 1, ann says B and bob A: too close to call.
    # On question 2 nobody gives an option, which is no abstention.
    assert sure.scores.tolist() == [1, 0, 0, 1]
    assert sure.counts == {"abstained": 1, "unparsed": 1}
    # Of question 3 ann failed, so cyd was asked in her place, and failed too.
    assert top.scores.tolist() == [1, 0, 0, 1]
    assert top.counts == {"unparsed": 1}
    assert sure.calls.tolist() == [2, 2, 2, 3]
    assert sure.seconds is not None
