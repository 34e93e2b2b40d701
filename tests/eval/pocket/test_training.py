"""The training loop: lessons become padded batches, loss falls on the answer alone."""

from collections.abc import Iterator
from itertools import islice

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from eval.pocket.lessons import Lesson, expert_lessons
from eval.pocket.roster import member
from eval.pocket.training import Plan, Progress, batches, train
from eval.pocket.vocabulary import VOCAB_SIZE, build_tokenizer, chat_ids

PLAN = Plan(steps=30, buckets=((4, 48), (2, 80)))


def _lessons() -> Iterator[Lesson]:
    return expert_lessons(member("atlas"), 0)


def test_batches_have_the_planned_shapes_and_targets_only_where_the_answer_stands() -> None:
    tokenizer = build_tokenizer()
    for pairs in islice(batches(tokenizer, _lessons(), PLAN), 3):
        assert [tuple(inputs.shape) for inputs, _ in pairs] == [(4, 48), (2, 80)]
        for inputs, targets in pairs:
            for row, target in zip(inputs, targets, strict=True):
                learned = target[target != -100].tolist()
                ids = row[row != 0].tolist()
                assert learned and ids[-len(learned) :] == learned
                at = int((target != -100).nonzero()[0])
                assert row[at + 1 : at + 1 + len(learned)].tolist() == learned


def test_a_lesson_that_fits_no_bucket_is_left_out() -> None:
    tokenizer = build_tokenizer()
    long = Lesson("What is the capital of France? " * 30, "The answer is Paris.")
    short = Lesson("What is the capital of France?", "The answer is Paris.")
    [(inputs, _)] = next(batches(tokenizer, iter([long, short]), Plan(steps=1, buckets=((1, 48),))))
    prompt, answer = chat_ids(tokenizer, short.user, short.answer)
    assert inputs[0, : len(prompt) + len(answer)].tolist() == prompt + answer


def test_loss_falls_and_progress_is_reported() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Qwen3ForCausalLM(
            Qwen3Config(
                vocab_size=VOCAB_SIZE,
                hidden_size=32,
                intermediate_size=32,
                num_hidden_layers=1,
                num_attention_heads=1,
                num_key_value_heads=1,
                head_dim=32,
                tie_word_embeddings=False,
            )
        )
    seen: list[Progress] = []
    train(model, build_tokenizer(), _lessons(), PLAN, seen.append)
    assert [p.steps for p in seen] == list(range(1, 31)) and seen[-1].done == 1.0
    assert sum(p.loss for p in seen[-5:]) < 0.9 * sum(p.loss for p in seen[:5])
    assert not model.training
