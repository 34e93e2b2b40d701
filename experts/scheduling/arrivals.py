"""How often each expert is asked for, and how patient that makes a switch.

Learns rates from submissions. The patience is our own use of the square-root rule of polling systems
(Boxma, Levy, Weststrate 1991: visits in proportion to the root of the arrival rate): if an expert is
made resident whenever the ages of its waiting jobs add up to `patience x price`, experts are visited
in these proportions, and the patience alone says how much slot time goes into switching. It is set so
that switching takes a fixed share of the time that the work leaves. Knows no slot and no single job.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

_SHARES = 1000
"""Arrivals over which experts' shares are averaged."""
_GAPS = 200
"""Arrivals over which the time between them is averaged."""
_FEW = 20
"""With fewer arrivals than this nothing is expected, and nothing held back."""
_SILENCE = 30
"""So many average gaps without an arrival: nothing more is expected (by chance once in 1e13)."""
_SWITCHING_SHARE = 0.5
"""Share of the slot time left over by the work that may go into switches. Lower: fewer switches."""


class Arrivals:
    """Arrival rates per expert, as averages over the latest arrivals."""

    def __init__(self) -> None:
        self._count = 0
        self._gap = 0.0
        self._last: float | None = None
        self.seconds = 0.0
        """Of a job, on average."""
        self._weights: dict[str, float] = {}
        self._whole = 0.0
        self._usual = 1.0
        self._unit = 1.0
        self._patience: tuple[float, float, float] | None = None

    def saw(self, expert: str, seconds: float, now: float) -> None:
        """One job came, of so many seconds of a whole slot."""
        if self._last is not None:
            step = max(1.0 / self._count, 1.0 / _GAPS)
            self._gap += step * (max(0.0, now - self._last) - self._gap)
            self.seconds += step * (seconds - self.seconds)
        else:
            self.seconds = seconds
        self._count += 1
        self._last = now
        # Instead of shrinking all weights at every arrival, new arrivals weigh ever more.
        self._unit *= 1.0 + 1.0 / _SHARES
        self._weights[expert] = self._weights.get(expert, 0.0) + self._unit
        self._whole += self._unit
        if self._unit > 1e9:
            self._weights = {e: w / self._unit for e, w in self._weights.items() if w / self._unit > 1e-3}
            self._whole = sum(self._weights.values())
            self._unit = 1.0

    def total(self, now: float) -> float:
        """Jobs a second, of all experts; falls as soon as they stay away."""
        if self._last is None or self._count < _FEW:
            return 0.0
        if now > self.quiet_at():
            return 0.0
        gap = max(self._gap, (now - self._last) / 10)
        return 1.0 / gap if gap > 0 else math.inf

    def rate(self, expert: str, now: float) -> float:
        """Jobs a second for one expert."""
        total = self.total(now)
        weight = self._weights.get(expert, 0.0)
        if not total or not weight:
            return 0.0
        return total * weight / self._whole

    def share(self, expert: str) -> float:
        """Share of the jobs that are for one expert, in [0, 1]."""
        return self._weights.get(expert, 0.0) / self._whole if self._weights else 0.0

    def usual_share(self) -> float:
        """Share of the expert that a job is for, on average over jobs: the sum of squared shares."""
        return self._usual

    def quiet_at(self) -> float:
        """When nothing more is expected, if nothing comes until then; -inf: nothing is."""
        if self._last is None or self._count < _FEW:
            return -math.inf
        return self._last + _SILENCE * self._gap

    def patience(self, price: float, slots: int, now: float) -> float:
        """Seconds of waiting, over all its jobs, that outweigh a second of switching to an expert.

        Args:
            price: seconds of a typical switch.
            slots: how many there are.
            now: the present.

        Returns:
            0.0 where the slots have the time to switch for every single job.
        """
        total = self.total(now)
        if not total or price <= 0 or not math.isfinite(total):
            return 0.0
        if self._patience is not None:
            at, for_price, known = self._patience
            if self._count - at < 50 and for_price == price and now - (self._last or 0.0) <= 3 * self._gap:
                return known
        spare = max(slots - total * self.seconds, 0.05 * slots)
        shares = np.fromiter(self._weights.values(), dtype=float) / self._whole
        self._usual = float((shares**2).sum())
        found = _solve(total * shares, price, spare * _SWITCHING_SHARE)
        self._patience = (self._count, price, found)
        return found


def _solve(rates: npt.NDArray[np.float64], price: float, budget: float) -> float:
    """The patience at which switches take `budget` slot seconds a second."""

    def spent(patience: float) -> float:
        # After the first job has come (1/rate) ages add up as t + rate t^2 / 2.
        ages = patience * price
        waits = 2 * ages / (1 + np.sqrt(1 + 2 * rates * ages))
        return float((price / (waits + 1 / rates)).sum())

    if spent(0.0) <= budget:
        return 0.0
    low, high = 0.0, 1.0
    while spent(high) > budget and high < 1e9:
        low, high = high, high * 2
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if spent(middle) > budget else (low, middle)
    return high
