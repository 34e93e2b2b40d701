"""Slots and the coordinator as Ray actors: their names, their resources, how they are made and found.

Named and detached, so that they outlive the client that made them and a rebuilt coordinator finds the
slots of the lost one. Knows nothing of scheduling.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from experts.config import HostingConfig, VllmExpert
from experts.errors import ConfigError
from experts.hosting.ray_home import NAMESPACE, import_ray
from experts.hosting.records import SlotStatus
from experts.hosting.slot import Slot

_MAX_CALLS = 1000
"""Calls that an actor serves at once; in a slot they wait for residency, in the coordinator for grants."""
_OF_THE_CLIENT = {"priority", "costs", "retries", "address"}
"""Settings that clients of the same slots may have each to themselves."""


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """Which slots there are to be, and what each reserves."""

    hosting: HostingConfig
    device: Literal["cpu", "gpu"]
    gpus: int
    """GPUs of one slot, all on one node: as many as the widest expert is split over."""
    cpus: float
    threads: int
    """CPU threads of a slot's engine."""

    @property
    def prefix(self) -> str:
        """Begins the names of all actors; equal for clients that share them."""
        shared = self.hosting.model_dump_json(exclude=_OF_THE_CLIENT)
        return f"compound-{hashlib.sha256(f'{shared}{self.gpus}'.encode()).hexdigest()[:10]}"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the slots, in order."""
        return tuple(f"slot-{i}" for i in range(self.hosting.slots))

    @property
    def needs(self) -> str:
        """What one slot reserves, in words."""
        return f"{self.cpus:g} CPUs and {self.gpus} GPUs"


def plan_slots(hosting: HostingConfig, experts: Sequence[VllmExpert]) -> SlotPlan:
    """Slots for these experts on the Ray cluster that this process is part of.

    Raises:
        ConfigError: a GPU is asked for and Ray sees none.
    """
    resources = import_ray().cluster_resources()
    gpus, cores = float(resources.get("GPU", 0)), float(resources.get("CPU", 1))
    if hosting.device == "gpu" and gpus < 1:
        raise ConfigError(
            "hosting.device is 'gpu', but Ray sees no GPU. Set 'auto' or 'cpu', or check the driver."
        )
    gpu = hosting.device != "cpu" and gpus >= 1
    share = hosting.cpus_per_slot or (1.0 if gpu else max(1.0, cores // hosting.slots))
    return SlotPlan(
        hosting=hosting,
        device="gpu" if gpu else "cpu",
        gpus=max((e.engine.tensor_parallel_size for e in experts), default=1) if gpu else 0,
        # On a machine of our own nobody else competes, and a second system must not wait for the first.
        cpus=0.0 if hosting.address is None and not gpu else share,
        # All of the share, although tokenizing and Ray run beside it: one core fewer was slower by 15
        # to 20% on two quiet cores (docs/experiments.md, 2026-11-22).
        threads=max(1, int(share)),
    )


class RaySlots:
    """Makes, finds, asks and ends the slots of a plan. Runs inside the coordinator."""

    def __init__(self, plan: SlotPlan) -> None:
        self._plan = plan

    @property
    def names(self) -> tuple[str, ...]:
        """Of the slots, in order."""
        return self._plan.names

    @property
    def needs(self) -> str:
        """What one slot reserves, in words."""
        return self._plan.needs

    def make(self, name: str) -> Any:
        """The actor of a slot: the one that has the name, else a new one, which may have to wait for room."""
        plan = self._plan
        options = {
            "name": f"{plan.prefix}-{name}",
            "namespace": NAMESPACE,
            "lifetime": "detached",
            "get_if_exists": True,
            "num_cpus": plan.cpus,
            "num_gpus": plan.gpus,
            "max_concurrency": _MAX_CALLS,
        }
        actor = import_ray().remote(Slot).options(**options)
        return actor.remote(name, plan.hosting, plan.device, plan.threads)

    async def status(self, actor: Any, timeout_s: float) -> SlotStatus | None:
        """How a slot is; None: it has gone, or gives no answer in time."""
        from ray.exceptions import RayError

        try:
            status: SlotStatus = await asyncio.wait_for(actor.status.remote(), timeout_s)
        except (RayError, TimeoutError):
            return None
        return status

    def kill(self, actor: Any) -> None:
        """End a slot's process at once; its engines end when the pipes between them close."""
        import_ray().kill(actor)

    async def close(self, actor: Any, timeout_s: float) -> None:
        """End a slot in order."""
        from ray.exceptions import RayError

        with contextlib.suppress(RayError, TimeoutError):
            await asyncio.wait_for(actor.close.remote(), timeout_s)
        self.kill(actor)


def coordinator_actor(plan: SlotPlan) -> Any:
    """The coordinator of a plan's slots: the one that runs, else a new one."""
    from experts.hosting.coordinator import Coordinator

    options = {
        "name": f"{plan.prefix}-coordinator",
        "namespace": NAMESPACE,
        "lifetime": "detached",
        "get_if_exists": True,
        "num_cpus": 0,
        "max_concurrency": _MAX_CALLS,
    }
    return import_ray().remote(Coordinator).options(**options).remote(plan.hosting, RaySlots(plan))
