"""How a measured choice of aggregators is written in a configuration. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from aggregators.settings import AggregatorSettings


class ChosenConfig(AggregatorSettings):
    """Every question goes to the aggregator that did best on questions like it."""

    kind: Literal["chosen"]
    path: Path
    """File of the choice, as `compound bench-pool` writes it; relative to the configuration file."""
