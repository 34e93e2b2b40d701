"""What the trained experts really answer to split `fit`, and the aggregator's lessons made of it.

The aggregator is taught to name the kind of question, then whom it trusts, then that candidate's
answer. Knows nothing of tokens and of training loops.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from eval.pocket.lessons import Lesson
from eval.pocket.loader import load
from eval.pocket.measuring import cell_of, in_form, is_right
from eval.pocket.roster import EXPERTS
from eval.pocket.skills import Cell, keywords
from eval.pocket.splits import VERSION
from eval.pocket.teaching import aggregator_content, last_line, user_content
from eval.question import Question

log = logging.getLogger(__name__)

CUT_SHARE = 0.05
"""Share of candidates that are cut off before their answer, as at a bound on tokens."""
_POOL_SIZES = (2, 3, 3, 3, 3, 3, 3, 4)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Questions with every expert's text, and how often each expert is right on each cell."""

    questions: tuple[Question, ...]
    texts: Mapping[str, tuple[str, ...]]
    """Expert to its texts, in the order of the questions."""

    def accuracy(self) -> dict[tuple[Cell, str], float]:
        """Share of right answers by cell and expert."""
        marks: dict[tuple[Cell, str], list[bool]] = {}
        for name, texts in self.texts.items():
            for question, text in zip(self.questions, texts, strict=True):
                marks.setdefault((cell_of(question), name), []).append(is_right(question, text))
        return {key: sum(rights) / len(rights) for key, rights in marks.items()}


def record(pool: Path, split: str, n: int, cache: Path | None = None) -> Recorded:
    """Ask every expert in `pool` the first `n` questions of a split; `cache` keeps the texts by weights."""
    questions = load(split, n)
    texts = {expert.name: texts_of(pool / expert.name, questions, cache) for expert in EXPERTS}
    return Recorded(tuple(questions), texts)


def texts_of(folder: Path, questions: Sequence[Question], cache: Path | None = None) -> tuple[str, ...]:
    """One expert's texts for these questions, from the cache where the same weights answered them before."""
    from eval.pocket.generation import MAX_TOKENS, generate

    weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    stamp = f"{VERSION} {weights} {questions[0].split} {len(questions)}"
    file = None if cache is None else cache / f"{folder.name}-{questions[0].split}-{len(questions)}.json"
    if file is not None and file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
        if known["stamp"] == stamp:
            return tuple(known["texts"])
    log.info("Asking %s %d questions of split %s.", folder.name, len(questions), questions[0].split)
    users = [user_content(question.query) for question in questions]
    texts = generate(folder, users, MAX_TOKENS["expert"])
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"stamp": stamp, "texts": texts}), encoding="utf-8")
    return tuple(texts)


def ranked(accuracy: Mapping[tuple[Cell, str], float], cell: Cell, names: Sequence[str]) -> list[str]:
    """Experts by their accuracy on a cell, the best first; equals in the pool's order."""
    order = [expert.name for expert in EXPERTS]
    return sorted(names, key=lambda name: (-round(accuracy[cell, name], 2), order.index(name)))


def aggregator_lessons(recorded: Recorded, seed: int) -> Iterator[Lesson]:
    """Two to four candidates, half of the time the best by profile in rank order, else any in any order."""
    rng = Random(f"lessons aggregator {seed}")
    accuracy = recorded.accuracy()
    names = list(recorded.texts)
    while True:
        at = rng.randrange(len(recorded.questions))
        question, k = recorded.questions[at], rng.choice(_POOL_SIZES)
        best = ranked(accuracy, cell_of(question), names)
        chosen = best[:k] if rng.random() < 0.5 else rng.sample(names, k)
        candidates = [(name, _maybe_cut(recorded.texts[name][at], rng)) for name in chosen]
        candidates = [(name, text) for name, text in candidates if text]
        trusted = _trusted(question, candidates, best)
        if trusted is not None:
            name, text = trusted
            answer = f"{keywords(cell_of(question))}. I trust {name}.\n{last_line(text)}"
            yield Lesson(aggregator_content(question.query, candidates), answer)


def _maybe_cut(text: str, rng: Random) -> str:
    if rng.random() >= CUT_SHARE:
        return text
    words = text.split(" ")
    return " ".join(words[: rng.randrange(len(words))])


def _trusted(
    question: Question, candidates: Sequence[tuple[str, str]], best: Sequence[str]
) -> tuple[str, str] | None:
    """The best by profile among the candidates that are right, else among those that answer."""
    by_rank = sorted(candidates, key=lambda candidate: best.index(candidate[0]))
    right = [c for c in by_rank if is_right(question, c[1])]
    answering = [c for c in by_rank if in_form([c[1]])]
    return next(iter(right or answering), None)
