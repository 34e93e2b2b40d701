"""A program for test_cluster: faults in the middle of batches, on a Ray cluster of three nodes.

Runs in a process of its own, since a process knows one Ray. Prints one line of JSON per trial: how often
each request was answered, which faults were reported, what the answers say about it.
"""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

from compound.config import default_config_path, load_config
from experts.completion import Completion, Request
from experts.config import HostingConfig, VllmExpert
from experts.hosting.hosted_engine import HostedEngine
from experts.hosting.orders import HostingStatus
from experts.query import Message
from experts.sampling import SamplingConfig

EXPERTS = ("abacus", "atlas", "almanac", "ledger")
"""Of one engine family."""
PER_EXPERT = 150
STRIKE_AT = 10
"""Completions after which the fault strikes: early, so that it finds work wherever it hits."""

Strike = Callable[[HostedEngine, HostingStatus, Cluster], Awaitable[None]]


def requests(trial: str) -> list[Request]:
    return [
        Request(
            id=f"{trial}/{name}/{i}",
            expert=name,
            query_id=f"{i}",
            messages=(Message("user", f"What is {i} plus {i + 7}?"),),
            sampling=SamplingConfig(max_tokens=48),
        )
        for i in range(PER_EXPERT)
        for name in EXPERTS
    ]


async def run(engine: HostedEngine, cluster: Cluster, trial: str, strike: Strike) -> dict[str, Any]:
    before, switched = len(engine.faults()), len(engine.switches())
    answers: list[Completion] = []
    asked, struck = requests(trial), False
    async for event in engine.submit(asked):
        if isinstance(event, Completion):
            answers.append(event)
        if not struck and len(answers) >= STRIKE_AT:
            struck = True
            status = await engine.status()
            assert status is not None
            await strike(engine, status, cluster)
    times = Counter(a.request_id for a in answers)
    status = await engine.status()
    assert status is not None
    return {
        "trial": trial,
        "asked": len(asked),
        "answered_once": sum(times[r.id] == 1 for r in asked),
        "errors": [a.error for a in answers if a.error][:3],
        "texts": sum(bool(a.text) for a in answers),
        "faults": [f.kind for f in engine.faults()[before:]],
        "details": [f.detail for f in engine.faults()[before:]],
        "again": sum(bool(a.notes) for a in answers),
        "note": next((a.notes[0] for a in answers if a.notes), ""),
        "slots": len(status.slots),
        "experts": len(EXPERTS),
        "residencies": [(s.expert, s.slot) for s in engine.switches()[switched:]],
        "waiting": status.waiting,
    }


def busy(status: HostingStatus) -> Any:
    return next(s for s in status.slots if s.running)


async def nothing(engine: HostedEngine, status: HostingStatus, cluster: Cluster) -> None:
    return


async def kill_engine(engine: HostedEngine, status: HostingStatus, cluster: Cluster) -> None:
    os.kill(busy(status).engine_pid, signal.SIGKILL)


async def hang_engine(engine: HostedEngine, status: HostingStatus, cluster: Cluster) -> None:
    os.kill(busy(status).engine_pid, signal.SIGSTOP)


async def kill_slot(engine: HostedEngine, status: HostingStatus, cluster: Cluster) -> None:
    os.kill(busy(status).pid, signal.SIGKILL)


async def kill_coordinator(engine: HostedEngine, status: HostingStatus, cluster: Cluster) -> None:
    os.kill(status.coordinator_pid, signal.SIGKILL)


async def kill_node(engine: HostedEngine, status: HostingStatus, cluster: Cluster) -> None:
    """End the node, other than the head, on which a slot works."""
    raylets = {n.all_processes["raylet"][0].process.pid: n for n in cluster.list_all_nodes()}
    for slot in sorted(status.slots, key=lambda s: not s.running):
        node = raylets[_parent(slot.pid)]
        if node is not cluster.head_node:
            await asyncio.to_thread(cluster.remove_node, node, allow_graceful=False)
            return
    raise RuntimeError("all slots are on the head node")


def _parent(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return int(fields[1])


TRIALS: dict[str, Strike] = {
    "nothing": nothing,
    "kill_engine": kill_engine,
    "hang_engine": hang_engine,
    "kill_slot": kill_slot,
    "kill_coordinator": kill_coordinator,
    "kill_node": kill_node,
}


async def main(names: list[str]) -> None:
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  # Ray's own spelling
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(3):
        cluster.add_node(num_cpus=1)
    config = load_config(default_config_path())
    experts = {n: e for n, e in config.all_experts.items() if isinstance(e, VllmExpert)}
    hosting = HostingConfig(
        address=cluster.address,
        device="cpu",
        slots=2,
        cpus_per_slot=1,
        kv_cache_gib=0.25,
        start_timeout_s=120,
        hang_timeout_s=8,
    )
    engine = HostedEngine(experts, hosting)
    try:
        for name in names or TRIALS:
            sys.stdout.write(json.dumps(await run(engine, cluster, name, TRIALS[name])) + "\n")
            sys.stdout.flush()
    finally:
        await engine.close()
        cluster.shutdown()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
