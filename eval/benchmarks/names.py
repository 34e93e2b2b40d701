"""Which benchmarks there are, and how one is opened by its name."""

from __future__ import annotations

from collections.abc import Callable

from eval import pocket
from eval.question import Question
from experts.errors import BenchmarkError
from experts.query import Query

_LOADERS: dict[str, Callable[[str, int | None], list[Question]]] = {"pocket": pocket.load}
_VERSIONS: dict[str, str] = {"pocket": str(pocket.VERSION)}


def load_benchmark(name: str, split: str, n: int | None = None) -> list[Question]:
    """Questions of a benchmark's split.

    Args:
        name: such as "pocket", the miniature benchmark.
        split: such as "test".
        n: how many; None: as many as the split usually has.

    Raises:
        BenchmarkError: unknown benchmark or split, or `n` is not to be had.
    """
    if name not in _LOADERS:
        raise BenchmarkError(f"There is no benchmark {name!r}; known are {', '.join(sorted(_LOADERS))}.")
    if n is not None and n < 1:
        raise BenchmarkError(f"The number of questions must be at least 1, got {n}.")
    return _LOADERS[name](split, n)


def pocket_queries(split: str, n: int | None) -> list[Query]:
    """The miniature benchmark's questions without their answers, for commands of other packages."""
    return [question.query for question in load_benchmark("pocket", split, n)]


def benchmark_version(name: str) -> str:
    """Version printed with every score; it changes when questions change."""
    return _VERSIONS[name]
