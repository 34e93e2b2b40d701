"""Ray in this process: started here or joined, shared by all systems of the process, ended with the last.

Knows no slots. Ray is always used, on one machine too, so that there is one code path.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from experts.config import HostingConfig
from experts.errors import ConfigError

NAMESPACE = "compound"
_OBJECT_STORE_BYTES = 256 * 2**20
"""Texts only pass through it; Ray's default would claim a third of the memory."""
_POLL_S = 0.02
_END_S = 20.0


@dataclass(slots=True)
class _Home:
    """Ray as this process started or joined it, in a thread of its own.

    The kernel kills Ray's processes when the *thread* that started them ends, so neither an executor's
    thread nor that of an event loop will do.
    """

    address: str | None
    users: int = 0
    started: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)
    problem: Exception | None = None
    at_exit: list[Callable[[], None]] = field(default_factory=list)
    """What users do at the end of the interpreter, before Ray ends: calls to a Ray that has gone crash."""

    def run(self, hosting: HostingConfig) -> None:
        ray = import_ray()
        owned = not ray.is_initialized()
        try:
            if owned:
                _connect(ray, hosting)
        except Exception as error:  # noqa: BLE001  # raised where it is waited for
            self.problem = error
            self.closed.set()
            self.started.set()
            return
        # Registered after Ray's own hook, so it runs before it.
        atexit.register(self.end)
        self.started.set()
        self.closing.wait()
        if owned:
            ray.shutdown()
        self.closed.set()

    def end(self) -> None:
        for let_go in list(self.at_exit):
            let_go()
        self.closing.set()
        self.closed.wait(_END_S)


_lock = threading.Lock()
_home: _Home | None = None


async def enter(hosting: HostingConfig, at_exit: Callable[[], None]) -> None:
    """Have Ray in this process; every call is to be matched by one of `leave`.

    Args:
        hosting: which Ray.
        at_exit: called where the interpreter ends before `leave`; it must stop all calls to Ray.

    Raises:
        ConfigError: nothing can be joined at the address, or Ray runs here already at another one.
    """
    import_ray()
    home = _take(hosting)
    while not home.started.is_set():
        await asyncio.sleep(_POLL_S)
    home.at_exit.append(at_exit)
    if home.problem is not None:
        await leave(at_exit)
        raise home.problem


def _take(hosting: HostingConfig) -> _Home:
    global _home
    with _lock:
        if _home is None or _home.closing.is_set():
            _home = _Home(hosting.address)
            threading.Thread(target=_home.run, args=(hosting,), name="ray", daemon=True).start()
        elif hosting.address != _home.address:
            raise ConfigError(
                f"This process uses Ray at {_home.address or 'this machine'} already, and hosting.address is "
                f"{hosting.address or 'this machine'}. Close the other system first, or use one address."
            )
        _home.users += 1
        return _home


async def leave(at_exit: Callable[[], None]) -> None:
    """Give Ray up, `at_exit` as given to `enter`; with the last user it ends where it was started here."""
    global _home
    with _lock:
        home = _home
        if home is None:
            return
        home.users -= 1
        if at_exit in home.at_exit:
            home.at_exit.remove(at_exit)
        if home.users:
            return
        _home = None
        home.closing.set()
    # No executor here: at the end of the interpreter they are gone before systems are closed.
    while not home.closed.is_set():
        await asyncio.sleep(_POLL_S)
    atexit.unregister(home.end)


def import_ray() -> Any:
    """The module.

    Raises:
        ConfigError: Ray is not installed.
    """
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
            # Nobody else is to reach it, and a machine without a network has no other address.
            "_node_ip_address": "127.0.0.1",
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
            namespace=NAMESPACE,
            logging_level=logging.ERROR,
            log_to_driver=False,
            **local,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConfigError(
            f"No Ray cluster can be had at {hosting.address or 'this machine'}: {error}"
        ) from error
