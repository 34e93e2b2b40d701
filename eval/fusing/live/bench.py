"""Compares aggregators on a live pool: chosen on validation, reported on test, all on the same candidates.

The system routes and asks as configured; every aggregator then fuses what the experts answered. Use a
system with a completion store: then no question is asked twice, and a comparison that was stopped goes
on where it was. Knows no benchmark and no table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aggregators.chosen.choice import TOP, VOTE, Choice
from aggregators.chosen.choosing import with_standing_options
from aggregators.chosen.grouping import fit_grouping
from aggregators.config import AggregatorConfig
from compound.answer import Answer
from compound.system import Compound
from eval.fusing.live.chosen_row import CHOSEN, chosen_row
from eval.fusing.live.floors import floors
from eval.fusing.live.lineup import Lineup
from eval.fusing.live.measuring import as_run, fuse
from eval.fusing.live.row import Row, Run
from eval.question import Question
from experts.encoders.config import EncoderConfig
from experts.errors import AggregationError, BenchmarkError, ConfigError

OnRow = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class LiveBench:
    """Everything that was found."""

    rows: Mapping[str, Row]
    """One per aggregator, "vote" and "top" first, the choice per group last."""
    floors: Mapping[str, Row]
    """One per baseline; see `eval.fusing.live.floors`."""
    lineup: Lineup
    best_single: str
    """The expert with the best accuracy on validation."""
    choice: Choice
    """From all validation questions."""
    asking_seconds: float | None
    """Wall seconds in which the experts were asked the questions of both splits; None: they were in the
    store, at least in part."""

    @property
    def winner(self) -> str:
        """Row with the best accuracy on validation; of equals the one with fewer calls, then the first."""
        return max(self.rows, key=lambda name: _rank(self.rows[name].validation))


def _rank(run: Run) -> tuple[float, float]:
    return float(run.scores.mean()), -float(run.calls.mean())


def bench_live(
    system: Compound,
    validation: Sequence[Question],
    test: Sequence[Question],
    lineup: Lineup,
    *,
    encoder: EncoderConfig,
    groups: int,
    choice_path: Path,
    on_row: OnRow = lambda name: None,
) -> LiveBench:
    """Measure all rows and baselines, and write the choice of an aggregator per group.

    Args:
        system: open, with a store.
        validation: to choose by; no question that an aggregator was fitted on.
        test: to report on.
        lineup: the aggregators to compare.
        encoder: of the groups of questions.
        groups: most groups, at least 1.
        choice_path: where the choice is written, for `aggregator: {kind: chosen, path: ...}`.
        on_row: called with the name of a row before it is measured.

    Raises:
        BenchmarkError: the splits share a question, or one is empty.
        AggregationError: the configured aggregator cannot be used; any other is left out then.
    """
    _check_apart(validation, test)
    options = with_standing_options(lineup.options)
    on_row(TOP)
    # Asks the experts; every further aggregator finds their completions in the store.
    first = [fuse(system, questions, options[TOP]) for questions in (validation, test)]
    rows: dict[str, Row] = {}
    unusable: dict[str, str] = {}
    for name, config in options.items():
        on_row(name)
        try:
            rows[name] = _row(system, name, config, validation, test)
        except (AggregationError, ConfigError) as error:
            if name in (VOTE, lineup.configured):
                raise
            unusable[name] = str(error)
    samples = sorted({math.ceil(row.test.calls.mean()) for row in rows.values()})
    on_row("baselines")
    below, best = floors(
        system, (validation, first[0]), (test, first[1]), reader=lineup.reader, samples=samples
    )
    grouping = fit_grouping([q.query.routing_text for q in validation], encoder, groups)
    choice, row = chosen_row(rows, grouping, validation, test, choice_path)
    return LiveBench(
        rows=rows | {CHOSEN: row},
        floors=below,
        lineup=replace(lineup, left_out=lineup.left_out | unusable),
        best_single=best,
        choice=choice,
        asking_seconds=_asking_seconds(first),
    )


def _row(
    system: Compound,
    name: str,
    config: AggregatorConfig,
    validation: Sequence[Question],
    test: Sequence[Question],
) -> Row:
    runs = [as_run(fuse(system, questions, config), questions) for questions in (validation, test)]
    return Row(name=name, validation=runs[0], test=runs[1], config=config)


def _asking_seconds(answers: Sequence[Sequence[Answer]]) -> float | None:
    asked = [c for split in answers for a in split for c in a.completions if c.ok]
    if any(c.usage.seconds == 0 for c in asked):
        return None
    return sum(split[0].timings.generate for split in answers)


def _check_apart(validation: Sequence[Question], test: Sequence[Question]) -> None:
    if not validation or not test:
        raise BenchmarkError("A comparison needs questions to choose by and others to report on.")
    shared = {q.id for q in validation} & {q.id for q in test}
    if shared:
        raise BenchmarkError(
            f"{len(shared)} questions are both to choose by and to report on, such as {min(shared)!r}; "
            "give two splits."
        )
