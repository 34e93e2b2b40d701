"""Why a recorded MMLU-Pro letter is not the one that the official extraction finds. Knows no file.

Records were made by several versions of the authors' scripts, on question files whose options were put into
another order later.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

_STATED = re.compile(r"answer is \(?([A-J])\)?")
_LOOSE = re.compile(r"(?:answer|choice|option)\W{1,12}(?:is\W{1,12})?([A-J])\b", re.IGNORECASE)

REORDERED = "options since put into another order; the record is in the new one"
REORDERED_ODD = "options since put into another order; other models' records do not explain this one"
LAST = "several statements: the record has the last, the official patterns take the first"
OTHER_STATEMENT = "several statements: the record has neither the first nor the last"
LOOSE = "a statement in a form that the official patterns do not know"
GUESS = "no letter is found; the record has one (the authors' random guess, or another pattern)"
EMPTY = "the record has no letter, the official patterns find one"
LETTER = "another letter that stands alone in the text"
OTHER = "the record has a letter that the text does not lead to"
CAUSES = (REORDERED, REORDERED_ODD, LAST, OTHER_STATEMENT, LOOSE, GUESS, EMPTY, LETTER, OTHER)


class Reorderings:
    """For questions whose options were put into another order: old letter -> new, as records show it."""

    def __init__(self, triples: Iterable[tuple[str, int, str, str]]) -> None:
        """Collect.

        Args:
            triples: model, question, letter in the text, recorded letter; of reordered questions only.
        """
        self._seen: dict[tuple[int, str], dict[str, str]] = defaultdict(dict)
        for model, question, letter, recorded in triples:
            self._seen[question, letter][model] = recorded

    def new_letter(self, model: str, question: int, letter: str) -> str | None:
        """What most other models' records have for this letter; None: no other model gave it.

        The model's own record plays no part, so agreement with it is no circle.
        """
        seen: Mapping[str, str] = self._seen.get((question, letter), {})
        votes = Counter(recorded for other, recorded in seen.items() if other != model)
        return max(sorted(votes), key=lambda new: votes[new]) if votes else None


def cause(text: str, found: str | None, recorded: str, *, reordered: bool, translated: str | None) -> str:
    """One of `CAUSES`, for a letter that is not the recorded one.

    Args:
        text: what the model wrote.
        found: by the official extraction.
        recorded: letter of the record; "" = none.
        reordered: whether the question's options were put into another order after the run.
        translated: `found` in the new order; None: not known.
    """
    stated = _STATED.findall(text)
    if reordered and found is not None and translated == recorded:
        return REORDERED
    if len(stated) > 1 and recorded == stated[-1]:
        return LAST
    if reordered:
        return REORDERED_ODD
    if not recorded:
        return EMPTY
    loose = _LOOSE.findall(text)
    if not stated and recorded in loose:
        return LOOSE
    if found is None:
        return GUESS
    if recorded in stated:
        return OTHER_STATEMENT
    return LETTER if re.search(rf"\b{recorded}\b", text) else OTHER


def last_statement(text: str) -> str | None:
    """The letter of the last "answer is", where there is one: what some records took."""
    stated = _STATED.findall(text)
    return str(stated[-1]) if stated else None
