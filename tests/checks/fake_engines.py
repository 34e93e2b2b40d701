"""Engine processes without processes: they write down what they are told, and fail when a test says so."""

import asyncio
from collections import deque

from experts.config import EngineArguments
from experts.hosting.engine_process import EngineProcess
from experts.hosting.messages import Awake, EngineSpec, Loaded, Slept

FOOTPRINT = 1000


class Workshop:
    """Makes pretended processes, keeps one log of all their calls, and says which calls go wrong."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.made: list[Process] = []
        self.freed = FOOTPRINT
        self.wrong: dict[str, deque[BaseException]] = {}
        """Errors by call, such as "load a"; each is raised once, in any process."""
        self.fallback: set[str] = set()
        """Experts whose weights cannot be reloaded: they get a new engine in the same process."""

    def start(self) -> EngineProcess:
        self.made.append(Process(self, len(self.made) + 1))
        return self.made[-1]

    def fail(self, call: str, *errors: BaseException) -> None:
        self.wrong[call] = deque(errors)

    def told(self, process: int, call: str) -> None:
        self.log.append(f"{process} {call}")
        if self.wrong.get(call):
            raise self.wrong[call].popleft()


class Process(EngineProcess):
    """An engine process without a process."""

    def __init__(self, workshop: Workshop, number: int) -> None:
        self.workshop, self.number, self.running = workshop, number, True
        self.engine: str | None = None

    @property
    def pid(self) -> int:
        return self.number

    @property
    def alive(self) -> bool:
        return self.running

    async def load(self, spec: EngineSpec, timeout_s: float) -> Loaded:
        self.workshop.told(self.number, f"load {spec.key}")
        kept = self.engine == spec.family and spec.key not in self.workshop.fallback
        self.engine = spec.family
        kind = "reload" if kept else "new_engine"
        return Loaded(kind, 0.1, 64, "0", footprint_bytes=FOOTPRINT)  # type: ignore[arg-type]

    async def sleep(self, level: int, timeout_s: float) -> Slept:
        self.workshop.told(self.number, f"sleep {level}")
        await asyncio.sleep(0)
        return Slept(self.workshop.freed)

    async def wake(self, timeout_s: float) -> Awake:
        self.workshop.told(self.number, "wake")
        return Awake()

    async def close(self) -> None:
        self.running = False
        self.workshop.told(self.number, "close")

    async def kill(self) -> None:
        self.running = False
        self.workshop.told(self.number, "kill")


def spec(key: str, *, can_sleep: bool = True) -> EngineSpec:
    """Experts a, a2 ... are of family A, b, b2 ... of family B."""
    return EngineSpec(
        expert=f"expert {key}",
        key=key,
        folder=f"/models/{key}",
        family=key[0].upper(),
        scheduled_family=key[0].upper(),
        reload_obstacle=None,
        engine=EngineArguments(),
        device="gpu",
        kv_cache_bytes=None,
        verify_reload=True,
        can_sleep=can_sleep,
    )
