"""Gathers questions and cells, in whatever order a source has them, into an outcome table.

Owns what all sources share: one row a question, ids, splits that repeated questions do not straddle,
counts of what was skipped. Knows no file and no layout.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np

from eval.importers.cells import ANSWER_LIMIT, Cells
from eval.importers.report import ImportReport
from experts.errors import ConfigError, QueryError
from experts.outcome_table import SPLITS, OutcomeTable, normalised
from experts.query import Message, Query

_SPLIT_NAMES = {
    "": "",
    "train": "train",
    "training": "train",
    "fit": "train",
    "test": "test",
} | dict.fromkeys(("validation", "valid", "val", "dev"), "validation")


class Collector:
    """Takes questions and cells one at a time; `report` makes the table."""

    def __init__(self, experts: Sequence[str] = ()) -> None:
        """`experts` come first, in this order; others follow in order of their first cell."""
        self.skipped: Counter[str] = Counter()
        self._notes: dict[str, None] = {}
        self._queries: list[Query] = []
        self._subjects: list[str] = []
        self._splits: list[str] = []
        self._rows: dict[str, int] = {}
        self._experts = {name: j for j, name in enumerate(experts)}
        self._cells = Cells()

    def note(self, sentence: str) -> None:
        """Say something once in the report."""
        self._notes[sentence] = None

    def question(
        self,
        text: str,
        *,
        id: str = "",
        choices: Sequence[str] = (),
        earlier: Sequence[Message] = (),
        subject: str = "",
        split: str = "",
        repeat: bool = False,
    ) -> int | None:
        """Row of a question, a new one unless its id was seen; None, and a skip, where it cannot be asked.

        Args:
            text: The last user message.
            id: "" = a hash of the question and its options.
            choices: Options in letter order.
            earlier: Messages before it.
            subject: Coarse field.
            split: As the source names it; "dev" and the like are understood.
            repeat: An id that was seen stands for another question, and gets a number appended.
        """
        id = _clean(id) or question_id(text, choices)
        if repeat and id in self._rows:
            id = next(name for k in range(2, 10**9) if (name := f"{id}-{k}") not in self._rows)
        try:
            query = Query(
                id=id,
                messages=(*earlier, Message("user", _clean(text))),
                choices=tuple(_clean(choice) for choice in choices),
            )
        except QueryError:
            reason = "no question text" if not text.strip() else "options that cannot be asked"
            self.skipped[reason] += 1
            return None
        if id in self._rows:
            if self._queries[self._rows[id]] == query:
                return self._rows[id]
            self.skipped["question or options differ from those first seen under the id"] += 1
            return None
        return self._append(query, subject, split)

    def _append(self, query: Query, subject: str, split: str) -> int:
        known = _SPLIT_NAMES.get(split.lower())
        if known is None:
            self.note(f"Split {split!r} is none of {', '.join(SPLITS)}; splits by hash of the text there.")
        self._rows[query.id] = len(self._queries)
        self._queries.append(query)
        self._subjects.append(_clean(subject))
        self._splits.append(known or "")
        return len(self._queries) - 1

    def expert(self, name: str) -> int:
        """Column of an expert, which may never get a cell."""
        return self._experts.setdefault(_clean(name), len(self._experts))

    def cell(
        self,
        row: int,
        expert: str,
        score: float,
        *,
        answer: str = "",
        sample: int | None = 0,
        tokens: float = np.nan,
        seconds: float = np.nan,
        cost_usd: float = np.nan,
    ) -> None:
        """What an expert made of a question; `sample` None = the next. A repeated cell is a skip."""
        measures = {"score": score, "tokens": tokens, "seconds": seconds, "cost_usd": cost_usd}
        self._cells.add(row, self.expert(expert), sample, measures, _clean(answer))

    def report(self) -> ImportReport:
        """The table of what was taken in.

        Raises:
            ConfigError: it was nothing.
        """
        if not len(self._cells):
            skips = "; ".join(f"{n} skipped: {reason}" for reason, n in self.skipped.items())
            raise ConfigError(f"Nothing could be imported ({skips or 'no questions with outcomes found'}).")
        outcomes, repeated = self._cells.matrix(
            [query.id for query in self._queries], list(self._experts), self._subjects
        )
        if repeated:
            self.skipped["another row has the question, expert and sample"] += repeated
        if self._cells.cut:
            self.note(f"{self._cells.cut} answers were cut to {ANSWER_LIMIT} characters.")
        table = OutcomeTable(queries=tuple(self._queries), splits=self._joined_splits(), outcomes=outcomes)
        if "" in table.splits:
            n = table.splits.count("")
            self.note(f"{n} questions had no split; it is by hash of the text (40/10/50).")
        return ImportReport(
            table=table.with_hash_splits(), skipped=dict(self.skipped), notes=tuple(self._notes)
        )

    def _joined_splits(self) -> tuple[str, ...]:
        """Splits, the later one for a text that the source has in several."""
        texts = [normalised(query.question) for query in self._queries]
        held: dict[str, int] = {}
        order = ("", *SPLITS)
        for text, split in zip(texts, self._splits, strict=True):
            held[text] = max(held.get(text, 0), order.index(split))
        joined = tuple(
            order[held[text]] if split else "" for text, split in zip(texts, self._splits, strict=True)
        )
        moved = sum(a != b for a, b in zip(joined, self._splits, strict=True))
        if moved:
            self.note(f"{moved} questions stood in two splits; all copies are now in the later one.")
        return joined


def question_id(text: str, choices: Sequence[str]) -> str:
    """An id from what is asked: 12 hexadecimal digits of SHA-256 over text and options."""
    joined = "\x1f".join([text, *choices])
    return "q" + hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:12]


def _clean(text: str) -> str:
    """`text` with lone surrogates, which no file can hold, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
