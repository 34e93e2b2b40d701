r"""Whether an answer has the value of the gold answer: 1/2 is 0.5, \frac{\pi}{2} is \pi/2.

By `aggregators.equivalence.mathematical`, so that scores and votes cannot disagree: math-verify in a process
with limits of time and memory. Without that package nothing more is right than the same text, and that is
said once. Knows no question.
"""

from __future__ import annotations

import logging
from functools import cache

from aggregators.equivalence.config import MathEquivalenceConfig
from aggregators.equivalence.mathematical import MathEquivalence
from experts.errors import ConfigError

_logger = logging.getLogger(__name__)


def same_value(answer: str, gold: str) -> bool:
    """Whether both have one value; False where that cannot be told, or takes too long.

    Raises:
        AggregationError: the process that compares cannot be started.
    """
    equivalence = _equivalence()
    if equivalence is None:
        return False
    gold_class, answer_class = equivalence.classes([[gold, answer]])[0]
    return gold_class == answer_class


@cache
def _equivalence() -> MathEquivalence | None:
    """One for all questions: it remembers pairs, and keeps its process; None: math-verify is missing."""
    try:
        return MathEquivalence(MathEquivalenceConfig(kind="math"))
    except ConfigError:
        _logger.warning(
            "math-verify is not installed, so answers are right only where they are the gold answer's text; "
            "run: pip install 'compound-llm[math]'."
        )
        return None
