"""The system and the best single expert by benchmark and by subject, Wilson's intervals. Draws nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from eval.reports.run_arrays import Floats, RunArrays
from eval.reports.schema import BenchmarkScore, SubjectScore, Value
from eval.reports.values import share
from eval.runs.manifest import Manifest


def subject_scores(arrays: RunArrays, scores: Mapping[str, Floats]) -> tuple[SubjectScore, ...]:
    """One for each subject of each benchmark; `scores` as `standings.table_scores` gives them."""
    found = []
    for s, (benchmark, subject) in enumerate(arrays.subjects):
        here = arrays.subject == s
        found.append(
            SubjectScore(
                benchmark=benchmark,
                subject=subject,
                n=int(here.sum()),
                system=_part(scores, "system", here),
                best_single=_part(scores, "best_single", here),
            )
        )
    return tuple(found)


def benchmark_scores(
    arrays: RunArrays, manifest: Manifest, scores: Mapping[str, Floats]
) -> tuple[BenchmarkScore, ...]:
    """One for each benchmark of the manifest, in its order."""
    names = np.array([row.benchmark for row in arrays.rows])
    return tuple(
        BenchmarkScore(
            name=entry.name,
            version=entry.version,
            split=entry.split,
            n=int((names == entry.name).sum()),
            system=_part(scores, "system", names == entry.name),
            best_single=_part(scores, "best_single", names == entry.name),
        )
        for entry in manifest.benchmarks
    )


def _part(scores: Mapping[str, Floats], name: str, here: NDArray[np.bool_]) -> Value | None:
    return share(scores[name][here]) if name in scores else None
