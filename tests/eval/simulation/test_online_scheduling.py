"""The online scheduler against the baselines: a short version of the benchmark, counts only."""

from __future__ import annotations

import pytest

from eval.performance.online_scheduling import compare


@pytest.mark.parametrize(("ratio", "fewer", "requests"), [(10.0, 1.25, 8000), (50.0, 1.4, 14_000)])
def test_fewer_switches_lower_latency_and_nobody_overtaken(ratio: float, fewer: float, requests: int) -> None:
    rows = compare(ratio=ratio, seed=3, requests=requests, only=("ours", "first_come", "collating"))
    ours, first, collating = rows["ours"], rows["first_come"], rows["collating"]
    assert ours["overtaken"] == 0
    assert 4 * ours["switches"] <= first["switches"]
    assert fewer * ours["switches"] <= collating["switches"]
    for other in (first, collating):
        assert ours["latency_mean_s"] < other["latency_mean_s"]
        assert ours["latency_p99_s"] < other["latency_p99_s"]


@pytest.mark.parametrize("families", [1, 4, 0])
@pytest.mark.parametrize("capacity", [1, 8])
def test_other_loads_families_and_capacities_end_too(families: int, capacity: int) -> None:
    rows = compare(
        ratio=5.0, seed=0, requests=800, experts=12, slots=3, families=families, capacity=capacity,
        only=("ours", "first_come"),
    )  # fmt: skip
    assert rows["ours"]["requests"] == 800
    assert rows["ours"]["overtaken"] == 0
    assert rows["ours"]["switches"] < rows["first_come"]["switches"]
