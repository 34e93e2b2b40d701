"""How votes by certainty are written in a configuration. Imports nothing heavy, builds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from aggregators.votes.config import VoteSettings


class CertaintyVoteConfig(VoteSettings):
    """Borda voting by certainty; the experts' `sampling` must say `certainty: true`."""

    kind: Literal["certainty"]
    calibration: Path | None = None
    """File that `CertaintyCalibration.save` wrote, relative to the configuration file. None: only samples
    of one expert can be compared."""
    power: float = Field(default=0.5, ge=0.0, le=10.0)
    """p in the votes (N - r + 1) ** p of the r-th surest of N completions. 0: a majority vote; the higher,
    the more the surest decide alone. The default is that of the authors' code."""
