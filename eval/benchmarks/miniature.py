"""The miniature benchmark as a `Benchmark`: its questions are made by a program, so no file is read."""

from __future__ import annotations

from dataclasses import replace

from eval import pocket
from eval.benchmarks.selecting import check_split
from eval.pocket.splits import SPLITS
from eval.question import Question
from experts.errors import BenchmarkError


class MiniatureBenchmark:
    """See `eval.benchmarks.benchmark.Benchmark`."""

    name = "pocket"
    version = str(pocket.VERSION)
    splits = tuple(SPLITS)
    private = False
    shots = 0
    extraction = ""

    def load(self, split: str, n: int | None = None) -> list[Question]:
        """See `Benchmark.load`."""
        if n is not None and n < 1:
            raise BenchmarkError(f"The number of questions must be at least 1, got {n}.")
        check_split(self.name, split, self.splits)
        return [replace(question, benchmark=self.name) for question in pocket.load(split, n)]

    def checksum(self, split: str) -> str:
        """None: a program makes the questions."""
        check_split(self.name, split, self.splits)
        return ""
