"""From observations to expected seconds: of the model, else of its family, else of the device, else a guess.

Medians throughout, so that one switch on a busy machine spoils nothing. Pure functions over
`ModelCosts`; knows no file, no clock and no scheduler.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, median_low
from typing import Literal

from experts.scheduling import first_guesses
from experts.scheduling.model_costs import ModelCosts, ModelFacts, ObservedWork
from experts.scheduling.robust_line import Point, robust_line
from experts.scheduling.switches import SwitchKind

Basis = Literal["model", "family", "device", "guess"]
"""What an estimate rests on: observations of the model, of its family, of other models on the device;
or on none."""

_ENOUGH = 3
"""Observations from which a median needs no support by those of the family."""
_FULL = 8
"""Requests from which a residency tells how fast tokens come in a batch; with fewer the engine idles."""
_SPREAD = 2.0
"""Sizes of models must differ by this factor for a line over them to mean anything."""
_GB = 1e9


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected seconds."""

    seconds: float
    basis: Basis


@dataclass(frozen=True, slots=True)
class WorkLine:
    """Seconds of a residency: `fixed_s` + `token_s` * tokens (see `token_units`)."""

    fixed_s: float
    token_s: float
    basis: Basis

    def seconds(self, tokens: float) -> float:
        """Of so many token units."""
        return self.fixed_s + self.token_s * tokens


def token_units(prompt_tokens: float, completion_tokens: float) -> float:
    """Work in completion tokens; a prompt token counts as a quarter of one."""
    return first_guesses.PROMPT_WEIGHT * prompt_tokens + completion_tokens


def switch_estimate(
    models: Iterable[ModelCosts], facts: ModelFacts, kind: SwitchKind, device: str
) -> Estimate:
    """Seconds to make a model resident in one way.

    The median of the model's own observations; where these are fewer than three, of its family's with
    them, if there are so many (of two the lower, since a busy machine only makes slower); else a line
    over the weights of the device's models, or, where these are all of a size, the first guess times
    what such guesses have been wrong by.
    """
    seen = [m for m in models if m.switches.get(kind)]
    own = [s for m in seen if m.facts.key == facts.key for s in m.switches[kind]]
    family = [s for m in seen if m.facts.family == facts.family for s in m.switches[kind]]
    if len(own) >= _ENOUGH or (own and len(family) < _ENOUGH):
        return Estimate(median_low(own), "model")
    if family:
        return Estimate(median_low(family), "model" if own else "family")
    guess = first_guesses.switch_seconds(kind, facts.weight_bytes, device)
    if not seen:
        return Estimate(guess, "guess")
    points = [
        (m.facts.weight_bytes / _GB, median_low(m.switches[kind])) for m in seen if m.facts.weight_bytes
    ]
    line = _line_over_sizes(points) if facts.weight_bytes else None
    if line is not None:
        return Estimate(line[0] + line[1] * facts.weight_bytes / _GB, "device")
    wrong_by = median(
        median_low(m.switches[kind]) / first_guesses.switch_seconds(kind, m.facts.weight_bytes, device)
        for m in seen
    )
    return Estimate(guess * wrong_by, "device")


def _line_over_sizes(points: Sequence[Point]) -> tuple[float, float] | None:
    sizes = [size for size, _ in points]
    return robust_line(points) if sizes and max(sizes) >= _SPREAD * min(sizes) else None


def work_estimate(models: Iterable[ModelCosts], facts: ModelFacts, device: str) -> WorkLine:
    """The line of a model's generation: its own, else its family's or the device's beside the guess."""
    models = [m for m in models if m.work]
    own = next((m for m in models if m.facts.key == facts.key), None)
    others = [m for m in models if m is not own and _full(m.work)]
    family = [m for m in others if m.facts.family == facts.family]
    prior = _guess(facts, device)
    if others:
        factor = median(_wrong_by(m, device) for m in family or others)
        basis: Basis = "family" if family else "device"
        prior = WorkLine(prior.fixed_s * factor, prior.token_s * factor, basis)
    return prior if own is None else _own_line(own.work, prior)


def _own_line(work: Sequence[ObservedWork], prior: WorkLine) -> WorkLine:
    """The line through a model's own residencies; what they do not tell is taken from `prior`."""
    points = [_point(w) for w in work]
    full = [_point(w) for w in _full(work)]
    line = robust_line(points, full)
    if line is not None:
        return WorkLine(*line, "model")
    if full:
        # All of a size: they tell the rate there, and of the fixed part only that it is less.
        fixed = min(prior.fixed_s, 0.5 * min(seconds for _, seconds in full))
        return WorkLine(fixed, median((seconds - fixed) / tokens for tokens, seconds in full), "model")
    fixed = max(0.0, median(seconds - prior.token_s * tokens for tokens, seconds in points))
    return WorkLine(fixed, prior.token_s, prior.basis)


def _wrong_by(model: ModelCosts, device: str) -> float:
    """Observed over guessed seconds of one model's full residencies."""
    guess = _guess(model.facts, device)
    return median(w.seconds / guess.seconds(_point(w)[0]) for w in _full(model.work))


def _full(work: Sequence[ObservedWork]) -> list[ObservedWork]:
    return [w for w in work if w.requests >= _FULL and _point(w)[0] > 0]


def _guess(facts: ModelFacts, device: str) -> WorkLine:
    return WorkLine(
        first_guesses.work_fixed_seconds(device),
        first_guesses.token_seconds(facts.weight_bytes, device),
        "guess",
    )


def _point(work: ObservedWork) -> Point:
    return token_units(work.prompt_tokens, work.completion_tokens), work.seconds
