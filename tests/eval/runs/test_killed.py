"""A run that is killed again and again ends as one that was left alone, and asks nothing twice."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from checks.fake_endpoint import FakeEndpoint, Fault
from checks.killed_runs import finished, kept, killed_after, killed_at, stopped_at, without_course
from checks.scripted_systems import SAMPLING, jsonl, system_file

from eval.benchmarks.names import load_benchmark
from eval.question import Question
from eval.reports.build import read_report
from eval.runs.row import read_rows

pytestmark = pytest.mark.full

N, KILLS, EXPERTS = 400, 10, ("ann", "bob", "cyd", "dot")
VALIDATION = 20


def letter(*parts: object) -> str:
    """Some letter, the same for the same parts."""
    return "ABCD"[hashlib.sha256(repr(parts).encode()).digest()[0] % 4]


def recorded_system(folder: Path) -> Path:
    """Four recorded experts: right on a part of the questions of their own, with samples beside."""
    questions = [q for split in ("test", "validation", "fit") for q in _questions(split)]
    experts: dict[str, Any] = {}
    for name in EXPERTS:
        rows = [
            {
                "query_id": q.id,
                "sample_index": i,
                "text": f"I think. The answer is ({letter(name, q.id, i)}).",
            }
            for q in questions
            for i in range(4)
        ]
        path = jsonl(folder / f"{name}.jsonl", rows)
        experts[name] = {"kind": "recorded", "path": str(path), "sampling": SAMPLING}
    return Path(system_file(folder, experts, k=2))


def _questions(split: str) -> list[Question]:
    return load_benchmark("pocket", split, N if split == "test" else VALIDATION)


def command(config: Path, out: Path, *more: str) -> list[str]:
    sizes = ["-n", str(N), "--validation", str(VALIDATION)]
    return ["eval", "pocket", *sizes, "-c", str(config), "-o", str(out), *more]


def test_on_playback_ten_kills_leave_no_trace_in_the_report(tmp_path: Path) -> None:
    config = recorded_system(tmp_path)
    started = time.monotonic()
    done = finished(command(config, tmp_path / "whole"))
    seconds = time.monotonic() - started
    assert done.returncode == 0, done.stderr
    whole = kept(tmp_path / "whole" / "completions.store")
    chance = random.Random(7)
    store = tmp_path / "killed" / "completions.store"
    inside = 0
    for i in range(KILLS):
        if i % 2:
            was_running = killed_after(command(config, tmp_path / "killed"), chance.uniform(0, seconds))
        else:
            was_running = killed_at(command(config, tmp_path / "killed"), store, whole * (i + 1) // 11)
        inside += was_running and 0 < kept(store) < whole
    assert inside >= 3, "kills did not fall while experts answered"
    done = finished(command(config, tmp_path / "killed"))
    assert done.returncode == 0, done.stderr
    assert without_course(tmp_path / "killed") == without_course(tmp_path / "whole")
    keys = [json.loads(line)["key"] for line in store.read_bytes().splitlines() if line.endswith(b"}")]
    assert len(keys) == len(set(keys)) == whole


def test_ctrl_c_ends_with_its_exit_code_and_keeps_what_was_answered(tmp_path: Path) -> None:
    config, out = recorded_system(tmp_path), tmp_path / "out"
    store = out / "completions.store"
    assert stopped_at(command(config, out), store, 300, signal.SIGINT) == 130
    before = kept(store)
    assert before >= 300 and not (out / "report.json").exists()
    done = finished(command(config, out))
    assert done.returncode == 0, done.stderr
    course = read_report(out / "report.json").course
    assert course.continued == 1 and course.from_store >= before


class Answering(FakeEndpoint):  # type: ignore[misc]
    """Settles on some letter, in its time."""

    @staticmethod
    def _usual(body: dict[str, Any]) -> Fault:
        said = f"The answer is ({letter(body['model'], body['messages'][-1]['content'])})."
        choice = {"message": {"content": said}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
        return Fault(200, json.dumps({"choices": [choice], "usage": usage}))

    def calls(self) -> Counter[tuple[str, str]]:
        """How often every model was asked every question."""
        return Counter((body["model"], body["messages"][-1]["content"]) for body in self.seen)


async def test_no_call_to_an_endpoint_that_was_answered_and_kept_is_made_again(tmp_path: Path) -> None:
    async with Answering() as endpoint:
        endpoint.slow_s = 0.01
        experts = {
            name: {"kind": "openai", "model": name, "base_url": endpoint.url, "sampling": SAMPLING}
            for name in EXPERTS
        }
        config, out = system_file(tmp_path, experts, k=2), tmp_path / "out"
        chance, store = random.Random(8), out / "completions.store"
        in_flight = 0
        for _ in range(KILLS):
            target = kept(store) + chance.randrange(20, 160)
            before, made = kept(store), sum(endpoint.calls().values())
            assert await asyncio.to_thread(
                killed_at, command(config, out, "--baselines", "cheap"), store, target
            )
            # What was asked in this part and is not in the store was lost in flight.
            in_flight += sum(endpoint.calls().values()) - made - (kept(store) - before)
        done = await asyncio.to_thread(finished, command(config, out, "--baselines", "cheap"))
        assert done.returncode == 0, done.stderr
        calls = endpoint.calls()
    assert len(calls) == (N + VALIDATION) * len(EXPERTS) == kept(store)
    assert sum(calls.values()) == len(calls) + in_flight
    assert in_flight <= KILLS * 32 * len(EXPERTS), "at most what may be in flight at once"
    assert len(read_rows(out / "rows.jsonl")) == N


def test_real_engines_answer_the_same_after_a_kill_and_none_is_left_behind(tmp_path: Path) -> None:
    from compound.config import default_config_path

    others, args = _engines(), ("--baselines", "none")
    config = default_config_path()
    done = finished(command(config, tmp_path / "whole", *args))
    assert done.returncode == 0, done.stderr
    whole = kept(tmp_path / "whole" / "completions.store")
    store = tmp_path / "killed" / "completions.store"
    target = int(whole * random.Random(9).uniform(0.2, 0.8))
    assert killed_at(command(config, tmp_path / "killed", *args), store, target)
    assert _left_behind(others) == []
    done = finished(command(config, tmp_path / "killed", *args))
    assert done.returncode == 0, done.stderr
    first, second = (
        {r.id: r.answer for r in read_rows(tmp_path / x / "rows.jsonl")} for x in ("whole", "killed")
    )
    assert first.keys() == second.keys() and len(first) == N
    assert sum(first[i] == second[i] for i in first) >= 0.995 * N


def _engines() -> dict[str, str]:
    """Engines and workers that run now: process id -> command. Ray's own agents end in their own time."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    pairs = (line.split(maxsplit=1) for line in listed.splitlines()[1:])
    return {
        pid: args
        for pid, args in pairs
        if "engine_main" in args or "raylet/raylet" in args or ("ray::" in args and "Agent" not in args)
    }


def _left_behind(known: dict[str, str], patience_s: float = 60.0) -> list[str]:
    """Engines that were not there before and are still running after a while."""
    deadline = time.monotonic() + patience_s
    while True:
        found = [args for pid, args in _engines().items() if pid not in known]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.5)
