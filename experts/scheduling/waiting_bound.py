"""The bound on being overtaken: what may be dispatched while jobs have waited too long.

Knows no slots.
"""

from __future__ import annotations

from experts.scheduling.waiting import Entry, Waiting


class WaitingBound:
    """The bound at one moment.

    Past its bound a job is overtaken by no younger job for another expert. So everything yields to the
    oldest job that is past it, and its own expert's jobs to the oldest of another expert. Holds until
    a job is taken out.
    """

    def __init__(self, waiting: Waiting, max_wait_s: float, now: float) -> None:
        self._waiting = waiting
        self._max_wait_s, self._now = max_wait_s, now
        self._second: Entry | None = None
        self._second_known = False
        first = waiting.oldest()
        self.oldest = first if first is not None and self._is_late(first) else None
        """The job that has waited longest, if it is past the bound."""

    def _is_late(self, entry: Entry) -> bool:
        return self._now - entry.arrived > self._max_wait_s

    def allows(self, entry: Entry) -> bool:
        """Whether this waiting job may be dispatched."""
        first = self.oldest
        if first is None:
            return True
        bar = first if first.job.expert != entry.job.expert else self._of_another(first.job.expert)
        return bar is None or entry.arrived <= bar.arrived

    def _of_another(self, expert: str) -> Entry | None:
        # Looked for only when asked: it takes a walk over all groups.
        if not self._second_known:
            second = self._waiting.oldest_of_another(expert)
            self._second = second if second is not None and self._is_late(second) else None
            self._second_known = True
        return self._second
