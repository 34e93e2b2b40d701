"""Figures: what they hold, that they are the same every time, and that names keep out of each other's way."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from eval.reports.figures import labels
from eval.reports.figures.canvas import draw, short
from eval.reports.figures.frontier import dollars


def box_of(text: Any) -> tuple[float, float, float, float]:
    found = text.get_window_extent()
    return (found.x0, found.y0, found.x1, found.y1)


def placed(named: Sequence[labels.Label]) -> dict[str, tuple[float, float, float, float]]:
    """Boxes of the names that were written, and of the axes as ""."""
    found = {}

    def paint(axes: Any) -> None:
        axes.set_xlim(0, 10)
        axes.set_ylim(0, 10)
        dots = [(label.x, label.y) for label in named]
        labels.place(axes, named, dots, size=9, color="black")
        found.update({text.get_text(): box_of(text) for text in axes.texts})
        found[""] = box_of(axes)

    draw(paint, salt="s", height=4)
    return found


def apart(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_names_do_not_cover_each_other() -> None:
    named = [labels.Label(f"name {i}", 5 + 0.1 * i, 5 + 0.05 * i, False) for i in range(12)]
    boxes = [box for name, box in placed(named).items() if name]
    assert 2 <= len(boxes) < 12
    assert all(apart(a, b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_name_that_must_be_there_is_there() -> None:
    named = [labels.Label(f"name {i}", 5, 5, True) for i in range(40)]
    assert len(placed(named)) == 40 + 1


@pytest.mark.parametrize(("x", "y"), [(9.9, 9.9), (0.1, 0.1), (9.9, 0.1), (0.1, 9.9)])
def test_names_at_the_edge_stay_inside(x: float, y: float) -> None:
    found = placed([labels.Label("a long name", x, y, False)])
    name, axes = found["a long name"], found[""]
    assert axes[0] <= name[0] < name[2] <= axes[2]
    assert axes[1] <= name[1] < name[3] <= axes[3]


def test_drawings_are_the_same_every_time_and_have_no_colours_of_their_own() -> None:
    def paint(axes: Any) -> None:
        axes.set_xlabel("x & <y>")

    once, again = (draw(paint, salt="s", height=2) for _ in range(2))
    assert once == again
    assert "x &amp; &lt;y&gt;" in once
    assert "var(--ink)" in once
    assert "<metadata" not in once
    assert not re.findall(r"#[0-9a-f]{6}", once)


def test_axes_above_each_other_share_their_x_axis() -> None:
    def paint(above: Any, below: Any) -> None:
        above.set_xlim(0, 7)
        assert below.get_xlim() == (0, 7)

    assert draw(paint, salt="s", height=3, shares=(2, 1)).count("<svg") == 1


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0.00"), (0.00123, "0.0012"), (0.999, "1.00"), (12.5, "12.50"), (1234.5, "1,234.50")],
)
def test_dollars_keep_two_figures(value: float, written: str) -> None:
    assert dollars(value) == written


def test_long_names_are_shortened_and_stay_on_one_line() -> None:
    assert short("a\n b") == "a b"
    assert short("abcdef", 4) == "abc…"
    assert short("abcd", 4) == "abcd"
