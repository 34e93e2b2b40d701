"""The answer extraction of MMLU-Pro's authors, scored beside ours (Wang et al. 2024, arXiv 2406.01574).

In our own words after `extract_answer`, `extract_again` and `extract_final` of evaluate_from_local.py in
github.com/TIGER-AI-Lab/MMLU-Pro: three patterns, the first that finds anything decides. Where none does, the
authors guess at random; here there is no answer. The first pattern alone is the filter of
lm-evaluation-harness (`custom-extract` of its task mmlu_pro, version 3.1). Knows no file.
"""

from __future__ import annotations

import re

from experts.query import Query

_STATED = re.compile(r"answer is \(?([A-J])\)?")
_LABELLED = re.compile(r"[aA]nswer:(?=\s*([A-J]))")
_LETTER = re.compile(r"\b[A-J]\b")
LEVELS = 3
"""Patterns; earlier versions of the authors' script had fewer."""


def official_mmlu_pro(text: str, query: Query) -> str | None:
    """The letter, or None; the question plays no part."""
    return official_letter(text)


def harness_mmlu_pro(text: str, query: Query) -> str | None:
    """The letter that lm-evaluation-harness (0.4.13) finds, or None where it has "[invalid]"."""
    return official_letter(text, levels=1)


def official_letter(text: str, levels: int = LEVELS) -> str | None:
    """The letter that the first `levels` patterns find; time grows linearly with the text.

    1: what follows "answer is", the first time; 2: what follows "Answer:", on the first line that has it and
    there the last time; 3: the last letter from A to J that stands alone.
    """
    if found := _STATED.search(text):
        return found.group(1)
    if levels > 1 and (letter := _labelled(text)):
        return letter
    if levels > 2 and (letters := _LETTER.findall(text)):
        return str(letters[-1])
    return None


def _labelled(text: str) -> str | None:
    r"""What the authors' `.*[aA]nswer:\s*([A-J])` finds, whose time is quadratic in the longest line."""
    first = _LABELLED.search(text)
    if first is None:
        return None
    end = text.find("\n", first.start())
    letter = first.group(1)
    for found in _LABELLED.finditer(text, first.end()):
        if 0 <= end < found.start():
            break
        letter = found.group(1)
    return letter
