"""Pictures of the hosting benchmarks: one for each measurement that is there."""

import json
from pathlib import Path

from eval.performance.hosting_pictures import draw

WAY = {"seconds": 10.0, "switch_seconds": 2.0}
POOL = {"pool": "mixed", "queries": 400, "k": 3, "ours": WAY, "grouped": WAY, "arrival": {"seconds": 4000.0}}
SCALE = {"queries": 1000, "grouping_s": 0.1, "planning_s": 0.2, "total_s": 0.3}
POLICY = {"switches": 100, "latency_p99_s": 5.0}


def test_only_what_was_measured_is_drawn(tmp_path: Path) -> None:
    assert draw(tmp_path) == []
    found = {
        "switching": [POOL, POOL],
        "planning_scale": {"experts": 64, "slots": 32, "rows": [SCALE, {**SCALE, "queries": 10_000}]},
        "online": {
            "runs": [{"ratio": r, "policies": {"ours": POLICY, "first_come": POLICY}} for r in (10, 50)]
        },
        "planning_quality": {"ratios": [1.0, 1.01, 1.1]},
        "overhead": {"ratio": 1.0},
    }
    for name, content in found.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    drawn = draw(tmp_path)
    assert {path.name for path in drawn} == {f"{name}.png" for name in found if name != "overhead"}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)
