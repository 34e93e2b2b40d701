"""A live comparison as JSON. Knows how it is written, not how it is made; `tables` shows it.

`live.json`: `winner`, `configured` (row names), `choice` (the choice file's content without centroids),
`rows` and `floors`, each a mapping from a row's name to

- `validation`, `test`: accuracy with its 95% interval, `{estimate, low, high}` in [0, 1];
- `minus_vote`, `minus_self_consistency`: paired difference on test with its 95% bootstrap interval, to
  the majority vote and to the best single expert's self-consistency at the row's own number of calls,
  rounded up (null for a baseline);
- `calls`, `prompt_tokens`, `completion_tokens`: means per question on test, the experts' included;
- `seconds`: wall seconds per question of fusing on test (of a baseline: of asking); null: from the store;
- `counts`: test questions by what happened to them; `config`: as it is written (null for a baseline).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aggregators.chosen.choice import VOTE
from eval.fusing.live.bench import LiveBench
from eval.fusing.live.floors import self_consistency
from eval.fusing.live.row import Floats, Row
from eval.metrics import Interval, accuracy, paired_difference


def live_report(bench: LiveBench, *, benchmark: str, version: str) -> dict[str, Any]:
    """Everything that was found, for `live.json`."""
    winner, configured = bench.rows[bench.winner], bench.rows[bench.lineup.configured]
    return {
        "format": 1,
        "benchmark": {"name": benchmark, "version": version},
        "questions": {"validation": len(winner.validation.scores), "test": len(winner.test.scores)},
        "winner": winner.name,
        "configured": configured.name,
        "winner_minus_configured": _difference(winner.test.scores, configured.test.scores),
        "best_single": bench.best_single,
        "reader": bench.lineup.reader,
        "asking_seconds": bench.asking_seconds,
        "rows": {name: _row(bench, row) for name, row in bench.rows.items()},
        "floors": {name: _row(bench, row) for name, row in bench.floors.items()},
        "choice": bench.choice.model_dump(mode="json", exclude={"centroids", "options"}),
        "left_out": bench.lineup.left_out,
    }


def _row(bench: LiveBench, row: Row) -> dict[str, Any]:
    test = row.test
    equal = bench.floors.get(self_consistency(math.ceil(test.calls.mean())))
    return {
        "validation": _interval(accuracy(row.validation.scores)),
        "test": _interval(accuracy(test.scores)),
        "minus_vote": _difference(test.scores, bench.rows[VOTE].test.scores),
        "minus_self_consistency": (
            None if equal is None or row.config is None else _difference(test.scores, equal.test.scores)
        ),
        "calls": float(test.calls.mean()),
        "prompt_tokens": _mean(test.prompt_tokens),
        "completion_tokens": _mean(test.completion_tokens),
        "seconds": None if test.seconds is None else test.seconds / len(test.scores),
        "counts": dict(test.counts),
        "config": None if row.config is None else row.config.model_dump(mode="json"),
    }


def _difference(a: Floats, b: Floats) -> dict[str, float]:
    return _interval(paired_difference(a, b, rng=np.random.default_rng(0)))


def _interval(interval: Interval) -> dict[str, float]:
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def _mean(values: Floats) -> float | None:
    mean = float(values.mean())
    return None if math.isnan(mean) else mean
