"""The training loop of one miniature model: fixed shapes, Muon, loss on the answer only.

Every new shape costs a compile on CPUs with AMX, hence a few buckets of padded length; bf16 is used
where the CPU has it. Knows nothing of questions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import PreTrainedModel

from eval.pocket.lessons import Lesson
from eval.pocket.muon import Muon
from eval.pocket.vocabulary import PAD, SPECIALS, chat_ids

_PAD_ID = SPECIALS.index(PAD)
_IGNORED = -100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how fast a model is trained."""

    steps: int
    learning_rate: float = 0.02
    """Of the weight matrices, by Muon; embeddings, output head and norms take a tenth, by AdamW."""
    buckets: tuple[tuple[int, int], ...] = ((14, 24), (12, 40), (14, 56), (14, 72), (9, 96), (2, 144))
    """Rows and padded length of the batches that make one step, short lengths first."""


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
    """Train in place, for `plan.steps` steps of a one-cycle schedule."""
    optimizers = _optimizers(model, plan.learning_rate)
    stream = batches(tokenizer, lessons, plan)
    model.train()
    for step in range(plan.steps):
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * _one_cycle(step / plan.steps)
        loss = _step(model, optimizers, next(stream))
        report(Progress((step + 1) / plan.steps, step + 1, loss))
    model.eval()


def _optimizers(model: PreTrainedModel, learning_rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for the rest: Muon is made for hidden matrices only."""
    named = list(model.named_parameters())
    matrices = [p for name, p in named if p.ndim == 2 and ".layers." in name]
    others = [p for name, p in named if p.ndim != 2 or ".layers." not in name]
    slow = learning_rate / 10
    return [
        Muon([{"params": matrices, "peak": learning_rate}], lr=learning_rate),
        torch.optim.AdamW([{"params": others, "peak": slow}], lr=slow, betas=(0.9, 0.98), weight_decay=0.01),
    ]


def _one_cycle(done: float, warm_up: float = 0.08) -> float:
    if done < warm_up:
        return max(done, 0.002) / warm_up
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


def _step(
    model: PreTrainedModel,
    optimizers: Sequence[torch.optim.Optimizer],
    pairs: list[tuple[Tensor, Tensor]],
) -> float:
    answers = sum(int((targets != _IGNORED).sum()) for _, targets in pairs)
    total = 0.0
    for inputs, targets in pairs:
        learned = targets != _IGNORED
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=_fast_bf16()):
            hidden = model.get_decoder()(input_ids=inputs, use_cache=False).last_hidden_state
            # The output head only where something is to be learned: it is about a sixth of the parameters.
            logits = model.get_output_embeddings()(hidden[learned])
        loss = torch.nn.functional.cross_entropy(logits.float(), targets[learned], reduction="sum")
        (loss / answers).backward()
        total += float(loss.detach())
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return total / answers


@cache
def _fast_bf16() -> bool:
    """Whether this CPU multiplies bf16 in hardware; elsewhere it is ten times slower than float32."""
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
