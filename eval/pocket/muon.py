"""The optimizer Muon in float32 (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon).

Momentum, made orthogonal by five Newton-Schulz iterations before it is applied. `torch.optim.Muon`
does the same in bfloat16, which CPUs without bf16 hardware emulate: there a step of these models took
1.75 s instead of 0.9 s. Knows nothing of models and schedules.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.775, 2.0315)
_ITERATIONS = 5
_MOMENTUM = 0.95


def orthogonalised(matrix: Tensor) -> Tensor:
    """The matrix (rows, columns) with all its singular values brought near to 1."""
    a, b, c = _COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):  # type: ignore[misc]  # torch has no types here
    """Nesterov momentum with orthogonal updates, for matrices only.

    Args:
        params: parameters of two dimensions, or groups of them.
        lr: root mean square that an update has, times sqrt(max(1, rows / columns)).
    """

    def __init__(self, params: Iterable[Tensor] | Iterable[dict[str, Any]], lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                momentum = self.state[parameter].setdefault("momentum", torch.zeros_like(gradient))
                momentum.lerp_(gradient, 1 - _MOMENTUM)
                update = orthogonalised(gradient.lerp(momentum, _MOMENTUM))
                scale = max(1.0, parameter.shape[0] / parameter.shape[1]) ** 0.5
                parameter.add_(update, alpha=-group["lr"] * scale)
