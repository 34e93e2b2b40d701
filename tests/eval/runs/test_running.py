"""Runs: what is kept of a private question, played-back experts, disks that are full, mistakes."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from checks.run_commands import run, strict
from checks.scripted_systems import SAMPLING, TRIO, jsonl, system_file

from eval.reports.build import read_report
from eval.runs.row import read_rows

WORD = "mitochondrion"
FEW = ("--validation", "2")


def own_benchmark(folder: Path, *, private: bool) -> str:
    """Four questions that tell their answer, two more to choose by."""
    for split, n in (("test", 4), ("validation", 2)):
        rows = [
            {"id": f"{split}{i}", "q": f"{WORD} {split} {i}?", "options": [f"{WORD} yes", "no"], "a": "A"}
            for i in range(n)
        ]
        jsonl(folder / f"{split}.jsonl", rows)
    mapping = {
        "name": "cells",
        "version": 1,
        "files": {split: f"{split}.jsonl" for split in ("test", "validation")},
        "columns": {"id": "id", "question": "q", "choices": "options", "gold": "a"},
        "gold": "letter",
        "private": private,
    }
    path = folder / "cells.yaml"
    path.write_text(yaml.safe_dump(mapping), encoding="utf-8")
    return str(path)


def recorded(folder: Path, **changes: object) -> str:
    """Two experts played back, of the questions of `own_benchmark` and of another of the same."""
    experts = {}
    splits = [f"test{i}" for i in range(4)] + [f"validation{i}" for i in range(2)]
    ids = [f"{name}:{i}" for name in ("cells", "bones") for i in splits]
    for name, letter in (("ann", "A"), ("bob", "B")):
        rows = [{"query_id": i, "text": f"As {WORD}s go, the answer is ({letter})."} for i in ids]
        path = jsonl(folder / f"{name}.jsonl", rows)
        experts[name] = {"kind": "recorded", "path": str(path), "sampling": SAMPLING, **changes}
    return str(system_file(folder, experts))


@pytest.mark.parametrize("private", [True, False])
def test_no_file_of_a_run_tells_a_private_question(tmp_path: Path, private: bool) -> None:
    out = tmp_path / "out"
    args = ("eval", own_benchmark(tmp_path, private=private), "-c", recorded(tmp_path), "-o", str(out), *FEW)
    result = run(*args)
    assert result.exit_code == 0, result.output
    assert read_report(out / "report.json").n == 4
    telling = [path.name for path in out.iterdir() if WORD.encode() in path.read_bytes()]
    assert telling == [] if private else "completions.store" in telling
    assert {row.private for row in read_rows(out / "rows.jsonl")} == {private}
    again = strict(run(*args, "--json").stdout)
    assert again["course"]["from_store"] > 0, "what is sealed is opened again"


def test_a_playback_says_that_no_model_ran(tmp_path: Path) -> None:
    out = tmp_path / "out"
    benchmark, config = own_benchmark(tmp_path, private=False), recorded(tmp_path, parameters_b=7)
    result = run("eval", benchmark, "-c", config, "-o", str(out), *FEW)
    assert result.exit_code == 0, result.output
    assert "PLAYED BACK, no model ran" in result.stdout
    report = read_report(out / "report.json")
    assert report.manifest.played_back == report.manifest.estimated_tokens == ("ann", "bob")
    assert report.course.simulated and report.course.simulated_seconds["system"] > 0
    assert sum(report.course.switches.values()) == 2
    assert "PLAYED BACK" in (out / "report.html").read_text(encoding="utf-8")
    assert "self_consistency" in report.absent, "there is one sample a question"
    [best] = [row for row in report.table if row.name == "best_single"]
    assert best.accuracy.value == 1.0


def test_several_benchmarks_in_one_run_share_residencies(tmp_path: Path) -> None:
    cells, bones = own_benchmark(tmp_path, private=False), tmp_path / "bones.yaml"
    text = Path(cells).read_text(encoding="utf-8").replace("name: cells", "name: bones")
    bones.write_text(text, encoding="utf-8")
    config = recorded(tmp_path, parameters_b=7)
    switches = []
    for benchmarks in ([cells], [cells, str(bones)]):
        out = tmp_path / f"out{len(benchmarks)}"
        done = run("eval", *benchmarks, "-c", config, "-o", str(out), *FEW)
        assert done.exit_code == 0, done.output
        switches.append(read_report(out / "report.json").course.switches)
    assert switches[0] == switches[1] and sum(switches[0].values()) == 2


def test_experts_alone_are_timed_too(tmp_path: Path) -> None:
    out = tmp_path / "out"
    benchmark, config = own_benchmark(tmp_path, private=False), recorded(tmp_path, parameters_b=7)
    result = run("eval", benchmark, "-c", config, "-o", str(out), "--experts-only")
    assert result.exit_code == 0, result.output
    assert read_report(out / "report.json").course.simulated_seconds["experts"] > 0


def test_a_full_disk_is_one_sentence_and_the_same_command_goes_on(tmp_path: Path) -> None:
    config, out = system_file(tmp_path, TRIO), tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "compound",
        "eval",
        "pocket",
        "-n",
        "40",
        "-c",
        str(config),
        "-o",
        str(out),
    ]
    limited = _run(command, limit=8_000)
    assert limited.returncode == 2, limited.stderr
    assert limited.stderr.count("\n") == 1 and "File too large" in limited.stderr
    assert "completions.store cannot be written" in limited.stderr and "make room" in limited.stderr
    kept = (out / "completions.store").read_bytes()
    assert kept.endswith(b"}\n") and not (out / "report.json").exists()
    done = _run(command)
    assert done.returncode == 0, done.stderr
    assert (out / "completions.store").read_bytes().startswith(kept), "nothing is lost"
    report = read_report(out / "report.json")
    assert (report.course.continued, report.course.from_store >= kept.count(b"\n")) == (1, True)


def _run(command: list[str], limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """With files of at most so many bytes, as on a disk that is full."""

    def lower() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=250, preexec_fn=lower)
