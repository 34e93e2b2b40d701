"""Pictures of an evaluation, as PNG files. Computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eval.confusion import Confusion

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_confusion(found: Confusion, path: Path) -> Path:
    """Two heat maps side by side: whom the router should have asked, and who errs alike."""
    # The object interface, not pyplot: no global state and no window system.
    from matplotlib.figure import Figure

    size = 2.6 + 0.55 * len(found.experts)
    figure = Figure(figsize=(2 * size, size), layout="constrained")
    left, right = figure.subplots(1, 2)
    rows = [f"{name} ({n})" for name, n in zip(found.experts, found.first, strict=True)]
    _heat_map(left, found.right_when_first, rows, found.experts, "Right, where the row is ranked first")
    left.set_ylabel("ranked first (questions)")
    _heat_map(right, found.same_mistake, found.experts, found.experts, "Same answer, where both are wrong")
    figure.savefig(path, dpi=120)
    return path


def _heat_map(
    axes: Axes, values: NDArray[np.float64], rows: Sequence[str], columns: Sequence[str], title: str
) -> None:
    axes.imshow(np.nan_to_num(values), vmin=0.0, vmax=1.0, cmap="viridis")
    axes.set_title(title, fontsize=10)
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="right", fontsize=8)
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    for (i, j), value in np.ndenumerate(values):
        shown = "" if np.isnan(value) else f"{100 * value:.0f}"
        colour = "black" if value > 0.6 else "white"
        axes.text(j, i, shown, ha="center", va="center", fontsize=8, color=colour)
