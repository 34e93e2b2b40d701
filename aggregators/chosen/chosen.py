"""Sends every question to the aggregator that was chosen for its group of questions.

Knows no scores and no statistics (`choosing`), and no particular aggregator: how an option is built
is given to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from aggregators.aggregator import Aggregator
from aggregators.chosen.choice import Choice
from aggregators.chosen.choice_file import load_choice, load_encoder
from aggregators.chosen.choosing import chosen_options
from aggregators.chosen.config import ChosenConfig
from aggregators.chosen.grouping import Labels, nearest
from aggregators.config import AggregatorConfig
from experts.encoders.encoder import Encoder
from experts.engine import Generate
from experts.errors import ConfigError
from experts.verdict import Candidates, Verdict

Build = Callable[[AggregatorConfig], Aggregator]


class Chosen:
    """Fuses with the chosen aggregators; a verdict names the one that made it."""

    def __init__(self, choice: Choice, build: Build, encoder: Encoder | None = None) -> None:
        """Build the aggregators that are in use.

        Args:
            choice: which option where.
            build: from an option's configuration to the aggregator.
            encoder: the fitted one of the groups; None without groups.
        """
        self.choice, self._encoder = choice, encoder
        used = dict.fromkeys(group.chosen for group in (choice.everywhere, *choice.groups))
        self._aggregators = {name: build(choice.options[name]) for name in used}
        self._centroids = np.array(choice.centroids, dtype=np.float32)

    @classmethod
    def from_config(cls, config: ChosenConfig, build: Build) -> Self:
        """The aggregator of a choice file.

        Raises:
            ConfigError: the file is missing or damaged, or chooses a choice again.
        """
        choice = load_choice(config.path)
        nested = [name for name, option in choice.options.items() if isinstance(option, ChosenConfig)]
        if nested:
            raise ConfigError(
                f"The option {nested[0]!r} of {config.path} is of kind 'chosen' itself; name the aggregator "
                "that it stands for."
            )
        return cls(choice, build, load_encoder(choice, config.path))

    @property
    def experts(self) -> tuple[str, ...]:
        """Those of all aggregators in use."""
        return tuple(dict.fromkeys(name for a in self._aggregators.values() for name in a.experts))

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """Verdicts as the chosen aggregators give them; one batch for each of these.

        Raises:
            AggregationError: what they raise.
        """
        names = chosen_options(self.choice, self._labels(items))
        verdicts: dict[int, Verdict] = {}
        for name, aggregator in self._aggregators.items():
            rows = [i for i, chosen in enumerate(names) if chosen == name]
            if rows:
                fused = aggregator.aggregate([items[i] for i in rows], generate=generate)
                verdicts |= dict(zip(rows, fused, strict=True))
        return [verdicts[i] for i in range(len(items))]

    def _labels(self, items: Sequence[Candidates]) -> Labels:
        if self._encoder is None or not items:
            return np.zeros(len(items), dtype=np.int64)
        return nearest(self._encoder.encode([i.query.routing_text for i in items]), self._centroids)
