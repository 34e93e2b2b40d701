"""Multidimensional item response theory: its parameters, their fit, and the fit of one more expert.

The chance that expert m is right on question q is sigmoid(a_q . theta_m - b_q), as in IrtNet (arXiv
2510.00844), with discrimination a_q and difficulty b_q linear in the question's vector in place of a
mixture of networks. The first ability is general: over the fitted questions a_q is (1, 0, ..., 0) and
b_q 0 on average, so that theta_m[0] is the logit of expert m on an average question. Knows no texts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experts.encoders.encoder import Vectors
from routers.factors.start import linear_directions, low_rank
from routers.irt.config import IrtConfig
from routers.likelihood import (
    Array,
    Objective,
    Parameters,
    minimise,
    negative_log_likelihood,
    prior_precision,
)
from routers.training_data import TrainingData, expert_means

_ABILITY_PRECISION = 1.0
"""Of the prior of general ability around the pool's mean, in logits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResponseModel:
    """Parameters; d dimensions of vectors, r abilities, m experts."""

    mean: Array
    """(d,) of the fitted vectors."""
    discrimination: Array
    """(d, r): a_q = (1, 0, ...) + (x - mean) @ discrimination."""
    difficulty: Array
    """(d,): b_q = (x - mean) @ difficulty, in logits."""
    ability: Array
    """(m, r): theta; the general one first, in logits."""
    precision: float
    """Of the prior of specialities that they were fitted with."""

    def items(self, vectors: Vectors) -> tuple[Array, Array]:
        """What questions ask: a_q (n, r) and b_q (n,)."""
        inputs = vectors - self.mean
        asked = inputs @ self.discrimination
        asked[:, 0] += 1.0
        return asked, inputs @ self.difficulty

    def logits(self, vectors: Vectors) -> Array:
        """(n, m) of the chance to be right."""
        asked, difficulty = self.items(vectors)
        logits: Array = asked @ self.ability.T - difficulty[:, None]
        return logits


def fit_model(data: TrainingData, config: IrtConfig) -> ResponseModel:
    """The most probable parameters given the cells that were run.

    Starts at the linear solution: difficulty is what is common to all experts, specialities are the
    first directions of what is left.
    """
    from scipy.special import logit

    mean = data.vectors.astype(np.float64).mean(axis=0)
    inputs = data.vectors - mean
    directions = linear_directions(inputs, data)
    common = directions.mean(axis=1)
    rank = min(config.specialities, len(data.experts) - 1)
    asked, special = low_rank(directions - common[:, None], rank)
    start = {
        "discrimination": np.column_stack([np.zeros(inputs.shape[1]), asked]),
        "difficulty": -common,
        "ability": np.column_stack([logit(expert_means(data.scores)), special]),
    }
    precision = prior_precision(config.l2, data.scores)
    difficulty = prior_precision(config.l2_difficulty, data.scores)
    objective = _objective(inputs, data.scores, precision, difficulty)
    found = minimise(objective, start, max_iterations=config.max_iterations)
    return ResponseModel(mean=mean, precision=precision, **found)


def fit_ability(model: ResponseModel, vectors: Vectors, scores: Array, max_iterations: int) -> Array:
    """(r,) abilities of one more expert, with all that was learned of questions as it is.

    Args:
        model: fitted on other experts.
        vectors: (n, d) of questions, fitted ones or not.
        scores: (n,) of the new expert; NaN = not run.
        max_iterations: of L-BFGS.
    """
    asked, difficulty = model.items(vectors)
    general = float(model.ability[:, 0].mean())
    prior = np.zeros(asked.shape[1])
    prior[0] = general
    precision = np.full(asked.shape[1], model.precision)
    precision[0] = _ABILITY_PRECISION

    def objective(at: Parameters) -> tuple[float, Parameters]:
        loss, by_logit = negative_log_likelihood(asked @ at["ability"] - difficulty, scores)
        excess = at["ability"] - prior
        penalty = 0.5 * float((precision * excess**2).sum())
        return loss + penalty, {"ability": asked.T @ by_logit + precision * excess}

    return minimise(objective, {"ability": prior}, max_iterations=max_iterations)["ability"]


def _objective(inputs: Array, scores: Array, l2: float, l2_difficulty: float) -> Objective:
    def objective(at: Parameters) -> tuple[float, Parameters]:
        asked = inputs @ at["discrimination"]
        asked[:, 0] += 1.0
        logits = asked @ at["ability"].T - (inputs @ at["difficulty"])[:, None]
        loss, by_logit = negative_log_likelihood(logits, scores)
        gradient = {
            "discrimination": inputs.T @ (by_logit @ at["ability"]),
            "difficulty": -(inputs.T @ by_logit.sum(axis=1)),
            "ability": by_logit.T @ asked,
        }
        return loss + _add_prior(at, gradient, l2, l2_difficulty), gradient

    return objective


def _add_prior(at: Parameters, gradient: Parameters, l2: float, l2_difficulty: float) -> float:
    """Half the weighted squares; adds their gradient to `gradient`."""
    pull = {name: l2 * array for name, array in at.items()}
    pull["difficulty"] = l2_difficulty * at["difficulty"]
    pull["discrimination"][:, 0] = l2_difficulty * at["discrimination"][:, 0]
    general = at["ability"][:, 0]
    # Around the pool's mean, so that an expert that never ran is an average one. The gradient of
    # half the squares around a mean is the distance to it.
    pull["ability"][:, 0] = _ABILITY_PRECISION * (general - general.mean())
    total = 0.0
    for name, array in at.items():
        gradient[name] += pull[name]
        # Distances to the mean sum to 0, so the product with the values is the sum of their squares.
        total += 0.5 * float((pull[name] * array).sum())
    return total
