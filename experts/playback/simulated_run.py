"""Times the answers of recorded experts as if they were made on slots of GPUs, in virtual time.

A batch is a round: cut into jobs, planned and switched as on real slots. Prices and speeds are the first
guesses of `experts.scheduling.first_guesses`, published anchors and no measurements of a machine.
One round begins when the one before has ended. Engines are not parked here. Knows no file and no text.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from experts.completion import Request, Usage
from experts.config import HostingConfig, RecordedExpert
from experts.playback.machine import Ran, SimulatedMachine
from experts.scheduling.cost_estimates import token_units
from experts.scheduling.costs import CostBook
from experts.scheduling.cutting import Cutter, Piece
from experts.scheduling.model_costs import ModelFacts
from experts.scheduling.switches import Switch

SIMULATED_DEVICE = "simulated gpu"
"""Name of the device whose costs are first guesses."""
_BYTES_PER_PARAMETER = 2


class SimulatedRun:
    """Recorded experts on a simulated machine, whose clock and residents go on from round to round."""

    def __init__(
        self, experts: Mapping[str, RecordedExpert], hosting: HostingConfig, last: str | None
    ) -> None:
        """Nothing is resident.

        Args:
            experts: by name; those without a size are never asked for here.
            hosting: slots and waiting bound.
            last: the expert that aggregates; it comes last on its slot.
        """
        self._machine = SimulatedMachine(hosting.slots, hosting.max_wait_s)
        self._cutter = Cutter(
            book=CostBook(SIMULATED_DEVICE),
            facts=lambda name: simulated_facts(name, experts[name]),
            key=str,
            last=last,
        )
        self._numbers = itertools.count()

    @property
    def seconds(self) -> float:
        """Of the machine's clock."""
        return self._machine.now

    def switches(self) -> list[Switch]:
        """All that were made, oldest first."""
        return list(self._machine.switches)

    def ends(self, requests: Sequence[Request], usages: Mapping[str, Usage]) -> list[tuple[float, Request]]:
        """Run a round.

        Args:
            requests: of the round; at least one.
            usages: request id -> the tokens of its answer.

        Returns:
            Seconds from the round's begin to the end of each answer, waiting and switches included, in
            order; what ends at once is in the order in which it was asked.
        """
        begin = self._machine.now
        pieces = self._cutter.cut(requests, self._machine.slots, lambda: f"job-{next(self._numbers)}")
        by_id = {piece.job.id: piece for piece in pieces}
        seconds = self._seconds(pieces, usages)
        ended: list[tuple[float, Request]] = []
        for ran in self._machine.run([piece.job for piece in pieces], seconds):
            ended += _answers(by_id[ran.job_id], ran, usages, begin)
        place = {request.id: n for n, request in enumerate(requests)}
        return sorted(ended, key=lambda one: (one[0], place[one[1].id]))

    def _seconds(self, pieces: Sequence[Piece], usages: Mapping[str, Usage]) -> dict[str, float]:
        """What jobs take; an expert's first one bears what a residency costs beside its tokens."""
        seconds: dict[str, float] = {}
        begun: set[str] = set()
        for piece in pieces:
            name = piece.requests[0].expert
            used = [usages[request.id] for request in piece.requests]
            line = self._cutter.book.work_line(self._cutter.facts(name))
            units = token_units(sum(u.prompt_tokens for u in used), sum(u.completion_tokens for u in used))
            seconds[piece.job.id] = line.seconds(units) - (line.fixed_s if name in begun else 0.0)
            begun.add(name)
        return seconds


def simulated_facts(name: str, expert: RecordedExpert) -> ModelFacts:
    """What the simulated machine knows of a recorded expert's model."""
    size = int((expert.parameters_b or 0.0) * 1e9 * _BYTES_PER_PARAMETER)
    return ModelFacts(key=f"recorded:{name}", family=expert.family or f"of {name}", weight_bytes=size)


def _answers(
    piece: Piece, ran: Ran, usages: Mapping[str, Usage], begin: float
) -> Iterator[tuple[float, Request]]:
    """A job's requests run together: the shorter an answer, the earlier it ends; the longest ends the job."""
    lengths = [usages[request.id].completion_tokens for request in piece.requests]
    longest = max(lengths)
    for request, length in zip(piece.requests, lengths, strict=True):
        part = length / longest if longest else 1.0
        yield ran.start - begin + (ran.end - ran.start) * part, request
