"""Axes in the page's colours, and SVG that is the same for the same figures. Knows no report.

Colours are placeholders that become CSS variables, so that one drawing serves the light and the dark scheme.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, GRID, SYSTEM, OTHER, HEAT, COOL = (f"#0a0b{i:02x}" for i in range(1, 8))
_VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    SYSTEM: "--system",
    OTHER: "--other",
    HEAT: "--heat",
    COOL: "--cool",
}
WIDTH = 7.2
"""Inches of a figure that needs room; others are narrower, so that telephones show more of them."""
_LEAST_REM, _MOST_REM = 1.08 * 72 / 16, 1.62 * 72 / 16
"""An inch on the screen: below, letters are too small to read and the figure scrolls; above, too large."""
_LONGEST = 30
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "text.parse_math": False,  # a name may hold a dollar sign
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
}


def draw(
    paint: Callable[..., None],
    *,
    salt: str,
    height: float,
    width: float = WIDTH,
    shares: Sequence[float] = (1,),
) -> str:
    """An SVG.

    Args:
        paint: called with the axes, from the top.
        salt: tells its ids apart from those of other figures on the page.
        height: inches.
        width: inches.
        shares: heights of the axes, which share their x-axis.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style: Any = {**_STYLE, "svg.hashsalt": salt}
    with mpl.rc_context(style), warnings.catch_warnings():
        # The browser has the letters that the font used for measuring has not.
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        # The object interface, not pyplot: no global state and no window system.
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(len(shares), 1, sharex=True, squeeze=False, height_ratios=shares)
        paint(*axes[:, 0])
        return _svg(figure, width)


def short(name: str, longest: int = _LONGEST) -> str:
    """A name on one line that leaves room for the figure; tables have the whole."""
    line = " ".join(name.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _svg(figure: Figure, width: float) -> str:
    out = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(out, format="svg", transparent=True, metadata=nothing)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    # Its style would be that of the whole page, which has the same in its own.
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    # Ids of groups are the same in every figure and serve nobody.
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"\n\s*", "\n", text)
    size = f"min-width:{_LEAST_REM * width:.1f}rem;max-width:{_MOST_REM * width:.1f}rem"
    head = rf'<svg class="chart" viewBox="\1" style="{size}" aria-hidden="true">'
    text = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', head, text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    return text
