"""Arrival traces: requests with a time, an expert and the seconds they take. Knows no slots."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experts.errors import BenchmarkError


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request."""

    time: float
    """Seconds from the start of the trace."""
    expert: str
    seconds: float
    """From its start to its answer, while its expert is resident."""


def zipf_shares(experts: int, exponent: float) -> list[float]:
    """Popularity of experts by rank: proportional to 1 / rank^exponent, sum 1."""
    weights = 1.0 / np.arange(1, experts + 1) ** exponent
    return [float(w) for w in weights / weights.sum()]


def poisson_trace(
    *, requests: int, rate: float, experts: int, exponent: float = 1.0, seconds: float = 1.0, seed: int
) -> list[Arrival]:
    """Poisson arrivals, each for an independently drawn expert of Zipf popularity.

    Args:
        requests: length of the trace.
        rate: arrivals a second.
        experts: how many; named e000, e001, ... from the most popular on.
        exponent: of the popularity; 0.0: all alike.
        seconds: what each takes.
        seed: of the draw.
    """
    random = np.random.default_rng(seed)
    times = random.exponential(1.0 / rate, requests).cumsum()
    ranks = random.choice(experts, size=requests, p=zipf_shares(experts, exponent))
    return [Arrival(float(t), f"e{r:03d}", seconds) for t, r in zip(times, ranks, strict=True)]


def read_trace(path: Path) -> list[Arrival]:
    """A trace from JSON lines `{"time": 0.5, "expert": "a", "seconds": 1.2}`, sorted by time here.

    Raises:
        BenchmarkError: a line is not of this form.
    """
    arrivals = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            arrivals.append(Arrival(float(row["time"]), str(row["expert"]), float(row["seconds"])))
        except (ValueError, KeyError, TypeError) as e:
            form = '{"time": 0.5, "expert": "a", "seconds": 1.2}'
            raise BenchmarkError(
                f"{path}, line {number}: a trace has lines like {form}; got {line!r}."
            ) from e
    return sorted(arrivals, key=lambda a: a.time)
