"""What asking cheap experts first saves against the best single expert, on recorded outcomes.

    python -m eval.fusing.token_saving --matrix gsm.parquet [--size 3] [--candidates A,B,C,D]

Everything is chosen on train and validation (`eval.fusing.cheap_first`), test is looked at once. Prints
accuracy, completion tokens and calls per question, with paired intervals, as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.fusing.cheap_first import (
    Floats,
    Played,
    alone,
    best_expert,
    choose_pool,
    fit,
    least_tokens,
    left_out,
    play_at,
)
from eval.metrics import paired_difference
from experts.outcome_table import OutcomeTable

_SEED = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Saving:
    """A system, and the single experts that it is compared with, on test."""

    pool: tuple[str, ...]
    """In the order of asking."""
    threshold: float | None
    """None: none was as accurate as the best expert, which is asked alone then."""
    left_out: dict[float, tuple[float, float]]
    """Threshold -> (accuracy, mean tokens) on train and validation questions left out in turn."""
    system: Played
    singles: dict[str, tuple[str, Played]]
    """Role -> (expert, its answers): best of the pool and of all by train, and the first one asked."""


def token_saving(table: OutcomeTable, size: int = 3, candidates: Sequence[str] | None = None) -> Saving:
    """Choose on train and validation, play on test.

    Args:
        table: with answers, tokens and the splits train, validation and test.
        size: of the pool.
        candidates: experts that the pool may be chosen from; None: all of the table.

    Raises:
        ConfigError: something of that is missing, or there are too few questions.
    """
    train, test = table.take(table.split("train")), table.take(table.split("test"))
    pool = choose_pool(train if candidates is None else train.restrict(candidates), size)
    both = table.take(np.concatenate([table.split("train"), table.split("validation")])).restrict(pool)
    best = best_expert(train, pool)
    tried = left_out(both)
    threshold = least_tokens(tried, alone(both, best))
    asked = test.restrict(pool)
    system = alone(test, best) if threshold is None else play_at(fit(both), asked, threshold)
    singles = {"best of the pool": best, "best of all": best_expert(train), "first asked": pool[0]}
    return Saving(
        pool=pool,
        threshold=threshold,
        left_out={at: (float(p.scores.mean()), float(p.tokens.mean())) for at, p in tried.items()},
        system=system,
        singles={role: (name, alone(test, name)) for role, name in singles.items()},
    )


def report(saving: Saving) -> dict[str, Any]:
    """Plain values for JSON; tokens and calls are means per question, intervals 95%."""
    found: dict[str, Any] = {
        "pool": list(saving.pool),
        "threshold": saving.threshold,
        "left_out": {f"{at:g}": values for at, values in saving.left_out.items()},
        "system": _means(saving.system),
    }
    for role, (name, single) in saving.singles.items():
        found[role] = {
            "expert": name,
            **_means(single),
            "accuracy_difference": _difference(saving.system.scores, single.scores),
            "tokens_difference": _difference(saving.system.tokens, single.tokens),
        }
    return found


def _means(played: Played) -> dict[str, float]:
    return {
        "accuracy": float(played.scores.mean()),
        "tokens": float(played.tokens.mean()),
        "calls": float(played.calls.mean()),
    }


def _difference(a: Floats, b: Floats) -> list[float]:
    found = paired_difference(a, b, rng=np.random.default_rng(_SEED))
    return [found.estimate, found.low, found.high]


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--matrix", type=Path, required=True, help="Outcome table with answers and tokens.")
    parser.add_argument("--size", type=int, default=3, help="Experts of the pool. Default: 3.")
    parser.add_argument("--candidates", help="Experts to choose from, by commas. Default: all.")
    given = parser.parse_args()
    names = None if given.candidates is None else [name.strip() for name in given.candidates.split(",")]
    found = report(token_saving(OutcomeTable.load(given.matrix), given.size, names))
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
