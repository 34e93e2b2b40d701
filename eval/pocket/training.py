"""The training loop of one miniature model: fixed shapes, bf16 autocast, loss on the answer only.

Every new shape costs a compile on CPUs with AMX, hence two buckets of padded length. Knows nothing
of questions.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import PreTrainedModel

from eval.pocket.lessons import Lesson
from eval.pocket.vocabulary import PAD, SPECIALS, chat_ids

_PAD_ID = SPECIALS.index(PAD)
_IGNORED = -100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how fast a model is trained."""

    steps: int
    learning_rate: float = 2e-3
    buckets: tuple[tuple[int, int], ...] = ((64, 32), (24, 80), (12, 144))
    """Rows and padded length of the batches that make one step, short lengths first."""
    max_seconds: float = math.inf
    """The schedule is shortened so that the training ends by then."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands."""

    done: float
    """Share of the schedule, 0 to 1."""
    steps: int
    loss: float


def batches(
    tokenizer: Tokenizer, lessons: Iterator[Lesson], plan: Plan
) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """Inputs and targets, one pair a bucket; lessons longer than the last bucket are left out."""
    waiting: list[list[tuple[list[int], list[int]]]] = [[] for _ in plan.buckets]
    while True:
        while any(len(queue) < rows for queue, (rows, _) in zip(waiting, plan.buckets, strict=True)):
            lesson = next(lessons)
            prompt, answer = chat_ids(tokenizer, lesson.user, lesson.answer)
            fits = [i for i, (_, length) in enumerate(plan.buckets) if len(prompt) + len(answer) <= length]
            if fits and len(waiting[fits[0]]) < 4 * plan.buckets[fits[0]][0]:
                waiting[fits[0]].append((prompt, answer))
        yield [
            _padded([queue.pop(0) for _ in range(rows)], length)
            for queue, (rows, length) in zip(waiting, plan.buckets, strict=True)
        ]


def _padded(rows: list[tuple[list[int], list[int]]], length: int) -> tuple[Tensor, Tensor]:
    inputs = torch.full((len(rows), length), _PAD_ID)
    targets = torch.full((len(rows), length), _IGNORED)
    for i, (prompt, answer) in enumerate(rows):
        inputs[i, : len(prompt) + len(answer)] = torch.tensor(prompt + answer)
        start = len(prompt) - 1
        targets[i, start : start + len(answer)] = torch.tensor(answer)
    return inputs, targets


def train(
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    lessons: Iterator[Lesson],
    plan: Plan,
    report: Callable[[Progress], None],
) -> None:
    """Train in place; one-cycle schedule over steps or, if that is shorter, over the time given."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=0.01)
    stream = batches(tokenizer, lessons, plan)
    model.train()
    started, step, done = time.monotonic(), 0, 0.0
    while done < 1.0:
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate * _one_cycle(done)
        loss = _step(model, optimizer, next(stream))
        step += 1
        done = max(step / plan.steps, (time.monotonic() - started) / plan.max_seconds)
        report(Progress(min(done, 1.0), step, loss))
    model.eval()


def _one_cycle(done: float, warm_up: float = 0.08) -> float:
    if done < warm_up:
        return max(done, 0.002) / warm_up
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


def _step(
    model: PreTrainedModel, optimizer: torch.optim.Optimizer, pairs: list[tuple[Tensor, Tensor]]
) -> float:
    answers = sum(int((targets != _IGNORED).sum()) for _, targets in pairs)
    total = 0.0
    for inputs, targets in pairs:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(input_ids=inputs, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(
            logits.float().flatten(0, 1), targets.flatten(), ignore_index=_IGNORED, reduction="sum"
        )
        (loss / answers).backward()
        total += float(loss.detach())
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return total / answers
