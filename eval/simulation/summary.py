"""A simulation's outcome as plain figures. Knows no policy."""

from __future__ import annotations

import numpy as np

from eval.simulation.simulator import Outcome


def summarise(outcome: Outcome, slots: int) -> dict[str, float]:
    """Counts, seconds and shares of slot time, JSON-able."""
    latencies, waits = np.asarray(outcome.latencies), np.asarray(outcome.waits)
    p50, p95, p99 = (float(x) for x in np.percentile(latencies, [50, 95, 99]))
    whole = outcome.seconds * slots
    return {
        "requests": len(latencies),
        "switches": sum(outcome.switches.values()),
        **{f"switches_{kind}": n for kind, n in sorted(outcome.switches.items())},
        "switching_s": outcome.switching_s,
        "switching_share": outcome.switching_s / whole,
        "busy_share": outcome.busy_s / whole,
        "latency_mean_s": float(latencies.mean()),
        "latency_p50_s": p50,
        "latency_p95_s": p95,
        "latency_p99_s": p99,
        "wait_max_s": float(waits.max()),
        "overtaken": outcome.overtaken,
        "overtaken_s": outcome.overtaken_s,
        "seconds": outcome.seconds,
        "events": outcome.events,
    }
