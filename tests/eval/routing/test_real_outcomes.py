"""Routers on recorded outcomes of real models; skips without the data."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from eval.importers import outcomes
from eval.routing.bench import bench_routers
from eval.routing.lineup import LEXICAL, lineup
from experts.outcome_table import OutcomeTable


def real(name: str) -> OutcomeTable:
    folder = os.environ.get("COMPOUND_DATA")
    if not folder:
        pytest.skip("COMPOUND_DATA does not name the folder of recorded outcomes.")
    table = outcomes.import_files([Path(folder) / name], {}).table
    return replace(table, splits=("",) * len(table.queries)).with_hash_splits()


@pytest.mark.parametrize("name", ["mmlu_redux_helm14.parquet", "llmrouter_9models.parquet"])
def test_a_guarded_router_is_not_below_the_best_single_expert_on_other_benchmarks(name: str) -> None:
    table = real(name)
    entries = [e for e in lineup(LEXICAL, table.experts, table.facts) if e.name in ("knn", "factors")]
    for row in bench_routers(table, entries, LEXICAL).rows:
        assert row.outcomes[1].against["best single"].high >= 0
