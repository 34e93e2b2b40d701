"""The questions of a finished run, loaded again from their benchmarks. Knows no answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eval.benchmarks.names import open_benchmark
from eval.question import Question
from eval.runs.manifest import Manifest
from experts.errors import BenchmarkError


def questions_of(manifest: Manifest, data: Mapping[str, Path] | None = None) -> dict[str, Question]:
    """Questions by id, of all benchmarks of a run.

    Args:
        manifest: of the run.
        data: benchmark -> local file or folder, or for a benchmark of one's own its YAML mapping.

    Raises:
        BenchmarkError: a benchmark cannot be had, or is not of the version, or the files, of the run.
    """
    data = data or {}
    found: dict[str, Question] = {}
    for entry in manifest.benchmarks:
        path = data.get(entry.name)
        own = path is not None and path.suffix in (".yaml", ".yml")
        benchmark = open_benchmark(
            str(path) if own else entry.name, data=None if own else path, shots=entry.shots
        )
        if benchmark.version != entry.version:
            raise BenchmarkError(
                f"{entry.name} has version {benchmark.version} here and {entry.version} in the run; "
                "run it again to see its questions."
            )
        every = entry.split == "all"
        for split in benchmark.splits if every else (entry.split,):
            if not every and entry.sha256 and benchmark.checksum(split) != entry.sha256:
                raise BenchmarkError(
                    f"The files of {entry.name} are not those of the run; give them with "
                    f"--data {entry.name}=PATH."
                )
            questions = benchmark.load(split, None if every else entry.n)
            found |= {question.id: question for question in questions}
    return found
