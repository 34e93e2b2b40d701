"""Learned fusion: the answer that a fitted model holds for the likeliest, with its probability.

Where the model knows none of the experts that answered, a weighted vote decides and the notes say so.
Knows no LLM and not how the model was fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aggregators.ballots import agreeing, shown_text
from aggregators.equivalence.equivalence import Equivalence, ExactEquivalence
from aggregators.learned.model import FusionModel, Posterior
from aggregators.learned.patterns import NOT_ASKED, AnswerPatterns, Codes, Floats, ReadItems, read_items
from aggregators.learned.text_signals import TEXT_SIGNALS
from aggregators.votes.counting import WeightedVote
from experts.engine import Generate
from experts.verdict import Candidates, Verdict

KIND = "learned"


class LearnedFusion:
    """Fuses by a `FusionModel`."""

    experts: tuple[str, ...] = ()

    def __init__(
        self,
        model: FusionModel,
        pool: Sequence[str],
        equivalence: Equivalence | None = None,
        *,
        reads_texts: bool = False,
    ) -> None:
        """Store what is given.

        Args:
            model: fitted.
            pool: (m) the experts that it was fitted on, in its order.
            equivalence: of answers to open questions; None: canonical strings.
            reads_texts: whether it was fitted with the signs in the texts.
        """
        self.model, self.pool, self.reads_texts = model, tuple(pool), reads_texts
        self.equivalence = equivalence or ExactEquivalence()

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """Verdicts; `generate` is not used.

        `support` is the calibrated probability of the answer, `moved` each expert's part in it.
        """
        if not items:
            return []
        read = self._read(items)
        posterior = self.model.posterior(read.patterns)
        leading = posterior.leading
        undecided = [i for i in range(len(items)) if leading[i] < 0]
        instead = dict(zip(undecided, self._vote([items[i] for i in undecided]), strict=True))
        moved = self._moved(read.patterns, posterior)
        return [
            instead[i] if i in instead else self._verdict(item, read, i, posterior, moved[i])
            for i, item in enumerate(items)
        ]

    def gains(self, items: Sequence[Candidates]) -> list[float | None]:
        """Expected gain in the chance of being right from asking up to three more experts, best first.

        Args:
            items: with the answers so far and the estimates of the whole pool.

        Returns:
            One a query; None where nothing was learned about it, or no answer could be read yet.
        """
        if self.model.gain is None or not items:
            return [None] * len(items)
        patterns = self._read(items).patterns
        posterior = self.model.posterior(patterns)
        gains = self.model.gain.expected(patterns, posterior)
        return [float(g) if n >= 0 else None for g, n in zip(gains, posterior.leading, strict=True)]

    def _read(self, items: Sequence[Candidates]) -> ReadItems:
        return read_items(items, self.pool, self.equivalence, TEXT_SIGNALS if self.reads_texts else None)

    def _verdict(
        self, item: Candidates, read: ReadItems, i: int, posterior: Posterior, moved: Floats
    ) -> Verdict:
        number = int(posterior.leading[i])
        key = read.keys[i][number]
        winner = next(b for b in read.ballots[i] if b.key == key)
        strangers = {b.completion.expert for b in read.ballots[i]} - set(self.pool)
        notes = (
            (f"The learned fusion was not fitted on {', '.join(sorted(strangers))} and left it out.",)
            if strangers
            else ()
        )
        asked = np.flatnonzero(read.patterns.asked[i])
        return Verdict(
            query_id=item.query.id,
            aggregator=KIND,
            text=shown_text(winner.completion),
            answer=winner.answer,
            support=float(posterior.chances[i, number]),
            agreed=agreeing(read.ballots[i], key),
            moved={self.pool[j]: float(moved[j]) for j in asked},
            notes=notes,
        )

    def _vote(self, items: Sequence[Candidates]) -> list[Verdict]:
        note = (
            "No answer of an expert that the learned fusion was fitted on could be read, so a vote decided."
        )
        return [
            replace(v, aggregator=KIND, notes=(note, *v.notes) if v.error is None else v.notes)
            for v in WeightedVote(equivalence=self.equivalence).aggregate(items)
        ]

    def _moved(self, patterns: AnswerPatterns, posterior: Posterior) -> Floats:
        """(n, m) support of the leading answer minus what it is with the expert left out; 0 = not asked."""
        n, m = patterns.codes.shape
        question, expert = np.nonzero(patterns.asked)
        without = patterns.take(question.astype(np.int64))
        mask = np.ones(without.codes.shape, dtype=np.bool_)
        mask[np.arange(len(question)), expert] = False
        left = self.model.posterior(without.only(mask))
        leading: Codes = posterior.leading[question]
        number = np.maximum(leading, 0)
        rest = np.zeros(len(question))
        known = number < left.chances.shape[1]
        rest[known] = left.chances[np.flatnonzero(known), number[known]]
        moved = np.zeros((n, m))
        moved[question, expert] = posterior.support[question] - rest
        moved[patterns.codes == NOT_ASKED] = 0.0
        return moved
