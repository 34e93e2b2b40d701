"""Replay of recorded outputs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from checks.engine_checks import ENGINE_CHECKS, Check, EngineCase, ask

from experts.completion import Certainty
from experts.config import RecordedExpert
from experts.engine import generate
from experts.engines.recorded import RecordedEngine
from experts.errors import ConfigError
from experts.sampling import SamplingConfig

Row = dict[str, object]


def engine_of(path: Path) -> RecordedEngine:
    return RecordedEngine(
        "a", RecordedExpert(kind="recorded", path=path, sampling=SamplingConfig(max_tokens=8))
    )


def write(path: Path, *rows: Row | str) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outputs.jsonl"


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
