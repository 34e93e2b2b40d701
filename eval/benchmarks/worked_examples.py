"""Worked examples in front of a question: others of its own subject with their solutions (few-shot).

As in MMLU-Pro (Wang et al. 2024, arXiv 2406.01574; `evaluate_from_local.py` of its repository), where the
five validation questions of a subject stand before each of its questions. Here they are turns of a
conversation, as chat models expect them, each in the shape in which the question itself is put; the intro
stands in the first turn and not in a system message, which routers would read. Reads no file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from eval.benchmarks.mapping import ShotsSource
from eval.question import Question
from experts.errors import BenchmarkError
from experts.prompts import question_block
from experts.query import Message


class WorkedExamples:
    """Questions with solutions, by subject, in the order of their file."""

    def __init__(self, source: ShotsSource, n: int, solved: Iterable[tuple[Question, str]]) -> None:
        """Store; a question without a solution is passed over.

        Args:
            source: how they are worded.
            n: how many stand before a question, at least 1.
            solved: questions and their solutions.
        """
        self._source = source
        self._n = n
        self._of: dict[str, list[tuple[Question, str]]] = defaultdict(list)
        for question, solution in solved:
            if solution.strip():
                self._of[question.subject].append((question, solution))

    def put_before(self, question: Question) -> Question:
        """The question with its examples.

        A question that is an example itself does not see itself, and so may see one less.

        Raises:
            BenchmarkError: its subject has fewer than `n`.
        """
        solved = self._of[question.subject]
        others = [(other, solution) for other, solution in solved if other.id != question.id][: self._n]
        if len(solved) < self._n:
            raise BenchmarkError(
                f"{question.id}: subject {question.subject!r} has {len(solved)} worked examples, and "
                f"{self._n} are asked for; give --shots {len(solved)} or less."
            )
        instruction = self._source.instruction
        if instruction is None:
            instruction = question.query.instruction
        query = replace(question.query, examples=self._turns(question.subject, others, instruction))
        return replace(question, query=replace(query, instruction=instruction))

    def _turns(
        self, subject: str, solved: list[tuple[Question, str]], instruction: str | None
    ) -> tuple[Message, ...]:
        turns = []
        intro = self._source.intro.replace("{subject}", subject)
        for question, solution in solved:
            parts = [intro, question_block(question.query), instruction]
            turns.append(Message("user", "\n\n".join(part for part in parts if part)))
            turns.append(Message("assistant", solution.strip().removeprefix(self._source.drop).strip()))
            intro = ""
        return tuple(turns)
