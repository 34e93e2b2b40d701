"""How long to wait before asking an endpoint again: what it asks for, else longer each time.

Pure: waits for nothing, draws no random number and reads no clock; callers bring these. Knows not
which failures are worth another attempt.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait before the next attempt."""

    base_s: float = 0.5
    """Wait after the first failure, seconds; doubles with each further one."""
    longest_s: float = 60.0
    """No wait is longer, whatever the endpoint asks for, seconds."""

    def wait_s(self, failures: int, asked_s: float | None, jitter: float) -> float:
        """Seconds to wait after so many failures (1 or more).

        Args:
            failures: failed attempts so far.
            asked_s: what the endpoint asked for; it is never undercut, but for `longest_s`.
            jitter: uniform in [0, 1): spreads clients that failed at the same moment.
        """
        grown = self.base_s * 2.0 ** min(failures - 1, 60) * (0.5 + jitter / 2)
        return min(self.longest_s, max(grown, asked_s or 0.0))


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that an endpoint asks to wait: `retry-after-ms`, or `Retry-After` in seconds or as a date.

    Args:
        headers: of the response; looked up in lower case.
        now: seconds since the epoch.
    """
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
            return max(0.0, seconds) if math.isfinite(seconds) else None
        asked = headers.get("retry-after", "").strip()
        if not asked:
            return None
        if asked.replace(".", "", 1).isdigit():
            return float(asked)
        return max(0.0, parsedate_to_datetime(asked).timestamp() - now)
    except ValueError:
        return None
