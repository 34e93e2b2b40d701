"""Whether a reloaded engine is the engine it should be: a part of `gpu_hosting`.

After A-B-A-B in one live engine: every parameter it holds against the files, and its greedy tokens against
those of fresh engines. Two controls: the comparison must fail against the wrong file, and a second fresh
engine of A tells how far two engines with the same weights agree at all.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.performance.gpu_models import Shape, write_model
from eval.performance.gpu_setup import Report, Setup
from eval.performance.json_child import JsonChild, json_child
from experts.hosting.environment import engine_environment

_SHARE = 0.5
"""Of the GPU's memory; the comparison needs room for its products beside the engine."""
_SHAPE_S = 120.0
"""First guess for one shape: four engines are built."""


async def measure(setup: Setup, report: Report) -> None:
    """For each shape a row a step, one for the wrong file, one for two fresh engines."""
    for shape in setup.shapes:
        if not report.time_for(_SHAPE_S):
            return
        folders = await asyncio.to_thread(_write, setup.scratch / "models", shape)
        settings = {
            "device": setup.device,
            "hosting": setup.hosting().model_dump(mode="json"),
            **{
                name: setup.expert(folder, share=_SHARE).model_dump(mode="json")
                for name, folder in folders.items()
            },
        }
        environment = engine_environment(setup.device, setup.threads)
        log = setup.scratch / f"proof-{shape.name}.log"
        async with json_child("eval.performance.gpu_reload_child", settings, environment, log) as child:
            await _rows(shape, child, report)
        await asyncio.to_thread(shutil.rmtree, setup.scratch / "models")


def _write(folder: Path, shape: Shape) -> dict[str, Path]:
    return {name: write_model(folder / name, shape, seed) for seed, name in enumerate("ab", 1)}


async def _rows(shape: Shape, child: JsonChild, report: Report) -> None:
    walk, wrong = (await child.read())["steps"], await child.read()
    fresh = [await child.read() for _ in range(3)]
    tokens = {f["expert"]: f["tokens"] for f in fresh}
    for step in walk:
        report.add(
            shape=shape.name,
            what=f"{step['kind']} of {step['expert']}",
            parameters=step["checked"],
            equal_to_files=step["equal"],
            compare_s=step["compare_s"],
            prompts=len(step["tokens"]),
            same_as_fresh=_same(step["tokens"], tokens[step["expert"]]),
            same_as_other=_same(step["tokens"], tokens["b" if step["expert"] == "a" else "a"]),
            note=step["note"],
            differing=[*step["wrong"], *step["unknown"]][:5],
        )
    report.add(
        shape=shape.name,
        what="control: b against a's files",
        equal_to_files=wrong["equal"],
        wrong_parameters=wrong["wrong"],
    )
    report.add(
        shape=shape.name,
        what="control: fresh a against fresh a",
        prompts=len(tokens["a"]),
        same_as_fresh=_same(fresh[0]["tokens"], fresh[2]["tokens"]),
    )


def _same(one: Sequence[Sequence[int]], other: Sequence[Sequence[int]]) -> int:
    """How many answers are equal in every token."""
    return sum(a == b for a, b in zip(one, other, strict=True))


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without what is only of interest where they failed."""
    shown = ("shape", "what", "parameters", "equal_to_files", "prompts", "same_as_fresh", "same_as_other")
    return [{name: row.get(name, "") for name in shown} for row in rows if "what" in row]
