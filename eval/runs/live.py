"""The accuracy so far, while a run goes on: a majority vote over the answers that are there.

It is a sign of life and of gross mistakes (a wrong prompt, an extraction that finds nothing), not a result:
the questions that are answered first are not a sample of all. Draws nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from eval.metrics import wilson
from eval.question import Question
from eval.scoring import score_answer
from experts.completion import Completion
from experts.extraction import canonical, extract_answer


class LiveVote:
    """Takes completions as they come; the first sample of every expert counts."""

    def __init__(self, questions: Sequence[Question], experts: Sequence[str]) -> None:
        """Nothing has been answered yet; completions of other questions and experts are passed over."""
        self._questions = {question.id: question for question in questions}
        self._experts = frozenset(experts)
        self._votes: dict[str, Counter[str]] = defaultdict(Counter)
        self._seen: set[tuple[str, str]] = set()
        self._right: dict[str, bool] = {}
        self._n_right = 0

    def take(self, completion: Completion) -> None:
        """Count a completion."""
        question = self._questions.get(completion.query_id)
        mark = (completion.query_id, completion.expert)
        if question is None or completion.expert not in self._experts or mark in self._seen:
            return
        self._seen.add(mark)
        votes = self._votes[question.id]
        answer = extract_answer(completion.text, question.query) if completion.ok else None
        if answer is not None:
            votes[canonical(answer, question.query)] += 1
        leading = votes.most_common(1)[0][0] if votes else None
        right = score_answer(leading, question) == "right"
        self._n_right += right - self._right.get(question.id, False)
        self._right[question.id] = right

    def words(self) -> str:
        """Such as "vote so far 61.2% (58.0 to 64.3)"; "" before the first answer."""
        if not self._right:
            return ""
        found = wilson(self._n_right, len(self._right))
        low, value, high = (100 * x for x in (found.low, found.estimate, found.high))
        return f"vote so far {value:.1f}% ({low:.1f} to {high:.1f})"
