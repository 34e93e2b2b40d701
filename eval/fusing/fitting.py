"""A learned fusion from an outcome table and a router's left-out estimates. Knows no file and no screen."""

from __future__ import annotations

import numpy as np

from aggregators.equivalence.equivalence import ExactEquivalence
from aggregators.learned.learned import LearnedFusion
from aggregators.learned.model import FusionModel
from aggregators.learned.patterns import read_items
from aggregators.learned.text_signals import TEXT_SIGNALS
from eval.fusing.estimates import LeftOut
from eval.fusing.recorded import RecordedCandidates, Texts
from experts.errors import ConfigError
from experts.outcome_table import OutcomeTable

LEAST = 100
"""Fewer questions teach a fusion nothing that would hold."""


def fit_fusion(table: OutcomeTable, left_out: LeftOut, texts: Texts | None = None) -> LearnedFusion:
    """Fit on all questions of a table, and on the signs in the texts where these are given.

    Raises:
        ConfigError: there are too few questions, no answers on record, or all are right or all wrong.
    """
    if len(table.queries) < LEAST:
        raise ConfigError(
            f"A learned fusion needs at least {LEAST} profiled questions, the table has "
            f"{len(table.queries)}: profile more, or use aggregator weighted."
        )
    if not (table.outcomes.answer != "").any():
        raise ConfigError("The outcome table has scores and no answers: a fusion cannot be learned from it.")
    recorded = RecordedCandidates(table, left_out.chances, texts)
    signals = None if texts is None else TEXT_SIGNALS
    items = recorded.items(len(table.experts))
    patterns = read_items(items, table.experts, ExactEquivalence(), signals).patterns
    try:
        model = FusionModel.fit(patterns, np.asarray(table.outcomes.score[:, :, 0]), left_out.parts)
    except ValueError as error:
        raise ConfigError(f"The fusion cannot be learned: {error}") from error
    return LearnedFusion(model, table.experts, reads_texts=texts is not None)
