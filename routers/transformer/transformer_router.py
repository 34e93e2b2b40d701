"""A fine-tuned transformer as router: it reads the question and says who will be right.

After Bench-CoE (arXiv 2412.04167), which trains ten epochs without questions left out; here these
stop the training and calibrate. What is taught is in `.levels`, how in `.training`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from experts.decision import RoutingDecision
from experts.engine import Generate
from experts.errors import ConfigError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.calibration import Calibration
from routers.factors.likelihood import Array
from routers.ranking import ranking
from routers.router import Estimate, aligned, check_k, fitted_experts, make_decision
from routers.saving import FORMAT_VERSION, Header, load_header, load_state, save_router, versions
from routers.training_data import folds, text_hash
from routers.transformer.config import TransformerConfig
from routers.transformer.levels import Level, QueryLevel, SubjectLevel
from routers.transformer.network import Network
from routers.transformer.training import train

_FOLDS = 10
"""One in so many questions is left out of training, to stop it and to calibrate."""
_LEAST_TO_CALIBRATE = 50
"""Questions left out; with fewer, chances stay as the network gives them, and are not called calibrated."""
_EXPLAINED = 3
"""Experts, best first, that the reasons speak of."""


class TransformerRouter:
    """A classifier of texts, trained on outcomes.

    Args:
        config: model, level and training.

    Attributes:
        experts_: the pool, in configuration order.
        network_: the trained network.
        level_: what its outputs mean.
        calibration_: of chances on questions left out; None where those were too few.
        questions_: how many it was fitted on.
    """

    kind = "transformer"

    experts_: tuple[str, ...]
    network_: Network
    level_: Level
    calibration_: Calibration | None
    questions_: int

    def __init__(self, config: TransformerConfig) -> None:
        self.config = config

    def fit(
        self, queries: Sequence[Query], outcomes: OutcomeMatrix, *, generate: Generate | None = None
    ) -> Self:
        """Train; see `Router.fit`. Logs a line per epoch."""
        matrix = aligned(queries, outcomes)
        order = sorted(range(len(queries)), key=lambda i: (text_hash(queries[i].routing_text), queries[i].id))
        matrix = matrix.take(order)
        texts = [queries[i].routing_text for i in order]
        scores, config = matrix.mean_score(), self.config
        by_query = config.level == "query"
        level = QueryLevel.of(scores) if by_query else SubjectLevel.of(matrix.subjects, scores)
        network = Network.load(
            config.model,
            revision=config.revision,
            bias=level.bias,
            max_tokens=config.max_tokens,
            device=config.device,
        )
        tokens, _ = network.tokens(texts)
        held_out = folds(texts, _FOLDS) == 0
        if held_out.all():
            held_out[:] = False
        train(network, tokens, level, held_out, config)
        self.calibration_ = None
        if held_out.sum() >= _LEAST_TO_CALIBRATE:
            left_out = [tokens[int(i)] for i in np.flatnonzero(held_out)]
            chances = level.chances(network.logits(left_out))
            self.calibration_ = Calibration.fit([chances], scores[held_out])
        self.network_, self.level_, self.questions_ = network, level, len(queries)
        self.experts_ = outcomes.experts
        return self

    def estimate(self, queries: Sequence[Query], *, generate: Generate | None = None) -> list[Estimate]:
        """Read the questions; see `Router.estimate`."""
        fitted_experts(self, self.kind)
        tokens, cut = self.network_.tokens([query.routing_text for query in queries])
        logits = self.network_.logits(tokens)
        chances = self.level_.chances(logits)
        if self.calibration_ is not None:
            chances = self.calibration_.apply([chances])
        return [
            Estimate(
                values=row,
                calibrated=self.calibration_ is not None,
                reasons=self._reasons(row, outputs, long),
            )
            for row, outputs, long in zip(chances, logits, cut, strict=True)
        ]

    def decide(
        self, queries: Sequence[Query], estimates: Sequence[Estimate], k: int
    ) -> list[RoutingDecision]:
        """The k best by estimate; see `Router.decide`."""
        experts = fitted_experts(self, self.kind)
        check_k(k, len(experts))
        return [make_decision(self.kind, experts, q, e, k) for q, e in zip(queries, estimates, strict=True)]

    def route(
        self, queries: Sequence[Query], k: int, *, generate: Generate | None = None
    ) -> list[RoutingDecision]:
        """`estimate`, then `decide`; see `Router.route`."""
        check_k(k, len(fitted_experts(self, self.kind)))
        return self.decide(queries, self.estimate(queries), k)

    def save(self, folder: Path) -> None:
        """Write the network (safetensors) and the rest; the folder then needs no other model.

        Raises:
            RouterNotFittedError: nothing was learned yet.
            ConfigError: the folder cannot be written.
        """
        header = Header(
            format=FORMAT_VERSION,
            kind=self.kind,
            config=self.config.model_dump(mode="json"),
            experts=fitted_experts(self, self.kind),
            questions=self.questions_,
            versions=versions(),
        )
        try:
            self.network_.save(folder / "network")
        except OSError as error:
            raise ConfigError(f"The router cannot be written to {folder}: {error.strerror}.") from error
        level = self.level_
        state = {
            "calibration": None if self.calibration_ is None else self.calibration_.state(),
            "subjects": list(level.subjects) if isinstance(level, SubjectLevel) else [],
            "table": level.table if isinstance(level, SubjectLevel) else np.zeros((0, 0)),
        }
        save_router(folder, header, state)

    def load(self, folder: Path) -> Self:
        """Take what `save` wrote.

        Raises:
            ConfigError: no such router, of another level, or damaged.
        """
        header = load_header(folder)
        level = header.config.get("level")
        if (header.kind, level) != (self.kind, self.config.level):
            raise ConfigError(
                f"{folder} holds a router of kind {header.kind!r} and level {level!r}, not "
                f"{self.kind!r} and {self.config.level!r}."
            )
        state = load_state(folder)
        network = Network.load_saved(
            folder / "network", max_tokens=self.config.max_tokens, device=self.config.device
        )
        nothing: Array = np.zeros((0, network.head.out_features))
        if self.config.level == "query":
            self.level_ = QueryLevel(targets=nothing, bias=nothing)
        else:
            subjects = tuple(state["subjects"])
            self.level_ = SubjectLevel(targets=nothing, bias=nothing, subjects=subjects, table=state["table"])
        kept = state["calibration"]
        self.calibration_ = None if kept is None else Calibration.restore(kept)
        self.network_, self.questions_, self.experts_ = network, header.questions, header.experts
        return self

    def _reasons(self, chances: Array, logits: Array, cut: bool) -> tuple[str, ...]:
        named = ", ".join(f"{self.experts_[i]} {chances[i]:.2f}" for i in ranking(chances)[:_EXPLAINED])
        reasons = [f"The fine-tuned network gives these chances: {named}."]
        if isinstance(self.level_, SubjectLevel):
            likely = self.level_.subjects[int(logits.argmax())]
            share = float(np.exp(logits.max() - np.logaddexp.reduce(logits)))
            reasons.insert(0, f"The question reads like {likely} ({share:.2f}).")
        if cut:
            reasons.append(f"It is long: only {self.network_.max_tokens} tokens at its ends were read.")
        return tuple(reasons)
