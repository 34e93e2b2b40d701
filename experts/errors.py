"""The one tree of exceptions.

    CompoundError
    |-- ConfigError             a configuration, a file or an argument of the user's is wrong
    |-- QueryError              a question cannot be asked as it stands
    |-- ExpertError             an expert or its engine
    |   |-- ExpertUnavailable   (retryable) it cannot be reached or started at present
    |   |-- ExpertTimeout       (retryable) no progress within the bound
    |   |-- QueueFull           (retryable) more work waits already than may wait
    |   `-- ReloadMismatch      the engine does not hold what the file holds
    |-- RouterError
    |   `-- RouterNotFittedError
    |-- AggregationError
    `-- BenchmarkError          a benchmark or its questions

Every message is one sentence or two: what was given, what is allowed, what to do. The command
line prints it without a traceback; `retryable` says whether the same call may succeed later.
"""

from __future__ import annotations


class CompoundError(Exception):
    """Root of all errors that this project raises on purpose."""

    retryable: bool = False
    """Whether the same call may succeed when it is made again."""


class ConfigError(CompoundError):
    """A configuration, a file or an argument is wrong."""


class QueryError(CompoundError):
    """A question cannot be asked as it stands."""


class ExpertError(CompoundError):
    """An expert or its engine failed."""


class ExpertUnavailable(ExpertError):
    """The expert cannot be reached or started at present."""

    retryable = True


class ExpertTimeout(ExpertError):
    """No progress within the configured bound."""

    retryable = True


class QueueFull(ExpertError):
    """As much work waits for slots as may wait; nothing of the new work was taken in."""

    retryable = True


class ReloadMismatch(ExpertError):
    """After a weight reload the engine does not hold what the file holds."""


class RouterError(CompoundError):
    """A router cannot be built, fitted or asked."""


class RouterNotFittedError(RouterError):
    """A router was asked before it was fitted."""


class AggregationError(CompoundError):
    """An aggregator cannot be built or asked."""


class BenchmarkError(CompoundError):
    """A benchmark or its questions cannot be had."""
