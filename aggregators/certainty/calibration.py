"""From an expert's certainty to the probability that its answer is right, so that experts compare.

Self-certainty depends on the vocabulary's size and on how sure of itself a model was trained to be:
of two experts the surer one need not be the better one. So for every expert a logistic regression on
its own profiling run tells P(correct) from the standardised certainty and the standardised log-length: how
long an answer is tells of the question too, and a mean over tokens hides it (our own reason; a logistic
curve per model after Platt 1999). Knows no engine and no vote. The experts' sampling must be that of the run.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from experts.errors import AggregationError, ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from experts.outcomes import OutcomeMatrix

_LEAST = 20
"""Outcomes without which an expert is left out: fewer fix neither its rate nor a slope."""


class ExpertCurve(BaseModel):
    """Logistic curve of one expert: logit P = intercept + slopes times standardised inputs."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    n: int = Field(ge=1)
    """Outcomes that it was fitted on."""
    accuracy: float = Field(ge=0.0, le=1.0)
    """Mean score of these."""
    intercept: float
    certainty_mean: float
    """Of the certainty, in its own unit."""
    certainty_scale: float = Field(gt=0.0)
    """Standard deviation of the same."""
    certainty_slope: float
    length_mean: float
    """Of log(1 + tokens)."""
    length_scale: float = Field(gt=0.0)
    """Standard deviation of the same."""
    length_slope: float

    def chance(self, certainty: float, tokens: float | None) -> float:
        """P(correct); where `tokens` is not known, of an answer of usual length."""
        logit = self.intercept
        logit += self.certainty_slope * (certainty - self.certainty_mean) / self.certainty_scale
        if tokens is not None:
            logit += self.length_slope * (math.log1p(tokens) - self.length_mean) / self.length_scale
        return 0.5 * (1.0 + math.tanh(0.5 * logit))


class CertaintyCalibration(BaseModel):
    """Curves of all experts that were profiled with certainty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    curves: dict[str, ExpertCurve]
    """By the expert's name."""

    def chance(self, expert: str, certainty: float | None, tokens: float | None = None) -> float | None:
        """P(correct) in (0, 1); None for an expert without a curve and where the certainty is not known.

        Args:
            expert: its name.
            certainty: self-certainty, of the same kind as in the profiling run.
            tokens: of the answer; None or NaN: not known.
        """
        curve = self.curves.get(expert)
        if curve is None or certainty is None or not math.isfinite(certainty):
            return None
        return curve.chance(certainty, tokens if tokens is not None and math.isfinite(tokens) else None)

    def save(self, path: Path) -> None:
        """Write it as JSON for people.

        Raises:
            ConfigError: the file cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"The calibration of certainty cannot be written to {path} ({error.strerror}); give a path "
                "in a folder that you may write to."
            ) from error


def load_calibration(path: Path) -> CertaintyCalibration:
    """What `save` wrote.

    Raises:
        ConfigError: no such file, or none of this kind.
    """
    try:
        return CertaintyCalibration.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The calibration of certainty {path} cannot be read ({error}); correct `calibration`, or fit "
            "one on a profiling run whose experts measure their certainty."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path} is no calibration of certainty ({where}: {first['msg']}); fit it again."
        ) from error


def fit_certainty(matrix: OutcomeMatrix) -> CertaintyCalibration:
    """Fit every expert's curve on its own outcomes.

    Experts with fewer than 20 outcomes whose score and certainty are known are left out.

    Args:
        matrix: of a profiling run; a score between 0 and 1 counts as partly right.

    Raises:
        AggregationError: no expert is left.
    """
    curves = {}
    for j, name in enumerate(matrix.experts):
        certainty, score = matrix.certainty[:, j].ravel(), matrix.score[:, j].ravel()
        known = _finite(certainty) & _finite(score)
        if int(known.sum()) >= _LEAST:
            curves[name] = _fit(certainty[known], matrix.tokens[:, j].ravel()[known], score[known])
    if not curves:
        raise AggregationError(
            f"No expert has {_LEAST} outcomes with a known certainty; put `certainty: true` into the "
            "experts' `sampling` and profile again."
        )
    return CertaintyCalibration(curves=curves)


def _fit(
    certainty: NDArray[np.float64], tokens: NDArray[np.float64], score: NDArray[np.float64]
) -> ExpertCurve:
    """The curve of one expert; arrays of shape (n), only `tokens` may hold NaN."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    lengths = np.log1p(tokens)
    lengths = np.where(np.isnan(lengths), np.nanmean(lengths) if _finite(lengths).any() else 0.0, lengths)
    inputs = np.column_stack([certainty, lengths])
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0)
    scale[scale < 1e-9] = 1.0  # a constant input says nothing and gets the slope 0
    right, n = float(score.sum()), len(score)
    if 0.0 < right < n:
        # A score is a share of right answers: the same inputs stand once as right and once as wrong.
        model = LogisticRegression().fit(
            np.vstack([(inputs - mean) / scale] * 2),
            np.repeat([1, 0], n),
            sample_weight=np.concatenate([score, 1.0 - score]),
        )
        intercept, slopes = float(model.intercept_[0]), model.coef_[0]
    else:
        # All alike: nothing to tell apart, and no rate is sure (the rule of succession).
        intercept, slopes = math.log((right + 1.0) / (n - right + 1.0)), np.zeros(2)
    return ExpertCurve(
        n=n,
        accuracy=right / n,
        intercept=intercept,
        certainty_mean=float(mean[0]),
        certainty_scale=float(scale[0]),
        certainty_slope=float(slopes[0]),
        length_mean=float(mean[1]),
        length_scale=float(scale[1]),
        length_slope=float(slopes[1]),
    )


def _finite(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    import numpy as np

    finite: NDArray[np.bool_] = np.isfinite(values)
    return finite
