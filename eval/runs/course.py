"""How a run went: seconds, switches, plan and actual, what broke. All that equal runs may differ in."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Course(BaseModel):
    """How a run went; for one that was continued, its last part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: dict[str, float] = Field(default_factory=dict)
    """Wall seconds by stage: route, generate, aggregate, baselines, report, total."""
    simulated: bool = False
    """Whether seconds of `simulated_seconds` and switches are those of a simulated machine."""
    simulated_seconds: dict[str, float] = Field(default_factory=dict)
    """Seconds that the simulated machine would have taken, by stage; {} where nothing was simulated."""
    switches: dict[str, int] = Field(default_factory=dict)
    """How often experts were made resident, by kind; of the system's own run."""
    planned: tuple[dict[str, Any], ...] = ()
    """`what`, `planned`, `actual`, as `compound.planning_compare` gives them; () where there was no plan."""
    faults: tuple[dict[str, Any], ...] = ()
    """What broke and what was done about it."""
    continued: int = 0
    """How often the run had been interrupted before."""
    from_store: int = 0
    """Completions that were there from before."""
