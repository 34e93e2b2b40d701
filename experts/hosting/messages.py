"""What a slot and its engine process say to each other. Plain values, pickled over a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from experts.completion import Certainty
from experts.config import EngineArguments
from experts.sampling import SamplingConfig


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which weights in which engine."""

    expert: str
    """Name for people."""
    key: str
    """Tells models apart, whatever they are called."""
    folder: str
    family: str
    """Engine family; weights may be reloaded in place only within one."""
    scheduled_family: str
    """The same for the scheduler, to whom a model that must not be reloaded is a family of its own."""
    reload_obstacle: str | None
    """Why it must not be reloaded in place; None: it may."""
    engine: EngineArguments
    device: Literal["cpu", "gpu"]
    kv_cache_bytes: int | None
    """Size of the KV cache; None: what `engine.gpu_memory_utilization` leaves."""
    verify_reload: bool
    can_sleep: bool
    """Whether the engine is to be built so that it can give its memory back while it is parked."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A prompt as token ids."""

    id: str
    prompt: tuple[int, ...]
    sampling: SamplingConfig
    max_tokens: int
    """`sampling.max_tokens`, cut to what the context leaves."""
    stop_ids: tuple[int, ...]
    stream: bool
    """Whether tokens are sent at every step, or all together at the end."""


@dataclass(frozen=True, slots=True)
class Load:
    """Make these weights resident."""

    spec: EngineSpec


@dataclass(frozen=True, slots=True)
class Sleep:
    """Give the device's memory back, and keep the engine; nothing may be running."""

    level: int
    """1: weights go to the host's memory; 2: they are dropped, and must be reloaded after waking."""


@dataclass(frozen=True, slots=True)
class Wake:
    """Take the device's memory again."""


@dataclass(frozen=True, slots=True)
class Submit:
    """Start these requests in the resident engine."""

    requests: tuple[TokenRequest, ...]


@dataclass(frozen=True, slots=True)
class Abort:
    """End these requests; they get a final `Tokens` with reason "abort"."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shutdown:
    """End the process."""


Command = Load | Sleep | Wake | Submit | Abort | Shutdown


@dataclass(frozen=True, slots=True)
class Loaded:
    """The weights are resident."""

    kind: Literal["new_engine", "reload"]
    seconds: float
    max_model_len: int
    engine_version: str
    note: str | None = None
    """What a user should know, such as a reload that was refused or repaired."""
    footprint_bytes: int = 0
    """Device memory that the engine took when it was built; 0 on a CPU."""


@dataclass(frozen=True, slots=True)
class Slept:
    """The engine sleeps."""

    freed_bytes: int
    """Device memory that is free now and was not before, as the device says; 0 on a CPU."""


@dataclass(frozen=True, slots=True)
class Awake:
    """The engine can be used again."""


@dataclass(frozen=True, slots=True)
class LoadFailed:
    """Loading, sleeping or waking failed; the process should be replaced."""

    error: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """Further token ids of a request."""

    id: str
    ids: tuple[int, ...]
    finish: Literal["stop", "length", "abort"] | None
    certainty: Certainty | None = None
    """Of all tokens so far, where it was asked for and can be told."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The engine refused a request."""

    id: str
    error: str


@dataclass(frozen=True, slots=True)
class Beat:
    """The engine made a step: sign of life at most once a second."""


Event = Loaded | Slept | Awake | LoadFailed | Tokens | Rejected | Beat
