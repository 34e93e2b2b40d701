"""Rows of question files: their values under our names, and the split that each belongs to.

Makes no question of them, and knows nothing of gold answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.benchmarks.mapping import MappingConfig, SplitColumn
from eval.benchmarks.sources import Part
from eval.benchmarks.tables import columns_of, find_column, first_there, read_columns
from eval.importers.fields import choices, text
from experts.errors import BenchmarkError, ConfigError
from experts.outcome_table import hash_split


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file; "" = absent."""

    path: Path
    number: int
    """From 1."""
    split: str
    question: str
    gold: str
    options: tuple[str, ...]
    """All that the file has, those that only fill up too."""
    subject: str
    id: str
    solution: str

    def problem(self, what: str) -> BenchmarkError:
        """The error of this row."""
        return BenchmarkError(f"{self.path}, row {self.number}: {what}.")


def split_column(config: MappingConfig, part: Part) -> str | None:
    """The column by which rows of a part are assigned; None: there is none."""
    rule = config.split
    if not isinstance(rule, SplitColumn):
        return None
    return first_there(columns_of(part.paths[0]), rule.column)


def split_of(rule: SplitColumn, value: str) -> str:
    """The split of a value of the split column."""
    return rule.values.get(value, value if rule.other is None else rule.other)


def splits_in(config: MappingConfig, part: Part, column: str) -> tuple[str, ...]:
    """Splits of a part whose column names them, in order of appearance."""
    rule = config.split
    assert isinstance(rule, SplitColumn)
    found: dict[str, None] = {}
    for path in part.paths:
        for _, row in read_columns(path, [column]):
            found.setdefault(split_of(rule, text(row[column])))
    return tuple(found)


def read_part(config: MappingConfig, part: Part, *, solutions: bool) -> list[Row]:
    """All rows of a part, in the order of its files.

    Args:
        config: which column is what.
        part: the files.
        solutions: whether worked solutions are needed.

    Raises:
        BenchmarkError: a column is missing, a row is broken or empty, nothing tells the split, or there are
            more or fewer rows than expected.
    """
    rows = [row for path in part.paths for row in _read_file(config, part, path, solutions)]
    if part.count is not None and len(rows) != part.count:
        names = ", ".join(map(str, part.paths))
        raise BenchmarkError(
            f"{names} has {len(rows)} questions, and {part.count} are expected; fetch it again, or write a "
            "mapping of your own if it is meant to differ."
        )
    return rows


def _read_file(config: MappingConfig, part: Part, path: Path, solutions: bool) -> Iterator[Row]:
    names = _column_names(config, path, solutions)
    by = split_column(config, part)
    if by is None and config.split != "hash" and part.split is None:
        raise BenchmarkError(
            f"{path}: nothing tells which split of {config.name} it is; name it as "
            f"{' or '.join(Path(files.files[0]).name for files in config.files.values())}, give it a column "
            "`split`, or write a mapping with split: hash."
        )
    options = [names["choices"]] if "choices" in names else list(config.columns.choice_columns)
    wanted = dict.fromkeys([*names.values(), *options, *([by] if by else [])])
    for number, values in read_columns(path, list(wanted)):
        found = {ours: text(values[name]) for ours, name in names.items() if ours != "choices"}
        if not found["question"].strip():
            raise BenchmarkError(f"{path}, row {number}: the question is empty.")
        yield Row(
            path=path,
            number=number,
            split=_split(config, part, found["question"], text(values[by]) if by else None),
            question=found["question"].strip(),
            gold=found["gold"],
            options=_options(config, values, names, path, number),
            subject=found.get("subject", ""),
            id=found.get("id", ""),
            solution=found.get("solution", ""),
        )


def _column_names(config: MappingConfig, path: Path, solutions: bool) -> dict[str, str]:
    """Our names -> those of the file."""
    there = columns_of(path)
    columns = config.columns
    wanted: dict[str, Sequence[str]] = {
        "question": columns.question,
        "gold": columns.gold,
        "choices": columns.choices,
        "subject": columns.subject,
    }
    if solutions and config.shots is not None:
        wanted["solution"] = config.shots.solution
    for name in columns.choice_columns:
        find_column(path, there, [name])
    found = {ours: find_column(path, there, names) for ours, names in wanted.items() if names}
    id_column = first_there(there, columns.id)  # a mapping may name ids that only the hub's files have
    return found if id_column is None else {**found, "id": id_column}


def _options(
    config: MappingConfig, values: Mapping[str, Any], names: Mapping[str, str], path: Path, number: int
) -> tuple[str, ...]:
    if "choices" not in names:
        return tuple(text(values[name]) for name in config.columns.choice_columns)
    try:
        return choices(values[names["choices"]], path, number, names["choices"])
    except ConfigError as error:
        raise BenchmarkError(str(error)) from error


def _split(config: MappingConfig, part: Part, question: str, value: str | None) -> str:
    if config.split == "hash":
        return hash_split(question)
    if value is not None and isinstance(config.split, SplitColumn):
        return split_of(config.split, value)
    return part.split or ""
