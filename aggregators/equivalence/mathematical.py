r"""Answers that are numbers, LaTeX, sets or intervals, compared by value.

The evaluation is math-verify's (Kydlicek 2025, https://github.com/huggingface/Math-Verify, Apache-2.0),
in a process that may die. Decided here:

- 1/2 = 0.5 = \frac{1}{2} = 50\%, and 50\% = 50 too, since a question may ask for either.
- "5 km" and "5 m" differ; "5" is both, as the unit is taken to be the one that was asked for.
- Floats are compared at six decimals: 0.333333 = 1/3, 0.333 is not. Two plain numbers must be equal.
- x = 5 is 5, y = 5 is not x = 5. (1, 2) is ordered, {1, 2} is not, "1, 2" is either. Open and closed
  intervals differ; (1, 2) is a point and an interval.
- What takes too long counts as different; each such pair costs `seconds` and a start of the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from importlib.util import find_spec

from aggregators.equivalence.config import MathEquivalenceConfig
from aggregators.equivalence.equivalence import joined
from aggregators.equivalence.expressions import equal_without_evaluation, read_expression
from aggregators.equivalence.math_process import MathProcess
from experts.errors import ConfigError

_REMEMBERED = 65_536
"""Pairs; the same few answers come up again from many experts and questions."""


class MathEquivalence:
    """Canonical strings first, then values; the process starts with the first pair that needs it.

    Raises:
        ConfigError: the package math-verify is missing.
    """

    def __init__(self, config: MathEquivalenceConfig) -> None:
        """Store the configuration."""
        if find_spec("math_verify") is None:
            raise ConfigError(
                "`equivalence: {kind: math}` needs the package math-verify, which is not installed. "
                "Run: pip install 'compound-llm[math]'."
            )
        self.config = config
        self.process = MathProcess(config.seconds, int(config.memory_gib * 2**30))
        self._same = lru_cache(maxsize=_REMEMBERED)(partial(_same_value, self.process))

    def classes(self, answers: Sequence[Sequence[str]]) -> list[list[int]]:
        """See `Equivalence.classes`.

        Raises:
            AggregationError: the process that compares cannot be started.
        """
        return [joined(row, self._same) for row in answers]


def _same_value(process: MathProcess, a: str, b: str) -> bool:
    left, right = read_expression(a), read_expression(b)
    if left is None or right is None:
        return False
    known = equal_without_evaluation(left, right)
    return process.same(left.latex, right.latex) is True if known is None else known
