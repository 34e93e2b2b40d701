"""Where a command's questions come from: a JSONL file, or a benchmark of another package.

Benchmarks are found through entry points of the group `compound.benchmarks`, so that this package
never imports `eval`. Each is a callable `(split, n) -> list of Query`, loaded only when it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from compound.batch_rows import read_rows
from experts.errors import ConfigError
from experts.query import Query

GROUP = "compound.benchmarks"
Load = Callable[[str, int | None], Sequence[Query]]


def read_questions(source: str, *, split: str | None = None, n: int | None = None) -> list[Query]:
    """The questions of a file or a benchmark; lines of a file that cannot be asked are left out.

    Args:
        source: path of a JSONL file (with a `/` or a suffix, or it is there), else a benchmark's name.
        split: of a benchmark; None: "test". A file has none.
        n: take the first so many; None: all of a file, the usual number of a benchmark.

    Raises:
        ConfigError: no such file or benchmark, nothing in it that can be asked, or `n` below 1.
        BenchmarkError: the benchmark has no such split or not so many questions.
    """
    if n is not None and n < 1:
        raise ConfigError(f"The number of questions must be at least 1, got {n}.")
    path = Path(source).expanduser()
    if path.suffix or "/" in source or path.exists():
        if split is not None:
            raise ConfigError(
                f"A file has no splits; leave the split out, or name a benchmark, not {source}."
            )
        return _from_file(path, n)
    return list(_benchmark(source)(split or "test", n))


def _from_file(path: Path, n: int | None) -> list[Query]:
    rows = read_rows(path)
    queries = [row.query for row in rows if row.query is not None]
    if not queries:
        raise ConfigError(f"No line of {path} can be asked. {rows[0].error}")
    return queries[:n]


def _benchmark(name: str) -> Load:
    known = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in known:
        there = f"benchmarks are {', '.join(sorted(known))}" if known else "no benchmark is installed"
        raise ConfigError(
            f"There is no file and no benchmark {name!r}: give a JSONL file with a question a line; {there}."
        )
    try:
        load: Load = known[name].load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"The benchmark {name!r} ({known[name].value}) cannot be loaded: {error}."
        ) from error
    return load
