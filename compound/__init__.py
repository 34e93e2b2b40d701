"""compound: answer with many LLMs instead of one.

Hosts a pool of whole expert LLMs, routes every query to k of them, and fuses their answers.
This module is the public API; all else may move.
"""

from compound.answer import Answer, Timings
from compound.config import SystemConfig, default_config_path, load_config
from compound.sdk import aroute_and_answer, route_and_answer
from compound.system import Compound
from experts.completion import Completion, Usage
from experts.decision import RoutingDecision
from experts.engines.scripted import ScriptedEngine
from experts.errors import (
    AggregationError,
    BenchmarkError,
    CompoundError,
    ConfigError,
    ExpertError,
    ExpertTimeout,
    ExpertUnavailable,
    QueryError,
    ReloadMismatch,
    RouterError,
    RouterNotFittedError,
)
from experts.outcomes import OutcomeMatrix
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from experts.verdict import Verdict

__all__ = [
    "AggregationError",
    "Answer",
    "BenchmarkError",
    "Completion",
    "Compound",
    "CompoundError",
    "ConfigError",
    "ExpertError",
    "ExpertTimeout",
    "ExpertUnavailable",
    "Message",
    "OutcomeMatrix",
    "Query",
    "QueryError",
    "ReloadMismatch",
    "RouterError",
    "RouterNotFittedError",
    "RoutingDecision",
    "SamplingConfig",
    "ScriptedEngine",
    "SystemConfig",
    "Timings",
    "Usage",
    "Verdict",
    "aroute_and_answer",
    "default_config_path",
    "load_config",
    "route_and_answer",
]
