"""Replay of recorded outputs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from checks.engine_checks import ENGINE_CHECKS, Check, EngineCase, ask
from pydantic import ValidationError

from experts.completion import Certainty, Completion, Request
from experts.config import HostingConfig, RecordedExpert
from experts.engine import generate
from experts.engines.recorded import RecordedEngine
from experts.errors import ConfigError
from experts.sampling import SamplingConfig

Row = dict[str, object]


def engine_of(path: Path) -> RecordedEngine:
    return RecordedEngine(
        {"a": RecordedExpert(kind="recorded", path=path, sampling=SamplingConfig(max_tokens=8))}
    )


def write(path: Path, *rows: Row | str) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outputs.jsonl"


def simulated(path: Path, slots: int = 1, **changes: Any) -> RecordedEngine:
    """Two models of one parquet file on a simulated machine."""
    experts = {
        name: RecordedExpert(
            kind="recorded",
            path=path,
            model=name.upper(),
            id_prefix="made:",
            parameters_b=8.0,
            sampling=SamplingConfig(max_tokens=8),
        ).model_copy(update=changes)
        for name in ("a", "b")
    }
    return RecordedEngine(experts, HostingConfig(slots=slots))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Forty questions with answers of two models, later ones longer."""
    rows = [(model, i) for model in "AB" for i in range(40)]
    columns = {
        "model": [model for model, _ in rows],
        "question_id": [i for _, i in rows],
        "text": ["word " * (i + 1) for _, i in rows],
    }
    path = tmp_path / "outputs.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def everybody() -> list[Request]:
    return [
        ask(f"{name}{i}", "?" * 99, expert=name, query_id=f"made:{i}") for i in range(40) for name in "ab"
    ]


async def completions(engine: RecordedEngine, requests: list[Request]) -> list[Completion]:
    """In the order in which they come."""
    return [event async for event in engine.submit(requests) if isinstance(event, Completion)]


@pytest.mark.parametrize("check", ENGINE_CHECKS, ids=lambda c: c.__name__)
async def test_simulated_contract(check: Check, table: Path) -> None:
    case = EngineCase(
        make=lambda: simulated(table, slots=2),
        answered=lambda i: ask(i, "?", expert="b", query_id="made:7"),
        refused=lambda i: ask(i, "?", expert="a", query_id="7"),
    )
    await check(case)


async def test_simulated_answers_come_as_they_would_end(table: Path) -> None:
    engine = simulated(table)
    came = await completions(engine, everybody())
    assert [c.request_id for c in came] == [f"{name}{i}" for name in "ab" for i in range(40)]
    assert [c.usage.seconds for c in came] == sorted(c.usage.seconds for c in came)
    assert engine.simulated_seconds == pytest.approx(came[-1].usage.seconds)
    assert [(s.expert, s.kind) for s in engine.switches()] == [("a", "new_process"), ("b", "new_engine")]


async def test_two_simulated_runs_are_equal(table: Path) -> None:
    one, two = [simulated(table, slots=2) for _ in range(2)]
    assert await completions(one, everybody()) == await completions(two, everybody())
    assert (one.switches(), one.simulated_seconds) == (two.switches(), two.simulated_seconds)


async def test_without_a_size_nothing_takes_time(table: Path) -> None:
    engine = simulated(table, parameters_b=None)
    came = await completions(engine, everybody())
    assert [c.request_id for c in came] == [r.id for r in everybody()]
    assert {c.usage.seconds for c in came} == {0.0}
    assert (engine.simulated_seconds, engine.switches()) == (0.0, [])


async def test_tokens_that_were_not_recorded_are_estimated_and_said_to_be(path: Path, table: Path) -> None:
    engine = simulated(table)
    (came,) = await completions(engine, [ask("1", "?" * 99, expert="a", query_id="made:3")])
    assert (came.usage.prompt_tokens, came.usage.completion_tokens) == (25, 5)
    assert engine.estimated == ("a", "b")
    counted = engine_of(write(path, {"query_id": "q", "text": "word " * 4, "completion_tokens": 9}))
    (came,) = await completions(counted, [ask("1", "?" * 99, expert="a", query_id="q")])
    assert (came.usage.prompt_tokens, came.usage.completion_tokens) == (25, 9)
    assert counted.estimated == ()


