"""Trains a network on targets: AdamW, batches of like length, stopping when it no longer helps.

Knows neither experts nor subjects: the level brings the loss.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routers.transformer.config import TransformerConfig
from routers.transformer.levels import Level
from routers.transformer.network import Network, Tokens, batches

_log = logging.getLogger(__name__)


def train(
    network: Network, tokens: Tokens, level: Level, held_out: NDArray[np.bool_], config: TransformerConfig
) -> None:
    """Fit the network in place; it ends as it was after the epoch that was best on `held_out`.

    Args:
        network: pretrained, with a fresh head.
        tokens: (n) of the questions.
        level: their targets and the loss.
        held_out: (n,) questions that decide when to stop; none: all epochs are run.
        config: rates, epochs, batch size, seed.
    """
    import torch

    rows, left_out = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    trained = _trainable(network, config.train_layers)
    groups = [
        {"params": trained, "lr": config.learning_rate},
        {"params": list(network.head.parameters()), "lr": config.head_learning_rate, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=0.01)
    steps = config.epochs * -(-len(rows) // config.batch_size)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, total_iters=steps)
    best = _loss(network, tokens, level, left_out)
    kept, since = _weights(network), 0
    rng = np.random.default_rng(config.seed)
    with torch.random.fork_rng(devices=[] if config.device == "cpu" else None):
        torch.manual_seed(config.seed)
        for epoch in range(1, config.epochs + 1):
            begun = time.monotonic()
            _epoch(
                network, tokens, level, _shuffled(tokens, rows, config.batch_size, rng), optimiser, schedule
            )
            loss = _loss(network, tokens, level, left_out)
            seconds = time.monotonic() - begun
            _log.info(
                "epoch %d of %d: loss %.4f on %d questions left out, %.0f s",
                epoch,
                config.epochs,
                loss,
                len(left_out),
                seconds,
            )
            # Without questions left out the loss is NaN, and every epoch is taken.
            if not loss >= best:
                best, kept, since = loss, _weights(network), epoch
            elif epoch - since >= config.patience:
                break
    _restore(network, kept)


def _trainable(network: Network, layers: int | None) -> list[Any]:
    """Freezes the body but its last layers; the parameters that are left to train."""
    import torch

    for parameter in network.body.parameters():
        parameter.requires_grad_(layers is None)
    if layers:
        stacks = [part for part in network.body.modules() if isinstance(part, torch.nn.ModuleList)]
        for layer in max(map(list, stacks), key=len)[-layers:]:
            layer.requires_grad_(True)
    return [parameter for parameter in network.body.parameters() if parameter.requires_grad]


def _shuffled(
    tokens: Tokens, rows: NDArray[np.int64], size: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Batches of rows of like length, in random order; who is beside whom changes among equal lengths."""
    mixed = rng.permutation(rows)
    found = [mixed[batch] for batch in batches([tokens[int(i)] for i in mixed], size)]
    return [found[int(i)] for i in rng.permutation(len(found))]


def _epoch(
    network: Network,
    tokens: Tokens,
    level: Level,
    order: list[NDArray[np.int64]],
    optimiser: Any,
    schedule: Any,
) -> None:
    import torch

    network.body.train()
    for batch in order:
        targets = torch.as_tensor(level.targets[batch], dtype=torch.float32, device=network.device)
        loss = level.loss(network.forward([tokens[int(i)] for i in batch]), targets)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.body.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    network.body.eval()


def _loss(network: Network, tokens: Tokens, level: Level, rows: NDArray[np.int64]) -> float:
    """Mean loss on some questions; NaN for none."""
    import torch

    if not len(rows):
        return float("nan")
    logits = torch.as_tensor(network.logits([tokens[int(i)] for i in rows]))
    return float(level.loss(logits, torch.as_tensor(level.targets[rows])))


def _weights(network: Network) -> list[Any]:
    """Copies of what is trained."""
    return [parameter.detach().clone() for parameter in _learning(network)]


def _restore(network: Network, weights: list[Any]) -> None:
    import torch

    with torch.no_grad():
        for parameter, kept in zip(_learning(network), weights, strict=True):
            parameter.copy_(kept)


def _learning(network: Network) -> list[Any]:
    body = [parameter for parameter in network.body.parameters() if parameter.requires_grad]
    return [*body, *network.head.parameters()]
