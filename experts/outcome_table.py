"""The outcome table: an outcome matrix together with its questions, their splits and facts on experts.

All that routers are trained, compared and reported on, in one value and one file. Holds no gold
answer, and knows nothing of benchmarks, routers and the layout of the file (`experts.outcome_file`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experts.errors import ConfigError
from experts.expert_facts import ExpertFacts
from experts.outcomes import OutcomeMatrix
from experts.query import Query

SPLITS = ("train", "validation", "test")
"""Splits that a question may belong to; "" = unknown."""
_TRAIN_BELOW, _VALIDATION_BELOW, _PARTS = 40, 50, 100
"""Of 100 parts by hash, 40 are for training and 10 for validation."""


@dataclass(frozen=True, eq=False, kw_only=True)
class OutcomeTable:
    """Questions, their splits, and what each expert made of them.

    Raises:
        ConfigError: numbers or ids disagree, a split has another name, facts of an unknown expert.
    """

    queries: tuple[Query, ...]
    """(n) with unique ids."""
    splits: tuple[str, ...]
    """(n) "train", "validation" or "test"; "" = unknown."""
    outcomes: OutcomeMatrix
    """(n, m, s), its question ids those of `queries` in the same order."""
    facts: Mapping[str, ExpertFacts] = field(default_factory=dict)
    """By expert, of those that something is known of."""

    def __post_init__(self) -> None:
        if tuple(query.id for query in self.queries) != self.outcomes.question_ids:
            raise ConfigError("OutcomeTable.queries must have the ids of its outcomes, in the same order.")
        if len(self.splits) != len(self.queries):
            raise ConfigError(
                f"OutcomeTable.splits must name {len(self.queries)} splits, one a question, got "
                f"{len(self.splits)}."
            )
        unknown = sorted(set(self.splits) - {*SPLITS, ""})
        if unknown:
            raise ConfigError(
                f"OutcomeTable.splits must be {', '.join(SPLITS)} or '' (unknown), got {unknown[0]!r}."
            )
        strangers = [name for name in self.facts if name not in self.outcomes.experts]
        if strangers:
            raise ConfigError(
                f"OutcomeTable.facts has {', '.join(strangers)}; experts are {', '.join(self.experts)}."
            )

    @property
    def experts(self) -> tuple[str, ...]:
        """(m) names."""
        return self.outcomes.experts

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> OutcomeTable:
        """The table of some questions, in the order given."""
        index = [int(row) for row in rows]
        return replace(
            self,
            queries=tuple(self.queries[i] for i in index),
            splits=tuple(self.splits[i] for i in index),
            outcomes=self.outcomes.take(index),
        )

    def restrict(self, experts: Sequence[str]) -> OutcomeTable:
        """The table of some experts, in the order given.

        Raises:
            ConfigError: it has no such expert.
        """
        kept = {name: self.facts[name] for name in experts if name in self.facts}
        return replace(self, outcomes=self.outcomes.restrict(experts), facts=kept)

    def split(self, name: str) -> NDArray[np.int64]:
        """Rows of a split, in order.

        Raises:
            ConfigError: no question belongs to it.
        """
        rows = np.flatnonzero(np.array(self.splits, dtype=np.str_) == name)
        if not rows.size:
            counts = Counter(self.splits)
            found = ", ".join(f"{n} {split or 'unknown'}" for split, n in counts.items()) or "no questions"
            raise ConfigError(
                f"The outcome table has no questions of split {name!r} (it has {found}); "
                "`with_hash_splits` assigns what is unknown."
            )
        return rows.astype(np.int64)

    def with_hash_splits(self) -> OutcomeTable:
        """The table with every unknown split assigned, by a hash of the question's text.

        40 % train, 10 % validation, 50 % test (`hash_split`). Where another question of the same text
        has a split, that one is taken: repeated questions share a split as far as the source lets them.
        """
        texts = [normalised(query.question) for query in self.queries]
        known: dict[str, str] = {}
        for text, split in zip(texts, self.splits, strict=True):
            if split:
                known.setdefault(text, split)
        splits = (
            split or known.get(text) or hash_split(text)
            for text, split in zip(texts, self.splits, strict=True)
        )
        return replace(self, splits=tuple(splits))

    def save(self, path: Path) -> None:
        """Write to one parquet file, by way of a temporary one.

        Raises:
            ConfigError: it cannot be written there.
        """
        from experts.outcome_file import write_table

        write_table(self, path)

    @classmethod
    def load(cls, path: Path) -> OutcomeTable:
        """Read what `save` wrote.

        Raises:
            ConfigError: no such file, or not an outcome table of this format; names column and row.
        """
        from experts.outcome_reader import read_table

        return read_table(path)


def normalised(text: str) -> str:
    """Lower case, words joined by single spaces."""
    return " ".join(text.lower().split())


def hash_split(question: str) -> str:
    """Split by SHA-256 of the normalised text modulo 100: below 40 train, below 50 validation, else test."""
    part = int(hashlib.sha256(normalised(question).encode()).hexdigest(), 16) % _PARTS
    if part < _TRAIN_BELOW:
        return "train"
    return "validation" if part < _VALIDATION_BELOW else "test"
