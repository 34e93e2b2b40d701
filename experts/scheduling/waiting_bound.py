"""The bound on being overtaken: what may be dispatched while jobs have waited too long.

Knows no slots.
"""

from __future__ import annotations

from experts.scheduling.waiting import Entry, Waiting


class WaitingBound:
    """The bound at one moment.

    Past its bound a job is overtaken by no younger job for another expert. So everything yields to the
    oldest job that is past it, and its own expert's jobs to the oldest of another expert.
    """

    def __init__(self, waiting: Waiting, max_wait_s: float, now: float) -> None:
        self.oldest: Entry | None = None
        """The job that has waited longest, if it is past the bound."""
        self._second: Entry | None = None
        first = waiting.oldest()
        if first is None or now - first.arrived <= max_wait_s:
            return
        late = sorted(e for e in waiting.oldest_by_expert().values() if now - e.arrived > max_wait_s)
        self.oldest = late[0]
        self._second = late[1] if len(late) > 1 else None

    def allows(self, entry: Entry) -> bool:
        """Whether this waiting job may be dispatched."""
        first = self.oldest
        if first is None:
            return True
        bar = first if first.job.expert != entry.job.expert else self._second
        return bar is None or entry.arrived <= bar.arrived
