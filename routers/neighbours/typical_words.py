"""Words that tell one group of texts from the others, so that people can recognise the group.

For reading only: nothing is decided by them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_WORDS = 3
_WORD = re.compile(r"[^\W\d_]{4,}")


def typical_words(
    texts: Sequence[str], subjects: Sequence[str], labels: NDArray[np.int64], groups: int
) -> list[str]:
    """A title per group: its commonest subject and the words most over-represented in it.

    Args:
        texts: (n) questions.
        subjects: (n) their subjects; "" = unknown.
        labels: (n,) group of each question.
        groups: number of groups.

    Returns:
        Such as "law: tort, contract, liable"; "no common words" where there are none.
    """
    words = [set(_WORD.findall(text.lower())) for text in texts]
    everywhere = Counter(word for found in words for word in found)
    titles = []
    for group in range(groups):
        rows = [int(row) for row in np.flatnonzero(labels == group)]
        here = Counter(word for row in rows for word in words[row])
        # Share here less share overall: prefers words that many questions of the group have.
        lift = {word: count / len(rows) - everywhere[word] / len(texts) for word, count in here.items()}
        best = sorted(lift, key=lambda word: (-lift[word], word))[:_WORDS]
        named = Counter(subjects[row] for row in rows if subjects[row])
        subject = min(named, key=lambda name: (-named[name], name)) + ": " if named else ""
        titles.append(subject + (", ".join(best) or "no common words"))
    return titles
