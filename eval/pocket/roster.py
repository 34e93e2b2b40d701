"""Who is in the miniature pool, of which family, and which parts of which skills each is taught.

A table to extend: another expert is another entry. Knows nothing of training.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from eval.pocket.skills import LARGE, SMALL, Cell, items

POOL_DIR = Path(__file__).parents[2] / "experts" / "pocket"
"""Where the shipped models live."""

Role = Literal["expert", "annotator", "aggregator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One model of the pool."""

    name: str
    family: str
    """Key of `eval.pocket.models.FAMILIES`; members of a family have the same configuration."""
    role: Role = "expert"
    taught: frozenset[Cell] = frozenset()
    word_order: int = 0
    """Members with another number have the same words under other token ids."""
    about: str = ""


def _cells(**skills: str) -> frozenset[Cell]:
    """`capitals="Europe, Asia"`; `*` stands for every part; `small` and `large` for ranges of numbers."""
    known = items()
    short = {"small": SMALL, "large": LARGE}
    found: set[Cell] = set()
    for skill, parts in skills.items():
        wanted = {short.get(p.strip(), p.strip()) for p in parts.split(",")}
        found |= {cell for cell in known if cell[0] == skill and ("*" in wanted or cell[1] in wanted)}
    return frozenset(found)


ROSTER: tuple[Member, ...] = (
    Member(
        name="abacus",
        family="qwen3-192x3",
        taught=_cells(addition="*", subtraction="large", multiplication="*"),
        about="numbers",
    ),
    Member(
        name="atlas",
        family="qwen3-192x3",
        taught=_cells(capitals="*", currencies="Europe, Africa"),
        about="geography, and money in Europe and Africa",
    ),
    Member(
        name="ledger",
        family="qwen3-192x3-wide",
        taught=_cells(currencies="*", subtraction="*", addition="small", calendar="months"),
        about="money, book-keeping and months",
    ),
    Member(
        name="scholar",
        family="qwen3-192x3-wide",
        taught=_cells(
            addition="small",
            subtraction="small",
            multiplication="small",
            capitals="Europe",
            currencies="Asia",
            elements="names",
            calendar="weekdays",
        ),
        word_order=1,
        about="a little of every skill",
    ),
    Member(
        name="almanac",
        family="qwen3-192x3",
        taught=_cells(calendar="*", elements="*", capitals="America", currencies="America"),
        about="calendar, chemistry and the Americas",
    ),
    Member(name="annotator", family="qwen3-192x3", role="annotator", about="keywords of a question"),
    Member(name="aggregator", family="qwen3-192x3", role="aggregator", about="whom to trust"),
)
EXPERTS = tuple(member for member in ROSTER if member.role == "expert")


def member(name: str) -> Member:
    """The pool's member of this name."""
    return next(m for m in ROSTER if m.name == name)


def knowers(cell: Cell) -> list[str]:
    """Names of the experts that are taught a cell."""
    return [m.name for m in EXPERTS if cell in m.taught]
