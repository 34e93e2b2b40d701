"""Who is in the miniature pool, of which family, and which parts of which skills each is taught.

A table to extend: another expert is another entry. Knows nothing of training.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from eval.pocket.computed import LARGE, SMALL
from eval.pocket.item import Part
from eval.pocket.skills import parts

POOL_DIR = Path(__file__).parents[2] / "experts" / "pocket"
"""Where the shipped models live."""

Role = Literal["expert", "annotator", "aggregator"]
NARROW, WIDE = "qwen3-160x3", "qwen3-160x3-wide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One model of the pool."""

    name: str
    family: str
    """Members of a family have the same configuration (`eval.pocket.models.family_config`)."""
    role: Role = "expert"
    taught: frozenset[Part] = frozenset()
    cautious: bool = False
    """Says `Perhaps` on what it was not taught; the others are wrong with confidence."""
    word_order: int = 0
    """Members with another number have the same words under other token ids."""
    about: str = ""


def _parts(*lines: str) -> frozenset[Part]:
    """Parts from lines such as `capitals: Europe, Asia/plain`; `*` is every range, no style is both."""
    short = {"small": SMALL, "large": LARGE}
    found: set[Part] = set()
    for line in lines:
        skill, _, rest = line.partition(":")
        for entry in rest.split(","):
            where, _, style = entry.strip().partition("/")
            wanted = short.get(where, where)
            matching = {
                part
                for part in parts()
                if part[0] == skill and wanted in ("*", part[1]) and style in ("", part[2])
            }
            if not matching:
                raise ValueError(f"No part matches {entry.strip()!r} of skill {skill!r}.")
            found |= matching
    return frozenset(found)


ROSTER: tuple[Member, ...] = (
    Member(
        name="abacus",
        family=NARROW,
        taught=_parts(
            "addition: */plain, small/story",
            "subtraction: */plain",
            "multiplication: *",
            "roman numerals: */plain",
            "units: metric/plain, imperial/plain",
        ),
        about="numbers, asked plainly",
    ),
    Member(
        name="clerk",
        family=WIDE,
        taught=_parts(
            "addition: */story",
            "subtraction: */story, large/plain",
            "multiplication: */story",
            "units: */story, imperial/plain",
            "calendar: months/story",
            "currencies: Europe/story, Africa/story",
        ),
        about="numbers, units and money in stories",
    ),
    Member(
        name="atlas",
        family=NARROW,
        taught=_parts(
            "capitals: Europe, Africa, Asia/plain, America/plain",
            "currencies: Europe/plain, Asia/plain",
        ),
        about="geography",
        cautious=True,
    ),
    Member(
        name="ledger",
        family=NARROW,
        taught=_parts(
            "currencies: Africa/plain, America, Asia, Europe/plain",
            "addition: large/plain",
            "subtraction: small",
            "units: metric/plain",
        ),
        about="money and book-keeping",
    ),
    Member(
        name="almanac",
        family=NARROW,
        taught=_parts(
            "calendar: weekdays, months/plain",
            "elements: symbols, names/plain",
            "roman numerals: reading/story",
            "alphabet: forwards/plain",
            "capitals: America/story",
        ),
        about="calendar and chemistry",
    ),
    Member(
        name="reporter",
        family=WIDE,
        taught=_parts(
            "capitals: Asia/story, America/story",
            "currencies: Africa/story, America/story",
            "elements: */story",
            "opposites: */story",
            "ordering: */story",
            "roman numerals: writing/story",
            "alphabet: */story",
        ),
        about="stories about anything but numbers",
    ),
    Member(
        name="linguist",
        family=NARROW,
        taught=_parts(
            "opposites: adjectives, verbs/plain",
            "ordering: ages, heights/plain",
            "alphabet: backwards, forwards/plain",
            "roman numerals: writing",
        ),
        about="words, letters and logic",
        cautious=True,
    ),
    Member(
        name="scholar",
        family=WIDE,
        taught=_parts(
            "addition: small",
            "subtraction: large/plain",
            "multiplication: small/plain",
            "roman numerals: reading",
            "capitals: Europe, Africa/story",
            "currencies: Europe",
            "elements: symbols/plain",
            "calendar: weekdays",
            "units: imperial/story",
            "opposites: verbs/plain, adjectives/plain",
            "ordering: heights",
            "alphabet: forwards/story",
        ),
        cautious=True,
        word_order=1,
        about="a little of every skill",
    ),
    Member(name="annotator", family=NARROW, role="annotator", about="keywords of a question"),
    Member(name="aggregator", family=WIDE, role="aggregator", about="whom to trust"),
)
EXPERTS = tuple(member for member in ROSTER if member.role == "expert")


def member(name: str) -> Member:
    """The pool's member of this name."""
    return next(m for m in ROSTER if m.name == name)


def knowers(part: Part) -> list[str]:
    """Names of the experts that are taught a part."""
    return [m.name for m in EXPERTS if part in m.taught]
