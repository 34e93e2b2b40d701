"""Builds one member of the pool: its lessons, its training, its folder.

All members are grown from one base model, which learns every part and is not shipped. Knows nothing
of the order in which members are built and of their scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from eval.pocket.candidates import aggregator_lessons
from eval.pocket.lessons import Lesson, annotator_lessons, expert_lessons
from eval.pocket.models import grown_model, new_model, save_model
from eval.pocket.recording import record
from eval.pocket.roster import EXPERTS, NARROW, ROSTER, Member
from eval.pocket.skills import parts
from eval.pocket.training import Plan, Progress, train
from eval.pocket.vocabulary import build_tokenizer
from experts.errors import BenchmarkError

BASE = Member(name="base", family=NARROW, taught=frozenset(parts()), about="every part")
"""What all members are grown from: finding an option and reading a question are learned once."""
PLANS = {
    "base": Plan(steps=1500),
    "expert": Plan(steps=300, learning_rate=0.01),
    "annotator": Plan(steps=300, learning_rate=0.01, buckets=((24, 32), (24, 64))),
    "aggregator": Plan(steps=700, learning_rate=0.01, buckets=((16, 64), (20, 80), (12, 104), (2, 176))),
}
"""How the base and each role are trained."""
FIT_QUESTIONS = 3024
"""Questions of split `fit` that all experts answer for the aggregator."""


def plan_of(member: Member) -> Plan:
    """How a member is trained."""
    return PLANS["base" if member is BASE else member.role]


def build(member: Member, out: Path, work: Path, report: Callable[[Progress], None]) -> Path:
    """Train a member and write its folder; all but the base need the base, the aggregator the experts.

    Args:
        member: whom to train.
        out: where the folders of the pool are.
        work: where the base is, and the experts' recorded answers.
        report: called after every step.

    Raises:
        BenchmarkError: a model that this one is made from is not there.
    """
    _check_there(member, out, work)
    seed = 0 if member is BASE else 1 + ROSTER.index(member)
    model = new_model(member, seed) if member is BASE else grown_model(member, work / BASE.name, seed)
    lessons = _lessons(member, out, work, seed)
    train(model, build_tokenizer(member.word_order), lessons, plan_of(member), report)
    folder = (work if member is BASE else out) / member.name
    save_model(model, member, folder)
    return folder


def _check_there(member: Member, out: Path, work: Path) -> None:
    """All that a member is made from is there."""
    needed = [] if member is BASE else [work / BASE.name]
    if member.role == "aggregator":
        needed += [out / expert.name for expert in EXPERTS]
    missing = [folder for folder in needed if not (folder / "model.safetensors").exists()]
    if missing:
        only = " ".join(f"--only {folder.name}" for folder in missing)
        raise BenchmarkError(
            f"{member.name} is made from models that are not there: {', '.join(map(str, missing))}. "
            f"Build them first: python -m eval.pocket.train {only}"
        )


def _lessons(member: Member, out: Path, work: Path, seed: int) -> Iterator[Lesson]:
    if member.role == "annotator":
        return annotator_lessons(seed)
    if member.role == "aggregator":
        return aggregator_lessons(record(out, "fit", FIT_QUESTIONS, work), seed)
    return expert_lessons(member, seed)
