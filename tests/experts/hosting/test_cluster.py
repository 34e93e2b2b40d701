"""Faults in the middle of batches on a Ray cluster of several nodes: all is answered once, and it is said."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TRIAL = Path(__file__).with_name("cluster_trial.py")


@pytest.fixture(scope="module")
def trials() -> dict[str, dict[str, Any]]:
    """All trials, run one after another on one cluster: each finds what the one before has left."""
    ran = subprocess.run(
        [sys.executable, str(TRIAL)], capture_output=True, text=True, timeout=900, check=False
    )
    rows = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    assert ran.returncode == 0, ran.stderr[-2000:]
    return {row["trial"]: row for row in rows}


FAULTS: dict[str, set[str]] = {
    "nothing": set(),
    # Struck while weights were loading, a killed engine is a load that failed.
    "kill_engine": {"engine_died", "load_failed"},
    "hang_engine": {"engine_hung"},
    "kill_slot": {"slot_lost"},
    "kill_coordinator": {"coordinator_lost"},
    "kill_node": {"slot_lost", "coordinator_lost"},
}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("trial", FAULTS)
def test_every_query_is_answered_exactly_once_and_the_fault_is_named(
    trial: str, trials: dict[str, dict[str, Any]]
) -> None:
    row = trials[trial]
    assert row["asked"] >= 200
    assert row["errors"] == []
    assert row["answered_once"] == row["texts"] == row["asked"]
    assert row["waiting"] == 0
    if trial == "nothing":
        assert row["faults"] == []
        assert row["again"] == 0
    else:
        assert FAULTS[trial] & set(row["faults"]), row
    if {"slot_lost", "engine_died", "engine_hung"} & set(row["faults"]):
        assert row["again"] > 0, "answers say that they were asked again"
        assert "asked again" in row["note"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_round_makes_each_expert_resident_at_most_once_a_slot(trials: dict[str, dict[str, Any]]) -> None:
    row = trials["nothing"]
    residencies = [tuple(r) for r in row["residencies"]]
    assert len(residencies) == len(set(residencies)), "one residency per (expert, slot)"
    splits = len(residencies) - len({expert for expert, _ in residencies})
    assert len(residencies) <= row["experts"] + splits
    assert splits <= 1, "two slots share at most one expert between them"
