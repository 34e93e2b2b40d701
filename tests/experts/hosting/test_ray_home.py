"""Ray in this process: started once for all, ended with the last; with a module that only counts."""

import asyncio
import threading
from typing import Any

import pytest

from experts.config import HostingConfig
from experts.errors import ConfigError
from experts.hosting import ray_home


class FakeRay:
    """Writes down starts and ends."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.running = False
        self.problem: Exception | None = None
        self.settings: dict[str, Any] = {}
        self.thread: threading.Thread | None = None

    def is_initialized(self) -> bool:
        return self.running

    def init(self, **settings: Any) -> None:
        self.log.append("init")
        self.settings, self.thread = settings, threading.current_thread()
        if self.problem is not None:
            raise self.problem
        self.running = True

    def shutdown(self) -> None:
        self.log.append("shutdown")
        self.running = False


def nothing() -> None:
    """What a user does at the end of the interpreter who has no calls to stop."""


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    fake = FakeRay()
    monkeypatch.setattr(ray_home, "import_ray", lambda: fake)
    monkeypatch.setattr(ray_home, "_home", None)  # other tests may have Ray running
    for name in ("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "RAY_USAGE_STATS_ENABLED", "RAY_worker_niceness"):
        monkeypatch.setenv(name, "0")
    return fake


async def test_ray_is_started_by_the_first_and_ended_by_the_last(ray: FakeRay) -> None:
    await asyncio.gather(*(ray_home.enter(HostingConfig(), nothing) for _ in range(3)))
    assert ray.log == ["init"]
    await ray_home.leave(nothing)
    await ray_home.leave(nothing)
    assert ray.log == ["init"]
    await ray_home.leave(nothing)
    assert ray.log == ["init", "shutdown"]
    await ray_home.leave(nothing)
    await ray_home.enter(HostingConfig(), nothing)
    await ray_home.leave(nothing)
    assert ray.log == ["init", "shutdown"] * 2, "leaving once too often does no harm"


async def test_its_thread_lives_as_long_as_ray(ray: FakeRay) -> None:
    await ray_home.enter(HostingConfig(slots=500), nothing)
    assert ray.thread is not None and ray.thread.is_alive() and ray.thread is not threading.current_thread()
    assert ray.settings["address"] == "local" and ray.settings["num_cpus"] == 500
    await ray_home.leave(nothing)
    await asyncio.to_thread(ray.thread.join, 5)
    assert not ray.thread.is_alive()


async def test_a_cluster_is_joined_as_it_is(ray: FakeRay) -> None:
    await ray_home.enter(HostingConfig(address="ray://head:10001"), nothing)
    assert ray.settings["address"] == "ray://head:10001" and "num_cpus" not in ray.settings
    await ray_home.leave(nothing)


async def test_ray_that_the_user_runs_is_left_running(ray: FakeRay) -> None:
    ray.running = True
    await ray_home.enter(HostingConfig(), nothing)
    await ray_home.leave(nothing)
    assert ray.log == [] and ray.running


async def test_one_process_uses_one_cluster(ray: FakeRay) -> None:
    await ray_home.enter(HostingConfig(), nothing)
    with pytest.raises(ConfigError, match=r"uses Ray at this machine already, and hosting\.address is auto"):
        await ray_home.enter(HostingConfig(address="auto"), nothing)
    await ray_home.leave(nothing)
    assert ray.log == ["init", "shutdown"], "the refused one was never counted"


async def test_a_start_that_fails_is_said_to_all_and_can_be_tried_again(ray: FakeRay) -> None:
    ray.problem = ConnectionError("nobody there")
    failures = await asyncio.gather(
        *(ray_home.enter(HostingConfig(address="auto"), nothing) for _ in range(2)), return_exceptions=True
    )
    assert [str(f) for f in failures] == ["No Ray cluster can be had at auto: nobody there"] * 2
    assert all(isinstance(f, ConfigError) for f in failures)
    ray.problem = None
    ray.log.clear()
    await ray_home.enter(HostingConfig(address="auto"), nothing)
    await ray_home.leave(nothing)
    assert ray.log == ["init", "shutdown"]


async def test_at_the_end_of_the_interpreter_users_let_go_before_ray_ends(ray: FakeRay) -> None:
    await ray_home.enter(HostingConfig(), lambda: ray.log.append("let go"))
    home = ray_home._home
    assert home is not None
    home.end()
    assert ray.log == ["init", "let go", "shutdown"]
