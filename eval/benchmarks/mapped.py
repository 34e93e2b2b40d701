"""A benchmark of question files: the parts that a mapping describes, put together as a `Benchmark`.

Knows no benchmark by name; where files are, what stands in them and what examples look like is the business
of its neighbours.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from eval.benchmarks.hub import hub_part
from eval.benchmarks.mapping import MappingConfig, ShotsSource, SplitColumn
from eval.benchmarks.questions import make_questions
from eval.benchmarks.rows import read_part, split_column, splits_in
from eval.benchmarks.selecting import check_split, first_n
from eval.benchmarks.sources import Part, checked, checksum_of, described_parts, local_parts
from eval.benchmarks.worked_examples import WorkedExamples
from eval.question import OfficialExtraction, Question
from experts.errors import BenchmarkError
from experts.outcome_table import SPLITS


class MappedBenchmark:
    """Questions of files; see `eval.benchmarks.benchmark.Benchmark`. What was read is kept."""

    def __init__(
        self,
        config: MappingConfig,
        *,
        folder: Path,
        data: Path | None = None,
        shots: int = 0,
        official: OfficialExtraction | None = None,
    ) -> None:
        """Read nothing yet.

        Args:
            config: what the files mean.
            folder: that of the mapping, to which its local files are relative.
            data: a local file or folder in place of what the mapping names.
            shots: worked examples in front of each question.
            official: the extraction that `config.extraction` names.

        Raises:
            BenchmarkError: examples are asked for, and there are none, or the extraction is unknown.
        """
        if shots < 0:
            raise BenchmarkError(f"The number of worked examples must be at least 0, got {shots}.")
        if shots and config.shots is None:
            raise BenchmarkError(f"{config.name} has no worked examples; give --shots 0.")
        if config.extraction and official is None:
            raise BenchmarkError(
                f"{config.name}: no extraction has the name {config.extraction!r}; leave extraction out."
            )
        self._config = config
        self._folder = folder
        self._data = data
        self._shots = shots
        self._official = official
        self._kept: dict[tuple[tuple[Part, ...], bool], list[tuple[Question, str]]] = {}

    @property
    def name(self) -> str:
        """That of the mapping."""
        return self._config.name

    @property
    def version(self) -> str:
        """That of the mapping."""
        return self._config.version

    @property
    def private(self) -> bool:
        """Whether its questions must not be published."""
        return self._config.private

    @property
    def shots(self) -> int:
        """Worked examples in front of each question."""
        return self._shots

    @property
    def extraction(self) -> str:
        """Name of its own extraction."""
        return self._config.extraction

    @property
    def splits(self) -> tuple[str, ...]:
        """By the rule of the mapping; of local files those that are there."""
        rule = self._config.split
        if rule == "hash":
            return SPLITS
        named: tuple[str, ...] = ()
        if isinstance(rule, SplitColumn) and rule.other is not None:
            named = tuple(dict.fromkeys([*rule.values.values(), rule.other]))
        if self._on_hub():
            return named or tuple(self._config.files)
        parts = self._local()
        columns = [split_column(self._config, part) for part in parts]
        if not any(columns):
            return tuple(part.split for part in parts if part.split) or tuple(self._config.files)
        found = [
            split
            for part, column in zip(parts, columns, strict=True)
            if column is not None
            for split in splits_in(self._config, part, column)
        ]
        return tuple(dict.fromkeys(found))

    def load(self, split: str, n: int | None = None) -> list[Question]:
        """See `Benchmark.load`; with `n` a random sample, without it all in the order of the files."""
        if n is not None and n < 1:
            raise BenchmarkError(f"The number of questions must be at least 1, got {n}.")
        check_split(self.name, split, self.splits)
        questions = [question for question, _ in self._of_split(split, solutions=False)]
        if not questions:
            raise BenchmarkError(f"{self.name} has no question of split {split!r}.")
        chosen = first_n(questions, n, f"Split {split!r} of {self.name}")
        examples = self._examples()
        return chosen if examples is None else [examples.put_before(question) for question in chosen]

    def checksum(self, split: str) -> str:
        """SHA-256 of the file; of several that of their checksums.

        With worked examples their files count too.
        """
        check_split(self.name, split, self.splits)
        parts = dict.fromkeys(self._parts(split))
        if self._shots and self._config.shots is not None:
            parts.update(dict.fromkeys(self._parts(self._config.shots.split)))
        sums = [checksum_of(part.paths) for part in parts]
        return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()

    def _examples(self) -> WorkedExamples | None:
        source = self._config.shots
        if not self._shots or source is None:
            return None
        try:
            check_split(self.name, source.split, self.splits)
            solved = self._of_split(source.split, solutions=True)
        except BenchmarkError as error:
            raise BenchmarkError(
                f"{self.name} with --shots {self._shots} needs worked solutions ({str(error).rstrip('.')}); "
                f"give --data with {self._wanted(source)}, or --shots 0."
            ) from error
        return WorkedExamples(source, self._shots, solved)

    def _wanted(self, source: ShotsSource) -> str:
        files = self._config.files.get(source.split)
        return files.files[0] if files is not None else f"a column {source.solution[0]!r}"

    def _of_split(self, split: str, *, solutions: bool) -> list[tuple[Question, str]]:
        parts = self._parts(split)
        found = self._read(parts, solutions)
        return [(question, solution) for question, solution in found if question.split == split]

    def _read(self, parts: tuple[Part, ...], solutions: bool) -> list[tuple[Question, str]]:
        key = (parts, solutions)
        if key not in self._kept:
            rows = [
                row for part in parts for row in read_part(self._config, checked(part), solutions=solutions)
            ]
            questions = make_questions(self._config, rows, self._official)
            self._kept[key] = [(q, row.solution) for q, row in zip(questions, rows, strict=True)]
        return self._kept[key]

    def _parts(self, split: str) -> tuple[Part, ...]:
        """Where a split's rows may be: its own files, or all where rows are assigned one by one."""
        hub = self._config.hub
        if hub is not None and self._on_hub():
            own = split in self._config.files and self._config.split != "hash"
            return tuple(hub_part(self._config, hub, key) for key in ([split] if own else self._config.files))
        parts = self._local()
        pooled = self._config.split == "hash" or any(split_column(self._config, part) for part in parts)
        return tuple(part for part in parts if pooled or part.split in (split, None))

    def _on_hub(self) -> bool:
        return self._config.hub is not None and self._data is None

    def _local(self) -> tuple[Part, ...]:
        if self._data is not None:
            return local_parts(self._config, self._data)
        return described_parts(self._config, self._folder)
