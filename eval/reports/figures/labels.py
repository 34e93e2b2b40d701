"""Names beside the dots of a scatter plot, where they cover neither each other nor a dot. Knows no report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FREE = 7.0
"""Points around a dot that stay free."""
_NEAR = ((7, 4), (7, -10), (-7, 4), (-7, -10), (0, 10), (0, -16), (9, 11), (9, -17), (-9, 11), (-9, -17))
_FAR = ((7, 26), (7, -32), (-7, 26), (-7, -32), (7, 44), (-7, 44))
"""Points from the dot to the name's lower edge, the most readable place first; far ones are for names that
must be there."""


class Label(NamedTuple):
    """A name and its dot."""

    text: str
    x: float
    y: float
    must: bool
    """Whether it is written even where it covers something."""


class _Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


def place(
    axes: Axes, labels: Sequence[Label], dots: Sequence[tuple[float, float]], *, size: float, color: str
) -> None:
    """Write names, the earlier the more important.

    Args:
        axes: with its final limits and scales.
        labels: those that find no free place are left out, unless they must be there.
        dots: everything that names may not cover.
        size: points of a letter.
        color: of the text.

    A name that must be there and finds no free place is written in the first one.
    """
    figure = axes.figure
    figure.draw_without_rendering()  # type: ignore[union-attr]  # a figure, not a part of one
    unit = figure.dpi / 72
    inside = axes.get_window_extent()
    frame = _Box(inside.x0, inside.y0, inside.x1, inside.y1)
    half = _FREE * unit / 2
    seen = [axes.transData.transform(dot) for dot in dots]
    taken = [_Box(x - half, y - half, x + half, y + half) for x, y in seen]
    for label in labels:
        width, height = _size(axes, label.text, size)
        x, y = axes.transData.transform((label.x, label.y))
        offsets = _NEAR + _FAR if label.must else _NEAR
        options = [_box(x, y, offset, width, height, unit) for offset in offsets]
        free = [i for i, box in enumerate(options) if _fits(box, frame, taken)]
        if free or label.must:
            chosen = free[0] if free else 0
            taken.append(options[chosen])
            _write(axes, label, offsets[chosen], led=chosen >= len(_NEAR), size=size, color=color)


def _size(axes: Axes, text: str, size: float) -> tuple[float, float]:
    measured = axes.text(0, 0, text, fontsize=size)
    extent = measured.get_window_extent()
    measured.remove()
    return extent.width, extent.height


def _write(axes: Axes, label: Label, offset: tuple[int, int], *, led: bool, size: float, color: str) -> None:
    """With a line to the dot where that is not the nearest one."""
    text = axes.annotate(
        label.text,
        (label.x, label.y),
        xytext=offset,
        textcoords="offset points",
        ha=_side(offset[0]),
        fontsize=size,
        color=color,
        arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.7, "shrinkB": 4} if led else None,
    )
    text.set_in_layout(False)  # else the axes would shrink, and dots move away from under their names


def _side(right: float) -> Literal["left", "right", "center"]:
    return "left" if right > 0 else "right" if right < 0 else "center"


def _box(x: float, y: float, offset: tuple[int, int], width: float, height: float, unit: float) -> _Box:
    at, bottom = x + offset[0] * unit, y + offset[1] * unit
    left = at - {"left": 0.0, "right": width, "center": width / 2}[_side(offset[0])]
    return _Box(left, bottom, left + width, bottom + height)


def _fits(box: _Box, frame: _Box, taken: Sequence[_Box]) -> bool:
    within = box.left >= frame.left and box.right <= frame.right
    within = within and box.bottom >= frame.bottom and box.top <= frame.top
    return within and not any(box.meets(other) for other in taken)
