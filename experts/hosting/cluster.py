"""Ray: start it here or join a cluster, and place slots on it. The only module that calls Ray.

Ray is always used, on one machine too, so that there is one code path.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

from experts.completion import Completion, Delta, Request
from experts.config import HostingConfig, VllmExpert
from experts.errors import ConfigError, ExpertUnavailable
from experts.hosting.scheduler import SlotState
from experts.hosting.slot import Slot
from experts.hosting.switches import Switch

_OBJECT_STORE_BYTES = 256 * 2**20
"""Texts only pass through it; Ray's default would claim a third of the memory."""
_POLL_S = 0.02
_END_S = 20.0
_LEAST_PLACING_S = 60.0
"""Least time in which a slot must come up: a worker process takes seconds on a busy machine, whatever
bound is set for engines (`start_timeout_s`)."""
_MAX_CALLS = 1000
"""Calls that a slot serves at once; they wait inside it for residency."""


class Cluster:
    """A connection to Ray, with the slots placed through it."""

    def __init__(self, hosting: HostingConfig) -> None:
        """Start Ray on this machine, or join the cluster at `hosting.address`.

        Raises:
            ConfigError: nothing can be joined at the address, or a GPU is asked for and none is there.
        """
        ray = _import_ray()
        self._closing, self._closed = threading.Event(), threading.Event()
        self._owned = not ray.is_initialized()
        if self._owned:
            _connect(ray, hosting)
        try:
            gpus = float(ray.cluster_resources().get("GPU", 0))
            self.device: Literal["cpu", "gpu"] = _device(hosting, gpus)
            self._slots = _place(ray, hosting, self.device)
        except BaseException:
            # Nobody will close a cluster that was never made, and its Ray dies with this thread.
            if self._owned:
                ray.shutdown()
            raise

    @classmethod
    async def start(cls, hosting: HostingConfig) -> Cluster:
        """A cluster, without blocking the event loop for the seconds that Ray takes.

        Raises:
            ConfigError: as the constructor.
        """
        loop = asyncio.get_running_loop()
        started: asyncio.Future[Cluster] = loop.create_future()

        def settle(cluster: Cluster | None, error: Exception | None) -> None:
            if started.done():  # the caller has been cancelled
                return
            if cluster is not None:
                started.set_result(cluster)
            elif error is not None:
                started.set_exception(error)

        def run() -> None:
            try:
                cluster = cls(hosting)
            except Exception as error:  # noqa: BLE001  # raised where `start` is awaited
                loop.call_soon_threadsafe(settle, None, error)
                return
            loop.call_soon_threadsafe(settle, cluster, None)
            # The kernel kills Ray's processes when the *thread* that started them ends, so a thread of
            # an executor, which ends with its event loop, will not do.
            atexit.register(cluster._end)
            cluster._keep()

        threading.Thread(target=run, name="ray", daemon=True).start()
        return await started

    @property
    def slots(self) -> Sequence[RemoteSlot]:
        """The slots, in order."""
        return self._slots

    async def close(self) -> None:
        """End the slots, and Ray where it was started here."""
        atexit.unregister(self._end)
        if not self._closing.is_set():
            for slot in self._slots:
                await slot.close()
        self._closing.set()
        # No executor here: at the end of the interpreter they are gone before `close` is called.
        while not self._closed.is_set():
            await asyncio.sleep(_POLL_S)

    def _keep(self) -> None:
        """Hold the thread that started Ray until the end, then end Ray in it."""
        self._closing.wait()
        ray = _import_ray()
        for slot in self._slots:
            slot.kill()
        if self._owned:
            ray.shutdown()
        self._closed.set()

    def _end(self) -> None:
        """End at once, at the end of the interpreter.

        Registered after Ray's own hook, so it runs before it; a later `close` finds nothing to do.
        """
        self._closing.set()
        self._closed.wait(_END_S)


