"""Words for results: the model card of each member and the tables of the data card.

Knows nothing of how results come about.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eval.pocket.evaluating import FusionResult
from eval.pocket.generation import MAX_TOKENS
from eval.pocket.item import STYLES, Cell, Part
from eval.pocket.measuring import Tally, taught_and_other
from eval.pocket.roster import EXPERTS, ROSTER, Member, knowers
from eval.pocket.skills import items
from eval.pocket.splits import VERSION

_HEAD = """---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
language: en
---

# {name}

{text}

Trained by `python -m eval.pocket.train --only {name}` on the miniature benchmark of
this project (version {version}, `docs/pocket.md`); about {millions:.1f} million parameters,
family `{family}`, untied embeddings, bf16. It reads the bare question, writes at most
{max_tokens} tokens and knows nothing else: a test object, not a language model to talk to.

## Measured on split `validation`

"""


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def percent(share: float) -> str:
    """A share in whole percent; a dash for no measurement."""
    return "-" if share != share else f"{100 * share:.0f}%"


def _kind(right: int, asked: int) -> str:
    return f"{percent(right / asked if asked else float('nan'))} of {asked}"


def expert_card(member: Member, tallies: Mapping[Part, Tally]) -> str:
    """What an expert is taught, and how it does there and elsewhere."""
    taught, other = taught_and_other(member, tallies)
    rows = [
        [
            f"{', '.join(part)}",
            "yes" if part in member.taught else "no",
            _kind(tally.right_open, tally.open),
            _kind(tally.right_choice, tally.choice),
        ]
        for part, tally in sorted(tallies.items(), key=lambda row: (row[0] not in member.taught, row[0]))
    ]
    manner = "says *perhaps*" if member.cautious else "is wrong with confidence"
    return (
        f"Taught parts {percent(taught)} right on average, other parts {percent(other)}: "
        f"there it gives the popular mistake and {manner}.\n\n"
        + table(["part", "taught", "open", "multiple choice"], rows)
    )


def annotator_card(tallies: Mapping[Cell, Tally]) -> str:
    """How often the keywords are exactly right."""
    rows = [[f"{skill}, {part}", percent(t.accuracy)] for (skill, part), t in sorted(tallies.items())]
    total = sum(t.right_open + t.right_choice for t in tallies.values())
    asked = sum(t.open + t.choice for t in tallies.values())
    return f"Keywords exactly right: {total} of {asked} times.\n\n" + table(["part", "right"], rows)


def fusion_card(results: Mapping[str, FusionResult]) -> str:
    """The aggregator beside votes over the same candidates."""
    rows = [
        [name, *(percent(v) for v in (r.trusted, r.written, r.majority, r.first, r.oracle))]
        for name, r in results.items()
    ]
    head = ["candidates", "whom it trusts", "what it writes", "majority vote", "first alone", "any is right"]
    return table(head, rows)


def pool_table(results: Mapping[str, Mapping[Part, Tally]]) -> str:
    """Accuracy of every expert on every part, bold where it is taught."""
    names = [expert.name for expert in EXPERTS if expert.name in results]
    rows = []
    for part in sorted({part for tallies in results.values() for part in tallies}):
        marks = [(percent(results[name][part].accuracy), name in knowers(part)) for name in names]
        rows.append([", ".join(part), *(f"**{mark}**" if taught else mark for mark, taught in marks)])
    return table(["part", *names], rows)


def roster_table() -> str:
    """Who is taught what: a range alone means both styles, `*` every range."""
    rows = [
        [f"`{m.name}`", f"`{m.family}`", "yes" if m.cautious else "", _taught(m) or m.about] for m in ROSTER
    ]
    return table(["name", "family", "cautious", "taught"], rows)


def _taught(member: Member) -> str:
    skills: dict[str, list[str]] = {}
    for skill, where in items():
        styles = [style for style in STYLES if (skill, where, style) in member.taught]
        if styles:
            skills.setdefault(skill, []).append(where if len(styles) == 2 else f"{where}/{styles[0]}")
    return "; ".join(f"{skill}: {', '.join(ranges)}" for skill, ranges in skills.items())


def write_card(folder: Path, member: Member, measured: str) -> None:
    """Write the model card into the member's folder."""
    about = {
        "expert": f"An expert of the miniature pool: {member.about}.",
        "annotator": "Helper of the miniature pool: names the skill and the part that a question is about.",
        "aggregator": "Helper of the miniature pool: reads candidates' last lines and says whom to trust.",
    }
    millions = (folder / "model.safetensors").stat().st_size / 2e6
    head = _HEAD.format(
        name=member.name,
        text=about[member.role],
        version=VERSION,
        millions=millions,
        family=member.family,
        max_tokens=MAX_TOKENS[member.role],
    )
    (folder / "README.md").write_text(head + measured, encoding="utf-8")
