"""What the trained experts really answer to questions of a split, kept on disk by their weights.

Knows nothing of lessons and of the aggregator.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.pocket.loader import load
from eval.pocket.measuring import is_right
from eval.pocket.roster import EXPERTS
from eval.pocket.splits import VERSION
from eval.pocket.teaching import user_content
from eval.question import Question

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Questions with every expert's text."""

    questions: tuple[Question, ...]
    texts: Mapping[str, tuple[str, ...]]
    """Expert to its texts, in the order of the questions."""

    def accuracy(self, key: Callable[[Question], tuple[str, ...]]) -> dict[tuple[str, ...], dict[str, float]]:
        """Share of right answers of each expert on the questions of equal key."""
        marks: dict[tuple[str, ...], dict[str, list[bool]]] = {}
        for name, texts in self.texts.items():
            for question, text in zip(self.questions, texts, strict=True):
                group = marks.setdefault(key(question), {})
                group.setdefault(name, []).append(is_right(question, text))
        return {
            group: {name: sum(rights) / len(rights) for name, rights in found.items()}
            for group, found in marks.items()
        }


def ranked(accuracy: Mapping[str, float]) -> list[str]:
    """Experts by accuracy, the best first; equals (to a percent) in the pool's order."""
    order = [expert.name for expert in EXPERTS]
    return sorted(accuracy, key=lambda name: (-round(accuracy[name], 2), order.index(name)))


def record(pool: Path, split: str, n: int | None = None, cache: Path | None = None) -> Recorded:
    """Ask every expert in `pool` the first `n` questions of a split; `cache` keeps the texts."""
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
