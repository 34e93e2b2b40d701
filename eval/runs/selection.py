"""Which questions a run is of: several benchmarks, a split of each, and others to choose experts on.

Knows no system: what is selected is the same whoever answers it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.benchmarks.benchmark import Benchmark
from eval.benchmarks.names import open_benchmark
from eval.question import Question
from eval.runs.manifest import BenchmarkEntry
from experts.errors import BenchmarkError

ALL = "all"
"""Every split of a benchmark; each question keeps the name of its own."""
_OTHERS = ("validation", "fit", "train", "test")
"""Where experts are chosen, the first that is not reported on."""


@dataclass(frozen=True, kw_only=True)
class Selected:
    """Questions of a run."""

    questions: tuple[Question, ...]
    """Ids are unique over all benchmarks."""
    validation: tuple[Question, ...]
    """Others, to choose experts on; () = there are none."""
    benchmarks: tuple[BenchmarkEntry, ...]
    """Where `questions` are from."""
    others: tuple[BenchmarkEntry, ...]
    """Where `validation` is from."""

    @property
    def private(self) -> bool:
        """Whether anything that tells a question must be kept sealed."""
        return any(entry.private for entry in self.benchmarks)


def select(
    names: Sequence[str],
    *,
    split: str,
    n: int | None = None,
    validation: int = 0,
    data: Mapping[str, Path] | None = None,
    shots: int = 0,
) -> Selected:
    """Load the questions of a run.

    Args:
        names: benchmarks, or YAML files of one's own.
        split: of each of them; "all": every one.
        n: questions of each; None: as many as the split usually has.
        validation: of each, questions of another split to choose experts on.
        data: name -> local file or folder; a benchmark without one is read from the hub.
        shots: worked examples in front of each question.

    Raises:
        BenchmarkError: a benchmark cannot be had, is named twice, or questions share an id.
    """
    if len({*names}) != len(names):
        raise BenchmarkError(f"A benchmark is named twice: {', '.join(names)}. Name each once.")
    data = data or {}
    strangers = [name for name in data if name not in names]
    if strangers:
        raise BenchmarkError(
            f"--data is given for {', '.join(strangers)}, and the run is of {', '.join(names)}; "
            "write NAME=PATH with one of these names."
        )
    opened = [open_benchmark(name, data=data.get(name), shots=shots) for name in names]
    parts = [_load(benchmark, split, n) for benchmark in opened]
    others = [_others(benchmark, split, validation) for benchmark in opened] if validation else []
    questions = tuple(q for _, found in parts for q in found)
    _check_ids(questions)
    return Selected(
        questions=questions,
        validation=tuple(q for part in others if part is not None for q in part[1]),
        benchmarks=tuple(entry for entry, _ in parts),
        others=tuple(part[0] for part in others if part is not None),
    )


def _load(benchmark: Benchmark, split: str, n: int | None) -> tuple[BenchmarkEntry, list[Question]]:
    splits = benchmark.splits if split == ALL else (split,)
    questions = [q for name in splits for q in benchmark.load(name, n)]
    entry = BenchmarkEntry(
        name=benchmark.name,
        version=benchmark.version,
        split=split,
        n=len(questions),
        shots=benchmark.shots,
        sha256=_checksum(benchmark, splits),
        extraction=benchmark.extraction,
        private=benchmark.private,
    )
    return entry, questions


def _checksum(benchmark: Benchmark, splits: Sequence[str]) -> str:
    """Of the files of all splits; "" where a program makes the questions."""
    sums = sorted({benchmark.checksum(split) for split in splits})
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()


def _others(benchmark: Benchmark, split: str, n: int) -> tuple[BenchmarkEntry, list[Question]] | None:
    """Questions of another split, at most `n`; None where the benchmark has no other."""
    other = next((s for s in _OTHERS if s in benchmark.splits and s != split), None)
    if other is None or split == ALL:
        return None
    entry, questions = _load(benchmark, other, None)
    if len(questions) > n:
        entry, questions = _load(benchmark, other, n)
    return entry, questions


def _check_ids(questions: Sequence[Question]) -> None:
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise BenchmarkError(
                f"Two questions have the id {question.id!r}; ids must be unique over all benchmarks of a run."
            )
        seen.add(question.id)
