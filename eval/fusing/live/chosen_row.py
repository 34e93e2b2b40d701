"""The choice of an aggregator per group, and how it does: on test as it stands, on validation out of fold.

Its runs are put together from the other rows', since the same aggregators fuse the same candidates.
Asks nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from aggregators.chosen.choice import Choice
from aggregators.chosen.choice_file import save_choice
from aggregators.chosen.choosing import choose_aggregator, chosen_options
from aggregators.chosen.config import ChosenConfig
from aggregators.chosen.grouping import Grouping
from eval.fusing.live.cross_fitting import cross_fitted_picks
from eval.fusing.live.row import Row, picked
from eval.question import Question

CHOSEN = "chosen per group"
"""Name of the row."""


def chosen_row(
    rows: Mapping[str, Row],
    grouping: Grouping,
    validation: Sequence[Question],
    test: Sequence[Question],
    path: Path,
) -> tuple[Choice, Row]:
    """The choice, made on all validation questions and written to `path`, and its row.

    Args:
        rows: of all aggregators, "vote" and "top" among them.
        grouping: fitted on the validation questions.
        validation: in the order of the rows' scores.
        test: likewise.
        path: of the choice file.

    Raises:
        ConfigError: the file cannot be written.
    """
    options = {
        name: row.config
        for name, row in rows.items()
        if row.config is not None and not isinstance(row.config, ChosenConfig)
    }
    on_validation = {name: row.validation for name, row in rows.items()}
    scores = {name: run.scores for name, run in on_validation.items()}
    labels = grouping.labels([q.query.routing_text for q in validation])
    choice = choose_aggregator(
        options, scores, grouping=grouping, labels=labels, subjects=[q.subject for q in validation]
    )
    save_choice(choice, path, grouping.encoder)
    picks = chosen_options(choice, grouping.labels([q.query.routing_text for q in test]))
    row = Row(
        name=CHOSEN,
        config=ChosenConfig(kind="chosen", path=path),
        validation=picked(CHOSEN, on_validation, cross_fitted_picks(options, scores, grouping, labels)),
        test=picked(CHOSEN, {name: row.test for name, row in rows.items()}, picks),
    )
    return choice, row
