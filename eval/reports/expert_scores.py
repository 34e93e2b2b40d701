"""Each expert on all questions: accuracy by our extraction and the benchmark's own, and what went wrong.

Knows no router; of the system it counts whom it asked.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from eval.reports.run_arrays import RunArrays
from eval.reports.schema import ExpertScore
from eval.reports.values import share
from eval.runs.manifest import Manifest
from eval.runs.row import ExpertRow


def expert_scores(arrays: RunArrays, manifest: Manifest) -> tuple[ExpertScore, ...]:
    """Of every expert that was run, in the order of the pool."""
    asked = _asked(arrays)
    calls = sum(asked.values())
    by_expert: dict[str, list[ExpertRow]] = {name: [] for name in arrays.experts}
    officially: dict[str, list[float]] = {name: [] for name in arrays.experts}
    extracted = {r.benchmark for r in arrays.rows if any(e.official is not None for e in r.experts)}
    for row in arrays.rows:
        for found in row.experts:
            by_expert[found.expert].append(found)
            if row.benchmark in extracted:
                officially[found.expert].append(float(found.official == "right"))
    return tuple(
        _score(
            arrays,
            j,
            by_expert[name],
            officially[name],
            asked_share=None if manifest.experts_only else asked[name] / calls if calls else 0.0,
            played_back=name in manifest.played_back,
        )
        for j, name in enumerate(arrays.experts)
    )


def _score(
    arrays: RunArrays,
    column: int,
    rows: list[ExpertRow],
    official: list[float],
    *,
    asked_share: float | None,
    played_back: bool,
) -> ExpertScore:
    outcomes = Counter(row.outcome for row in rows)
    dead = outcomes["error"] == len(rows)
    return ExpertScore(
        name=arrays.experts[column],
        n=len(rows),
        accuracy=None if dead else share(arrays.score[:, column]),
        official=None if dead else share(np.array(official)),
        asked_share=asked_share,
        tokens=sum(row.completion_tokens for row in rows) / len(rows),
        unparsed=outcomes["unparsed"],
        truncated=sum(row.truncated for row in rows),
        errors=outcomes["error"],
        played_back=played_back,
    )


def _asked(arrays: RunArrays) -> Counter[str]:
    """Calls of the system by expert; one that was chosen twice for a question counts twice."""
    found: Counter[str] = Counter()
    for row in arrays.rows:
        chosen = Counter(row.chosen)
        for expert in row.experts:
            if expert.asked:
                found[expert.expert] += max(1, chosen[expert.expert])
    return found
