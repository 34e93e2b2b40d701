"""The process that compares expressions: reads pairs from its input, writes verdicts to its output.

Started by `math_process` as `python -m aggregators.equivalence.math_worker SECONDS BYTES`. The
protocol is a line of JSON, [a, b], for each pair, and a line "1" or "0" for its answer; "ready" comes
first. Knows no unit and no class.

No expression can be trusted to end: 9^{9^9} keeps Python's integers busy inside one instruction,
where neither an exception nor math-verify's own handler of SIGALRM gets a turn. So each comparison
sets the alarm with the signal's default action: the kernel ends this process, and its parent starts
another. That works whatever thread the parent asks from, and the process outlives no parent for
longer than one comparison.
"""

from __future__ import annotations

import json
import logging
import resource
import signal
import sys
from functools import lru_cache
from typing import Any

_START_S = 120.0
"""Longest time for importing sympy and math-verify, on a machine that is busy."""


def main(seconds: float, max_bytes: int) -> None:
    """Answer pairs until the input ends."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides on Ctrl-C
    signal.setitimer(signal.ITIMER_REAL, _START_S)
    resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)
    same("1", "2")  # loads what is loaded on first use
    signal.setitimer(signal.ITIMER_REAL, 0)
    _say("ready")
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        a, b = json.loads(line)
        answer = same(a, b)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _say("1" if answer else "0")


def same(a: str, b: str) -> bool:
    """Whether two expressions in LaTeX have the same value.

    math-verify distinguishes what was found and what is right; neither of ours is right as yet, so
    either direction will do.
    """
    from math_verify import verify

    try:
        left, right = _parsed(a), _parsed(b)
        return bool(verify(left, right, timeout_seconds=None) or verify(right, left, timeout_seconds=None))
    except Exception:  # noqa: BLE001 - a parser may raise anything, MemoryError too: not comparable
        return False


@lru_cache(maxsize=256)
def _parsed(latex: str) -> list[Any]:
    from math_verify import LatexExtractionConfig, parse

    # Never ExprExtractionConfig: sympy's parser behind it evaluates its text as Python.
    found: list[Any] = parse(
        f"${latex}$",
        extraction_config=[LatexExtractionConfig()],
        fallback_mode="no_fallback",
        parsing_timeout=None,
    )
    return found


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
