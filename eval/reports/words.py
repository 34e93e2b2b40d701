"""How figures are written for people: percent, intervals, signed differences. Knows no report's layout."""

from __future__ import annotations

from eval.reports.schema import Value

NONE = "-"
"""Stands where there is nothing to measure."""


def percent(value: Value | float | None) -> str:
    """Such as "61.2"."""
    if value is None:
        return NONE
    return f"{100 * (value.value if isinstance(value, Value) else value):.1f}"


def interval(value: Value | None) -> str:
    """Such as "58.0-64.3"."""
    return NONE if value is None else f"{100 * value.low:.1f}-{100 * value.high:.1f}"


def with_interval(value: Value | None) -> str:
    """Such as "61.2 (58.0-64.3)"."""
    return NONE if value is None else f"{percent(value)} ({interval(value)})"


def signed(value: Value | None) -> str:
    """Such as "+1.2 (-0.4 to +2.7)"."""
    if value is None:
        return ""
    middle, low, high = (100 * v for v in (value.value, value.low, value.high))
    return f"{middle:+.1f} ({low:+.1f} to {high:+.1f})"


def amount(value: float | None) -> str:
    """Such as "1,204" or, below ten, "3.5"."""
    if value is None:
        return NONE
    return f"{value:,.0f}" if value >= 9.95 or value == int(value) else f"{value:.1f}"
