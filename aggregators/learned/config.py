"""How a learned fusion is written in a configuration. Imports nothing heavy, builds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from aggregators.votes.config import VoteSettings


class LearnedFusionConfig(VoteSettings):
    """The answer that is likeliest to be right, by a model fitted on profiling runs."""

    kind: Literal["learned"]
    path: Path
    """Folder that `compound train-aggregator` wrote, relative to the configuration file."""