class RemoteSlot:
    """A slot as its clients see it: typed calls to the Ray actor; a dead actor raises in words."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    async def run(
        self, name: str, expert: VllmExpert, requests: Sequence[Request], *, deltas: bool
    ) -> AsyncIterator[list[Delta | Completion]]:
        """Chunks of events of one expert's batch.

        Raises:
            ExpertUnavailable: the slot has gone.
        """
        from ray.exceptions import RayActorError

        try:
            async for chunk in self._actor.run.remote(name, expert, requests, deltas):
                yield await chunk
        except RayActorError as error:
            raise ExpertUnavailable("A slot's process has gone; its unfinished work failed.") from error

    async def abort(self, request_ids: Sequence[str]) -> None:
        """End requests early."""
        await self._call("abort", tuple(request_ids))

    async def state(self) -> SlotState:
        """What is resident."""
        state: SlotState = await self._call("state")
        return state

    async def switches(self) -> list[Switch]:
        """All switches so far."""
        switches: list[Switch] = await self._call("switches")
        return switches

    async def engine_pid(self) -> int | None:
        """Process id of the engine."""
        pid: int | None = await self._call("engine_pid")
        return pid

    async def close(self) -> None:
        """End the engine in order; a slot that has gone already is no error."""
        from ray.exceptions import RayError

        try:
            await self._actor.close.remote()
        except RayError:
            logging.getLogger(__name__).debug("slot was gone before it was closed", exc_info=True)

    def kill(self) -> None:
        """End the actor; its engine ends when the pipe between them closes."""
        _import_ray().kill(self._actor)

    async def _call(self, method: str, *arguments: Any) -> Any:
        from ray.exceptions import RayActorError

        try:
            return await getattr(self._actor, method).remote(*arguments)
        except RayActorError as error:
            raise ExpertUnavailable("A slot's process has gone.") from error


def _import_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ConfigError("Hosting vLLM experts needs Ray: pip install 'ray[serve]'.") from error
    return ray


def _connect(ray: Any, hosting: HostingConfig) -> None:
    local: dict[str, Any] = {}
    if hosting.address is None:
        local = {
            "num_cpus": max(os.cpu_count() or 1, hosting.slots),
            "include_dashboard": False,
            "object_store_memory": _OBJECT_STORE_BYTES,
        }
    # Ray's own switch for a warning about a future default that concerns GPU masking only.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray runs its workers at niceness 15, and engines inherit that: any other job would starve them.
    os.environ.setdefault("RAY_worker_niceness", "0")
    try:
        ray.init(
            address=hosting.address or "local",
            namespace="compound",
            logging_level=logging.ERROR,
            log_to_driver=False,
            **local,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConfigError(
            f"No Ray cluster can be had at {hosting.address or 'this machine'}: {error}"
        ) from error


def _device(hosting: HostingConfig, gpus: float) -> Literal["cpu", "gpu"]:
    if hosting.device == "gpu" and gpus < 1:
        raise ConfigError(
            "hosting.device is 'gpu', but Ray sees no GPU. Set 'auto' or 'cpu', or check the driver."
        )
    return "gpu" if hosting.device != "cpu" and gpus >= 1 else "cpu"


def _place(ray: Any, hosting: HostingConfig, device: Literal["cpu", "gpu"]) -> list[RemoteSlot]:
    """One actor per slot.

    Raises:
        ConfigError: the cluster has no room for them within the start bound.
    """
    from ray.exceptions import GetTimeoutError

    cores = float(ray.cluster_resources().get("CPU", 1))
    share = hosting.cpus_per_slot or (1.0 if device == "gpu" else max(1.0, cores // hosting.slots))
    options = {
        # On a machine of our own nobody else competes, and a second system must not wait for the first.
        "num_cpus": 0 if hosting.address is None and device == "cpu" else share,
        "num_gpus": 1 if device == "gpu" else 0,
        "max_concurrency": _MAX_CALLS,
    }
    # All of the share, although tokenizing and Ray run beside it: one core fewer was slower by 15 to
    # 20% on two quiet cores (docs/experiments.md, 2026-11-22).
    threads = max(1, int(share))
    actors = [
        ray.remote(Slot).options(**options).remote(hosting, device, threads) for _ in range(hosting.slots)
    ]
    try:
        bound = max(hosting.start_timeout_s, _LEAST_PLACING_S)
        ray.get([actor.state.remote() for actor in actors], timeout=bound)
    except GetTimeoutError as error:
        needed = f"{options['num_cpus']:g} CPUs and {options['num_gpus']} GPUs"
        raise ConfigError(
            f"The Ray cluster has no room for {hosting.slots} slots of {needed} each. "
            "Lower hosting.slots or hosting.cpus_per_slot, or wait until others have finished."
        ) from error
    return [RemoteSlot(actor) for actor in actors]
