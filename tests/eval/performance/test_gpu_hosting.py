"""The GPU benchmark's frame: bounded, nothing lost by a cut or a failure, importing only what the kit has."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from eval.performance import gpu_hosting
from eval.performance.gpu_models import SHAPES, write_model
from eval.performance.gpu_pool import loads_in_order
from eval.performance.gpu_setup import Report, Setup, shapes_of
from eval.performance.gpu_switching import summary
from eval.performance.json_child import json_child
from experts.errors import ConfigError, ExpertUnavailable


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(
        device="cpu",
        shapes=(SHAPES["tiny"],),
        out=tmp_path / "out",
        scratch=tmp_path,
        limit_s=0.2,
        eager=False,
    )


def written(setup: Setup) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((setup.out / "gpu-pool.json").read_text(encoding="utf-8"))
    return content


async def run(setup: Setup, monkeypatch: pytest.MonkeyPatch, measure: Any) -> Report:
    part = SimpleNamespace(measure=measure, summary=lambda rows: rows)
    monkeypatch.setitem(gpu_hosting._PARTS, "pool", part)
    return await gpu_hosting.run_part("pool", setup)


async def test_a_part_that_takes_too_long_is_cut_off_and_keeps_its_rows(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measure(setup: Setup, report: Report) -> None:
        report.add(way="reload", seconds=1.0)
        assert written(setup)["rows"] == [{"way": "reload", "seconds": 1.0}], "written at once"
        await asyncio.sleep(60)

    report = await run(setup, monkeypatch, measure)
    assert report.problem == "cut off after 0.2 s"
    assert written(setup)["rows"] == [{"way": "reload", "seconds": 1.0}]
    assert written(setup)["complete"] is False


async def test_a_part_that_fails_keeps_its_rows_and_the_end_of_the_engines_log(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measure(setup: Setup, report: Report) -> None:
        report.add(way="reload", seconds=1.0)
        (setup.scratch / "engine.log").write_text("the root cause\n", encoding="utf-8")
        raise ExpertUnavailable("the engine died")

    await run(setup, monkeypatch, measure)
    problem = written(setup)["problem"]
    assert "ExpertUnavailable: the engine died" in problem
    assert problem.endswith("--- end of engine.log\nthe root cause")
    assert len(written(setup)["rows"]) == 1


async def test_a_step_without_time_for_it_is_a_row_and_the_part_is_not_complete(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measure(setup: Setup, report: Report) -> None:
        assert report.time_for(0.0)
        assert not report.time_for(30.0)

    report = await run(setup, monkeypatch, measure)
    assert report.problem is None
    assert written(setup)["rows"][0]["skipped"].startswith("a step of about 30 s")
    assert written(setup)["complete"] is False


async def test_a_part_that_ran_through_is_complete(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    async def measure(setup: Setup, report: Report) -> None:
        report.add(seconds=1.23456789)

    await run(setup, monkeypatch, measure)
    assert written(setup)["complete"] is True
    assert written(setup)["rows"] == [{"seconds": 1.2346}]


def test_all_goes_on_after_a_part_that_failed_and_leaves_no_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(setup: Setup, report: Report) -> None:
        write_model(setup.scratch / "models" / "a", SHAPES["tiny"], 1)
        raise ExpertUnavailable("no engine")

    async def works(setup: Setup, report: Report) -> None:
        report.add(seconds=1.0)

    parts = {
        name: SimpleNamespace(measure=measure, summary=lambda rows: rows)
        for name, measure in (("proof", fails), ("pool", works))
    }
    monkeypatch.setattr(gpu_hosting, "_PARTS", parts)
    monkeypatch.setenv("PYTHONPATH", "")  # it is set for children, and must be as before afterwards
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    app = typer.Typer()
    app.command()(gpu_hosting.main)
    options = ["--device", "cpu", "--shapes", "tiny", "--out", str(tmp_path), "--scratch", str(scratch)]
    assert CliRunner().invoke(app, ["all", *options]).exit_code == 1
    found = {p: json.loads((tmp_path / f"gpu-{p}.json").read_text(encoding="utf-8")) for p in parts}
    assert "no engine" in found["proof"]["problem"]
    assert found["pool"]["complete"] is True
    assert list(scratch.iterdir()) == []


def test_shapes_are_named_and_unknown_ones_refused() -> None:
    assert shapes_of("tiny, 7B") == (SHAPES["tiny"], SHAPES["7B"])
    with pytest.raises(ConfigError, match=r"No such shape: '3B'\. There are tiny, 0\.5B"):
        shapes_of("tiny,3B")
    with pytest.raises(ConfigError, match="No such shape"):
        shapes_of("")


def test_loads_in_the_order_of_arrival_are_the_changes_of_expert() -> None:
    assert loads_in_order([]) == 0
    assert loads_in_order(["a", "a", "b", "a", "c", "c"]) == 4


def test_the_summary_groups_by_way_and_by_whether_it_was_verified() -> None:
    base = {"shape": "tiny", "parked": 0, "s_per_gb": 1.0}
    rows: list[dict[str, Any]] = [
        {**base, "way": "reload", "seconds": 1.0, "verified": True},
        {**base, "way": "reload", "seconds": 3.0, "verified": True},
        {**base, "way": "reload", "seconds": 9.0, "verified": False},
        {"skipped": "a step"},
    ]
    found = [(r["way"], r["verified"], r["n"], r["median_s"], r["most_s"]) for r in summary(rows)]
    assert found == [("reload", True, 2, 2.0, 3.0), ("reload", False, 1, 9.0, 9.0)]


async def test_a_child_that_ended_is_told_with_its_log(tmp_path: Path) -> None:
    async with json_child("no_such_module", {}, {}, tmp_path / "log") as child:
        with pytest.raises(ExpertUnavailable, match=r"ended; its log is .*log"):
            await child.ask([1])
    assert "No module named" in (tmp_path / "log").read_text(encoding="utf-8")


def test_nothing_is_imported_that_the_kit_lacks() -> None:
    probe = (
        "import sys, eval.performance.gpu_hosting, eval.performance.gpu_reload_child\n"
        "found = {m.split('.')[0] for m in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(*sorted(m for m in found if not m.startswith('_')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    imported = set(done.stdout.split())
    assert {"typer", "rich", "numpy", "pydantic"} <= imported
    assert not imported & {
        "sklearn",
        "matplotlib",
        "scipy",
        "compound",
        "routers",
        "aggregators",
        "vllm",
        "ray",
    }
