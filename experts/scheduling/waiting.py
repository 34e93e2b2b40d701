"""Waiting jobs in groups that go together, and the order of their ages.

A group holds jobs of one expert that may go to the same slots. Keeps sums, so that weighing a group
never walks over its jobs. Does not know which group is best.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from experts.scheduling.work import Job


class Entry(NamedTuple):
    """A job that waits. Sorted by age; `number` is the order of submission, and no two have the same."""

    arrived: float
    number: int
    job: Job


@dataclass(slots=True, eq=False)
class Group:
    """Waiting jobs of one expert.

    `slot` and `round` are set where a round's plan pins the jobs to a slot; otherwise any slot that is
    not in `avoid` may take them.
    """

    expert: str
    avoid: frozenset[str]
    priority: int
    round: str | None = None
    slot: str | None = None
    jobs: dict[str, Entry] = field(default_factory=dict)
    seconds: float = 0.0
    """Sum of the jobs' seconds."""
    arrived: float = 0.0
    """Sum of their times of arrival."""
    anywhere: bool = field(init=False)
    """Whether any slot may take the jobs."""
    _order: list[Entry] = field(default_factory=list)
    _oldest: Entry | None = None

    def __post_init__(self) -> None:
        self.anywhere = self.slot is None and not self.avoid

    def add(self, entry: Entry) -> None:
        """Take a job in."""
        self.jobs[entry.job.id] = entry
        self._oldest = None
        self.seconds += entry.job.seconds
        self.arrived += entry.arrived
        heapq.heappush(self._order, entry)

    def remove(self, job_id: str) -> Entry:
        """Give a job up."""
        entry = self.jobs.pop(job_id)
        self._oldest = None
        self.seconds -= entry.job.seconds
        self.arrived -= entry.arrived
        if not self.jobs:
            self.seconds = self.arrived = 0.0  # no rounding error is carried on
        return entry

    @property
    def oldest(self) -> Entry:
        """The job that has waited longest; the group is not empty."""
        if self._oldest is None:
            while self.jobs.get(self._order[0].job.id) is not self._order[0]:
                heapq.heappop(self._order)
            self._oldest = self._order[0]
        return self._oldest

    def ages(self, now: float) -> float:
        """Sum of the seconds that the jobs have waited."""
        return len(self.jobs) * now - self.arrived


class Waiting:
    """All waiting jobs."""

    def __init__(self) -> None:
        self.requests = 0
        self.by_expert: dict[str, list[Group]] = {}
        """Groups that are not empty."""
        self.grown: dict[Group, None] = {}
        """Groups that got jobs since whoever weighs them last cleared this."""
        self.tied = 0
        """Groups that not every slot may take."""
        self._group_of: dict[str, Group] = {}
        self._free: dict[tuple[str, frozenset[str], int, str | None], Group] = {}
        self._ages: list[Entry] = []
        self._priorities: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._group_of)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._group_of

    def __iter__(self) -> Iterator[Entry]:
        return (entry for group in self.groups() for entry in group.jobs.values())

    def groups(self) -> Iterator[Group]:
        """All groups that are not empty."""
        return (group for groups in self.by_expert.values() for group in groups)

    def add(self, entry: Entry, group: Group | None = None) -> None:
        """Take a job in: into this group, or into the one of jobs like it that may go anywhere."""
        job = entry.job
        if group is None:
            key = (job.expert, job.avoid, job.priority, job.round)
            if key not in self._free:
                self._free[key] = Group(*key)
            group = self._free[key]
        if not group.jobs:
            self.by_expert.setdefault(job.expert, []).append(group)
            self._priorities[group.priority] += 1
            self.tied += not group.anywhere
        self.grown[group] = None
        group.add(entry)
        self._group_of[job.id] = group
        self.requests += job.requests
        heapq.heappush(self._ages, entry)

    def remove(self, job_id: str) -> Entry:
        """Take a job out, to be run or because it was withdrawn."""
        group = self._group_of.pop(job_id)
        entry = group.remove(job_id)
        self.requests -= entry.job.requests
        if not group.jobs:
            groups = self.by_expert[group.expert]
            groups.remove(group)
            if not groups:
                del self.by_expert[group.expert]
            if group.slot is None:
                del self._free[group.expert, group.avoid, group.priority, group.round]
            self._priorities[group.priority] -= 1
            self.tied -= not group.anywhere
            self.grown.pop(group, None)
        return entry

    @property
    def mixed(self) -> bool:
        """Whether jobs of different priorities wait."""
        return sum(1 for n in self._priorities.values() if n) > 1

    def group_of(self, job_id: str) -> Group:
        """Where a waiting job stands."""
        return self._group_of[job_id]

    def oldest(self) -> Entry | None:
        """The job that has waited longest."""
        while self._ages:
            entry = self._ages[0]
            group = self._group_of.get(entry.job.id)
            if group is not None and group.jobs[entry.job.id] is entry:
                return entry
            heapq.heappop(self._ages)
        return None

    def oldest_of_another(self, than: str) -> Entry | None:
        """The job that has waited longest of those for any expert but one."""
        others = (g.oldest for expert, groups in self.by_expert.items() if expert != than for g in groups)
        return min(others, default=None)
