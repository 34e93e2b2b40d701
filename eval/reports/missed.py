"""Questions that the system got wrong although an expert had them right, and what lost them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.runs.row import QuestionRow

_MOST = 3000
"""Questions that are listed, so that the page stays below 2 MB."""
_LONGEST = 40
"""Characters of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """One of them."""

    id: str
    subject: str
    answer: str
    """What the system said; for a private question only how it ended."""
    gold: str
    """"" for a private question."""
    right: str
    """Experts that had it right; those in brackets were not asked."""
    lost: str
    """routing: nobody who knew was asked; fusing: somebody was, and the answer was another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """All of them."""

    listed: tuple[Miss, ...]
    count: int
    by_routing: int
    by_fusing: int


def missed(rows: Sequence[QuestionRow]) -> Missed | None:
    """In the order of the run; None where no system ran."""
    if all(row.outcome is None for row in rows):
        return None
    found = [_miss(row) for row in rows if row.outcome not in (None, "right") and _knew(row)]
    routing = sum(miss.lost == "routing" for miss in found)
    return Missed(
        listed=tuple(found[:_MOST]), count=len(found), by_routing=routing, by_fusing=len(found) - routing
    )


def _knew(row: QuestionRow) -> bool:
    return any(expert.outcome == "right" for expert in row.experts)


def _miss(row: QuestionRow) -> Miss:
    right = [expert for expert in row.experts if expert.outcome == "right"]
    answer = str(row.outcome) if row.private or row.answer is None else row.answer
    return Miss(
        id=row.id,
        subject=row.subject,
        answer=_short(answer),
        gold="" if row.private else _short(row.gold),
        right=", ".join(e.expert if e.asked else f"({e.expert})" for e in right),
        lost="fusing" if any(expert.asked for expert in right) else "routing",
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
