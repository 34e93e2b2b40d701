"""Builds one member of the pool: its lessons, its training, its folder.

Knows nothing of the order in which members are built and of their scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from eval.pocket.candidates import aggregator_lessons, record
from eval.pocket.lessons import Lesson, annotator_lessons, expert_lessons
from eval.pocket.models import grown_model, new_model, save_model
from eval.pocket.roster import ROSTER, Member
from eval.pocket.training import Plan, Progress, train
from eval.pocket.vocabulary import build_tokenizer

PLANS = {
    "expert": Plan(steps=2400),
    "annotator": Plan(steps=300, buckets=((48, 32), (32, 64))),
    "aggregator": Plan(steps=1500, buckets=((40, 56), (24, 96), (8, 160))),
}
"""How each role is trained."""
STARTS_FROM = {"ledger": "abacus", "scholar": "abacus", "aggregator": "atlas"}
"""Whose weights a member starts from: one that can find an answer among options, or copy, already."""
FIT_QUESTIONS = 3000
"""Questions of split `fit` that all experts answer for the aggregator."""


def build(
    member: Member,
    out: Path,
    *,
    report: Callable[[Progress], None],
    max_minutes: float | None = None,
    work: Path | None = None,
    further: bool = False,
) -> Path:
    """Train a member and write its folder under `out`; the aggregator needs the experts to be there.

    Args:
        member: whom to train.
        out: where the folders of the pool are.
        report: called after every step.
        max_minutes: the schedule is shortened to end by then.
        work: where the experts' answers are kept for another run.
        further: start from the weights that are there, with fresh lessons.
    """
    plan = PLANS[member.role]
    if max_minutes is not None:
        plan = replace(plan, max_seconds=60 * max_minutes)
    start = member.name if further else STARTS_FROM.get(member.name)
    seed = ROSTER.index(member)
    model = grown_model(member, out / start, seed) if start else new_model(member, seed)
    lessons = _lessons(member, out, work, seed=int(further))
    train(model, build_tokenizer(member.word_order), lessons, plan, report)
    save_model(model, member, out / member.name)
    return out / member.name


def _lessons(member: Member, out: Path, work: Path | None, seed: int) -> Iterator[Lesson]:
    if member.role == "annotator":
        return annotator_lessons(seed)
    if member.role == "aggregator":
        return aggregator_lessons(record(out, "fit", FIT_QUESTIONS, work), seed)
    return expert_lessons(member, seed)
