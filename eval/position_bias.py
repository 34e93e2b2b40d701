"""Whether an aggregator follows the position of a candidate instead of its content.

LLMs that judge prefer some positions (Zheng et al. 2023, arXiv 2306.05685, section 3.3). The same candidates
are shown in rotated orders: over all rotations every candidate stands once in every position, so a reader
that follows content chooses every position equally often, however good the first-ranked expert is. Votes
break ties by rank, so items that a vote decided are left out. Knows no gold answer and no particular
aggregator; one that shuffles its candidates hides the positions that it shows, so measure it in ranked order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aggregators.aggregator import Aggregator
from aggregators.ballots import read_ballots
from aggregators.reading.reading import fell_back
from experts.engine import Generate
from experts.errors import ConfigError
from experts.extraction import canonical
from experts.verdict import Candidates, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionBias:
    """How choices hang together with positions; shares are NaN where nothing was measured."""

    items: int
    """Queries measured."""
    agreed: int
    """Queries left out because their candidates gave fewer than two different answers."""
    fell_back: int
    """Queries left out because a vote decided in at least one rotation."""
    rates: tuple[float, ...]
    """Share in [0, 1] of the choices that fell on each position, first position first. A choice that
    several candidates support counts in equal parts for each; one that none supports counts nowhere."""
    chance: tuple[float, ...]
    """The same for a reader that chooses at random among the candidates."""
    consistent: float
    """Share of the queries with the same answer in all rotations."""
    by_position: float
    """Share of the queries with one position chosen in all rotations, though its answers differed."""
    elsewhere: float
    """Share of the answers that no candidate gave."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """What was chosen in one rotation."""

    key: str | None
    positions: frozenset[int]
    """Of the candidates with this answer, from 0."""


def measure_position_bias(
    aggregator: Aggregator, items: Sequence[Candidates], generate: Generate, *, rotations: int | None = None
) -> PositionBias:
    """Ask about all items once per rotation.

    Args:
        aggregator: reads the candidates in ranked order.
        items: queries with their completions; those without an extractable answer are not shown.
        generate: port to the pool.
        rotations: orders per query, at least 2 and at most as many as it has candidates; with fewer than
            these, position and content are not quite told apart. None: all.

    Raises:
        ConfigError: fewer than 2 rotations.
        AggregationError: what the aggregator raises.
    """
    if rotations is not None and rotations < 2:
        raise ConfigError(f"rotations must be at least 2, got {rotations}; leave it out for all.")
    shown = [_answered(item) for item in items]
    disputed = [item for item in shown if len({b.key for b in read_ballots(item)}) > 1]
    most = max((len(item.completions) for item in disputed), default=0)
    choices: dict[int, list[_Choice | None]] = {i: [] for i in range(len(disputed))}
    for turn in range(most if rotations is None else min(rotations, most)):
        asked = {i: _rotated(x, turn) for i, x in enumerate(disputed) if turn < len(x.completions)}
        verdicts = aggregator.aggregate(list(asked.values()), generate=generate)
        for (i, item), verdict in zip(asked.items(), verdicts, strict=True):
            choices[i].append(None if fell_back(verdict) else _choice(item, verdict))
    kept = {i: [c for c in seen if c is not None] for i, seen in choices.items() if None not in seen}
    return _summary(
        [(len(disputed[i].completions), seen) for i, seen in kept.items()], len(items), len(disputed)
    )


def _answered(item: Candidates) -> Candidates:
    """The item with the completions from which an answer can be extracted."""
    return replace(item, completions=tuple(b.completion for b in read_ballots(item) if b.key is not None))


def _rotated(item: Candidates, turn: int) -> Candidates:
    return replace(item, completions=(*item.completions[turn:], *item.completions[:turn]))


def _choice(item: Candidates, verdict: Verdict) -> _Choice:
    key = canonical(verdict.answer, item.query) if verdict.answer is not None else None
    positions = frozenset(i for i, ballot in enumerate(read_ballots(item)) if ballot.key == key)
    return _Choice(key, positions)


def _summary(measured: Sequence[tuple[int, list[_Choice]]], items: int, disputed: int) -> PositionBias:
    """Of (number of candidates, choice per rotation) of every query that counts."""
    most = max((size for size, _ in measured), default=0)
    fallen, chance = [0.0] * most, [0.0] * most
    choices = [(size, choice) for size, seen in measured for choice in seen]
    for size, choice in choices:
        for position in choice.positions:
            fallen[position] += 1 / len(choice.positions)
        for position in range(size if choice.positions else 0):
            chance[position] += 1 / size
    supported = sum(1 for _, choice in choices if choice.positions)
    same = [len({choice.key for choice in seen}) == 1 for _, seen in measured]
    held = [bool(frozenset.intersection(*(choice.positions for choice in seen))) for _, seen in measured]
    return PositionBias(
        items=len(measured),
        agreed=items - disputed,
        fell_back=disputed - len(measured),
        rates=tuple(_share(x, supported) for x in fallen),
        chance=tuple(_share(x, supported) for x in chance),
        consistent=_share(sum(same), len(measured)),
        by_position=_share(sum(h and not s for h, s in zip(held, same, strict=True)), len(measured)),
        elsewhere=_share(len(choices) - supported, len(choices)),
    )


def _share(part: float, whole: int) -> float:
    return part / whole if whole else float("nan")
