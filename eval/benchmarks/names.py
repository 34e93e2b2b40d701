"""Which benchmarks there are, and how one is opened by its name or its YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from eval.benchmarks.benchmark import Benchmark
from eval.benchmarks.mapped import MappedBenchmark
from eval.benchmarks.mapping_file import BUNDLED, bundled_names, read_mapping
from eval.benchmarks.miniature import MiniatureBenchmark
from eval.benchmarks.official_mmlu_pro import official_mmlu_pro
from eval.question import OfficialExtraction, Question
from experts.errors import BenchmarkError
from experts.query import Query

_MINIATURE = MiniatureBenchmark.name
_EXTRACTIONS: Mapping[str, OfficialExtraction] = MappingProxyType({"mmlu_pro": official_mmlu_pro})
"""Extractions that a mapping may name."""
_GPQA = "gpqa_"
_GPQA_SUBSETS = ("main", "diamond", "extended")


def benchmark_names() -> tuple[str, ...]:
    """Names that `open_benchmark` takes, in order; files of one's own come on top."""
    return tuple(sorted([_MINIATURE, *bundled_names(), *(_GPQA + subset for subset in _GPQA_SUBSETS)]))


def open_benchmark(name: str, *, data: Path | None = None, shots: int = 0) -> Benchmark:
    """A benchmark; nothing of its questions is read yet.

    Args:
        name: such as "mmlu_pro", or the path of a YAML mapping (ends in .yaml or .yml).
        data: local file or folder of the questions; None: from the hub, or where the mapping says.
        shots: worked examples in front of each question.

    Raises:
        BenchmarkError: unknown benchmark, a mapping that is none, or examples where there are none.
    """
    if name == _MINIATURE:
        if data is not None or shots:
            given = f"--data {data}" if data is not None else f"--shots {shots}"
            raise BenchmarkError(f"{name} is made by a program and takes no {given}; leave it out.")
        return MiniatureBenchmark()
    if name.startswith(_GPQA) and name in benchmark_names():
        return _gpqa(name, data, shots)
    path = BUNDLED / f"{name}.yaml" if name in bundled_names() else _own_file(name)
    config = read_mapping(path)
    official = _EXTRACTIONS.get(config.extraction)
    return MappedBenchmark(config, folder=path.parent, data=data, shots=shots, official=official)


def _gpqa(name: str, data: Path | None, shots: int) -> Benchmark:
    if shots:
        raise BenchmarkError(f"{name} has no worked examples; give --shots 0.")
    from eval.benchmarks.gpqa import GpqaBenchmark

    return GpqaBenchmark(name.removeprefix(_GPQA), data)


def _own_file(name: str) -> Path:
    if name.endswith((".yaml", ".yml")):
        return Path(name).expanduser()
    close = get_close_matches(name, benchmark_names(), n=1)
    meant = f" (did you mean {close[0]!r}?)" if close else ""
    raise BenchmarkError(
        f"There is no benchmark {name!r}{meant}; known are {', '.join(benchmark_names())}, "
        "or give a YAML mapping of your own."
    )


def load_benchmark(name: str, split: str, n: int | None = None) -> list[Question]:
    """Questions of a benchmark's split.

    Args:
        name: such as "pocket", the miniature benchmark.
        split: such as "test".
        n: how many; None: as many as the split usually has.

    Raises:
        BenchmarkError: unknown benchmark or split, or `n` is not to be had.
    """
    return open_benchmark(name).load(split, n)


def pocket_queries(split: str, n: int | None) -> list[Query]:
    """The miniature benchmark's questions without their answers, for commands of other packages."""
    return [question.query for question in load_benchmark(_MINIATURE, split, n)]


def benchmark_version(name: str) -> str:
    """Version printed with every score; it changes when questions change."""
    return open_benchmark(name).version
