"""What a benchmark is: named, versioned, and able to give its questions. Knows no file and no expert."""

from __future__ import annotations

from typing import Protocol

from eval.question import Question


class Benchmark(Protocol):
    """Questions of one origin. Opening one is cheap; `load` reads."""

    @property
    def name(self) -> str:
        """Such as "mmlu_pro"; a benchmark of a YAML file has the name given there."""

    @property
    def version(self) -> str:
        """Printed with scores; changes when questions, prompts or scoring change."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Names that `load` takes."""

    @property
    def private(self) -> bool:
        """Whether its questions must not be published."""

    @property
    def shots(self) -> int:
        """Worked examples in front of each question."""

    @property
    def extraction(self) -> str:
        """Name of its own extraction, scored beside ours; "" = none."""

    def load(self, split: str, n: int | None = None) -> list[Question]:
        """Questions of a split, in a fixed order; ids are unique and start with the benchmark's name.

        Args:
            split: one of `splits`.
            n: the first so many of a fixed, seeded order; None: as many as the split usually has.

        Raises:
            BenchmarkError: unknown split, `n` is not to be had, the files are not there, cannot be read, have
                another checksum or number of questions than they should; names file and line.
        """

    def checksum(self, split: str) -> str:
        """SHA-256 over the files that a split is read from; "" where a program makes the questions."""