async def test_what_failed_takes_no_simulated_time(table: Path) -> None:
    engine = simulated(table)
    missing = ask("1", "?", expert="a", query_id="made:99")
    came = await completions(engine, [ask("0", "?", expert="a", query_id="made:1"), missing])
    assert [(c.request_id, c.ok) for c in came] == [("1", False), ("0", True)]
    assert (await completions(simulated(table), [missing]))[0].usage.seconds == 0.0


def test_models_of_one_file_have_identities_of_their_own(table: Path) -> None:
    engine = simulated(table)
    assert engine.identity("a") != engine.identity("b")
    assert engine.identity("a") == simulated(table, slots=2).identity("a")


def test_a_model_in_jsonl_is_refused(path: Path) -> None:
    with pytest.raises(ValidationError, match=r"does not end in \.parquet"):
        RecordedExpert(kind="recorded", path=path, model="A", sampling=SamplingConfig(max_tokens=8))


@pytest.mark.parametrize("check", ENGINE_CHECKS, ids=lambda c: c.__name__)
async def test_contract(check: Check, path: Path) -> None:
    write(path, {"query_id": "q", "text": "The answer is B."})
    case = EngineCase(
        make=lambda: engine_of(path),
        answered=lambda i: ask(i, "?", expert="a", query_id="q"),
        refused=lambda i: ask(i, "?", expert="a", query_id="missing"),
    )
    await check(case)


async def test_replays_by_query_and_sample(path: Path) -> None:
    write(
        path,
        {"query_id": "q", "text": "first", "completion_tokens": 7},
        "",
        {"query_id": "q", "text": "line\u2028separator", "sample_index": 1, "finish_reason": "length"},
        {"query_id": "p", "text": "out of memory", "finish_reason": "error"},
    )
    first, second, broken, missing = await generate(
        engine_of(path),
        [
            ask("r0", "?", expert="a", query_id="q"),
            ask("r1", "?", expert="a", query_id="q", sample_index=1),
            ask("r2", "?", expert="a", query_id="p"),
            ask("r3", "?", expert="a", query_id="q", sample_index=2),
        ],
    )
    assert (first.text, first.finish_reason, first.usage.completion_tokens) == ("first", "stop", 7)
    assert (second.text, second.finish_reason, second.sample_index) == ("line\u2028separator", "length", 1)
    assert broken.error == "Expert 'a' failed when this was recorded: out of memory"
    assert missing.error and not missing.retryable and missing.text == ""
    for part in ("'a'", str(path), "'q'", "sample 2"):
        assert part in missing.error


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("{", "Invalid JSON"),
        ({"query_id": "q"}, "text: Field required"),
        ({"query_id": "q", "text": "x", "sample_idx": 1}, "sample_idx: Extra inputs"),
        ({"query_id": "q", "text": "x", "finish_reason": "done"}, "finish_reason"),
        ({"query_id": "p", "text": "again"}, "'p', sample 0, is recorded twice"),
    ],
)
def test_a_broken_line_is_named(path: Path, row: Row | str, words: str) -> None:
    write(path, {"query_id": "p", "text": "fine"}, row)
    with pytest.raises(ConfigError, match=f"line 2.*{words}") as caught:
        engine_of(path)
    assert str(path) in str(caught.value)


def test_an_unreadable_file_is_named(tmp_path: Path, path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        engine_of(path)
    with pytest.raises(ConfigError, match="directory"):
        engine_of(tmp_path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        engine_of(path)


def test_identity_is_the_files(path: Path) -> None:
    one = engine_of(write(path, {"query_id": "q", "text": "x"})).identity("a")
    two = engine_of(write(path, {"query_id": "q", "text": "y"})).identity("a")
    assert one != two


async def test_recorded_certainty_is_given_to_those_who_ask(path: Path) -> None:
    told = {"mean_logprob": -0.5, "self_certainty": 8.0, "top_k": None}
    engine = engine_of(write(path, {"query_id": "q", "text": "x", "certainty": told}))
    sampling = SamplingConfig(max_tokens=8, certainty=True)
    plain = ask("1", "?", expert="a", query_id="q")
    asking = replace(plain, id="2", sampling=sampling)
    without, with_it = await generate(engine, [plain, asking])
    assert without.certainty is None
    assert with_it.certainty == Certainty(mean_logprob=-0.5, self_certainty=8.0)
