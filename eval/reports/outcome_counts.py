"""How the system's questions ended: counts, and accuracy with and without those that have no answer.

An answer here is one that could be read: right and wrong ones, so that accuracy over all questions is
coverage times the accuracy of the answered. Draws nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from eval.metrics import wilson
from eval.reports.schema import OutcomeCounts, Value
from eval.reports.values import value
from eval.runs.row import QuestionRow


def outcome_counts(rows: Sequence[QuestionRow]) -> OutcomeCounts | None:
    """Count; None where the system was not run."""
    if any(row.outcome is None for row in rows):
        return None
    count = Counter(row.outcome for row in rows)
    uncut = [row for row in rows if not row.truncated]
    answered = count["right"] + count["wrong"]
    return OutcomeCounts(
        right=count["right"],
        wrong=count["wrong"],
        unparsed=count["unparsed"],
        abstained=count["abstained"],
        error=count["error"],
        truncated=len(rows) - len(uncut),
        accuracy=value(wilson(count["right"], len(rows))),
        accuracy_of_answered=_share(count["right"], answered),
        accuracy_of_uncut=_share(sum(row.outcome == "right" for row in uncut), len(uncut)),
        coverage=answered / len(rows),
    )


def _share(right: int, n: int) -> Value | None:
    return value(wilson(right, n)) if n else None
