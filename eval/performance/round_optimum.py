"""The exact optimum of a round's makespan, by an integer program: what the round planner is held against.

Same model and rules as `experts.scheduling.round_plan` (see `round_switching` for the order on a slot).
Shares of an expert are continuous here while the planner deals in whole requests, so the value is a
lower bound, and the optimum itself where every expert has one request and `whole` is set. For small
rounds only: a few slots and about eight experts. Written apart from the planner: it shares only the
nouns and `switch_to` with it, so that neither proves itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from experts.scheduling.work import ExpertWork, SlotState, switch_to

_Row = dict[int, float]


class _Program:
    """Variables and rows of an integer program, gathered one by one."""

    def __init__(self) -> None:
        self.upper: list[float] = []
        self.integral: list[int] = []
        self.rows: list[tuple[_Row, float, float]] = []

    def variable(self, upper: float = 1.0, *, integral: bool = True) -> int:
        self.upper.append(upper)
        self.integral.append(int(integral))
        return len(self.upper) - 1

    def at_most(self, row: _Row, bound: float) -> None:
        self.rows.append((row, -np.inf, bound))

    def equal(self, row: _Row, value: float) -> None:
        self.rows.append((row, value, value))

    def minimum(self, variable: int, limit_s: float) -> float:
        """The least value of one variable."""
        matrix = csr_array(
            (
                [v for row, _, _ in self.rows for v in row.values()],
                (
                    [i for i, (row, _, _) in enumerate(self.rows) for _ in row],
                    [column for row, _, _ in self.rows for column in row],
                ),
            ),
            shape=(len(self.rows), len(self.upper)),
        )
        objective = np.zeros(len(self.upper))
        objective[variable] = 1.0
        result = milp(
            objective,
            constraints=LinearConstraint(matrix, [r[1] for r in self.rows], [r[2] for r in self.rows]),
            bounds=Bounds(0.0, np.array(self.upper)),
            integrality=np.array(self.integral),
            options={"time_limit": limit_s, "mip_rel_gap": 1e-6},
        )
        if result.status != 0:
            raise RuntimeError(f"No proven optimum within {limit_s} s: {result.message}")
        return float(result.x[variable])


def optimal_makespan(
    work: Sequence[ExpertWork],
    slots: Sequence[SlotState],
    *,
    last: str | None = None,
    whole: bool = False,
    limit_s: float = 120.0,
) -> float:
    """Least makespan of a round in seconds; 0.0 without work.

    Args:
        work: each expert once.
        slots: at least one.
        last: an expert that closes every slot where it stands.
        whole: experts are not split. By default they are, by continuous shares of at least one request.
        limit_s: time for the solver.

    Raises:
        RuntimeError: the optimum was not proven within `limit_s`.
    """
    if not work:
        return 0.0
    program = _Program()
    makespan = program.variable(np.inf, integral=False)
    shares: list[list[int]] = [[] for _ in work]
    for slot in slots:
        on_slot = _Slot(program, work, slot, last, whole)
        program.at_most({**on_slot.end, makespan: -1.0}, 0.0)
        for mine, share in zip(shares, on_slot.share, strict=True):
            mine.append(share)
    for mine in shares:
        program.equal(dict.fromkeys(mine, 1.0), 1.0)
    return program.minimum(makespan, limit_s)


class _Slot:
    """One slot's part of the program; `end` is the row of its end, `share` the experts' shares."""

    def __init__(
        self, program: _Program, work: Sequence[ExpertWork], slot: SlotState, last: str | None, whole: bool
    ) -> None:
        self._program, self._work, self._slot = program, work, slot
        self._last = next((i for i, w in enumerate(work) if w.expert == last), None)
        self.end: _Row = {}
        self._stands = [program.variable() for _ in work]
        self.share = [program.variable(integral=False) for _ in work]
        self._used = program.variable()
        self._add(self._used, slot.free_in_s)
        for w, stands, share in zip(work, self._stands, self.share, strict=True):
            self._add(share, w.seconds)
            self._add(stands, w.prices.reload_s)
            program.at_most({share: 1.0, stands: -1.0}, 0.0)
            program.at_most({stands: 1.0 if whole else 1.0 / w.requests, share: -1.0}, 0.0)
            program.at_most({stands: 1.0, self._used: -1.0}, 0.0)
        families = sorted({w.family for w in work})
        self._family = {f: program.variable() for f in families}
        self._opens: dict[int, int] = {}
        for f in families:
            self._present(f)
            if f == slot.family:
                self._home(f)
            else:
                self._enter(f)
        if slot.family is None:
            self._start()

    def _add(self, variable: int, seconds: float) -> None:
        self.end[variable] = self.end.get(variable, 0.0) + seconds

    def _of(self, family: str) -> list[int]:
        return [i for i, w in enumerate(self._work) if w.family == family]

    def _present(self, family: str) -> None:
        """The family's variable is 1 exactly where one of its experts stands."""
        here, members = self._family[family], [self._stands[i] for i in self._of(family)]
        for stands in members:
            self._program.at_most({stands: 1.0, here: -1.0}, 0.0)
        self._program.at_most({here: 1.0, **dict.fromkeys(members, -1.0)}, 0.0)

    def _entry_s(self, expert: int) -> float:
        """Price to enter with this expert from another family's live engine."""
        w = self._work[expert]
        elsewhere = replace(self._slot, expert=None, family="no such family")
        return switch_to(w.expert, w.family, w.prices, elsewhere)[1]

    def _enter(self, family: str) -> None:
        """One expert opens the family and pays the entry where the others pay a reload."""
        members = self._of(family)
        for i in members:
            opens = self._opens[i] = self._program.variable()
            self._program.at_most({opens: 1.0, self._stands[i]: -1.0}, 0.0)
            self._add(opens, self._entry_s(i) - self._work[i].prices.reload_s)
        self._program.equal(
            {**{self._opens[i]: 1.0 for i in members}, self._family[family]: -1.0},
            0.0,
        )
        if self._last in members:
            self._not_with(self._opens[self._last], [i for i in members if i != self._last])

    def _not_with(self, variable: int, experts: Sequence[int]) -> None:
        for i in experts:
            self._program.at_most({variable: 1.0, self._stands[i]: 1.0}, 1.0)

    def _home(self, family: str) -> None:
        """The resident expert is free, unless it is `last` and others come before it."""
        program, last = self._program, self._last
        resident = next((i for i, w in enumerate(self._work) if w.expert == self._slot.expert), None)
        if resident is not None and resident != last:
            self._add(self._stands[resident], -self._work[resident].prices.reload_s)
        if last is None or self._work[last].family != family:
            return
        reload_s = self._work[last].prices.reload_s
        others = [v for f, v in self._family.items() if f != family]
        back = program.variable()
        """`last` comes after other families and pays the entry."""
        self._add(back, self._entry_s(last) - reload_s)
        program.at_most({back: 1.0, self._stands[last]: -1.0}, 0.0)
        program.at_most({back: 1.0, **dict.fromkeys(others, -1.0)}, 0.0)
        for other in others:
            program.at_most({self._stands[last]: 1.0, other: 1.0, back: -1.0}, 1.0)
        if resident == last:
            alone = program.variable()
            self._add(alone, -reload_s)
            program.at_most({alone: 1.0, self._stands[last]: -1.0}, 0.0)
            self._not_with(alone, [i for i in range(len(self._work)) if i != last])

    def _start(self) -> None:
        """On a slot without a process one of the openers is first of all and pays the process."""
        program, last = self._program, self._last
        starts = {i: program.variable() for i in self._opens}
        for i, variable in starts.items():
            self._add(variable, self._work[i].prices.process_s - self._entry_s(i))
            program.at_most({variable: 1.0, self._opens[i]: -1.0}, 0.0)
            if last is not None and self._work[i].family == self._work[last].family:
                outside = [j for j, w in enumerate(self._work) if w.family != self._work[i].family]
                for j in outside:
                    row = {variable: 1.0, self._stands[last]: 1.0, self._stands[j]: 1.0}
                    if i == last:
                        del row[self._stands[last]]
                    program.at_most(row, 2.0 if i != last else 1.0)
        program.equal({**{v: 1.0 for v in starts.values()}, self._used: -1.0}, 0.0)
