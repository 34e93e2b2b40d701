"""How long an endpoint is left alone after a failure."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experts.engines.backoff import Backoff, retry_after_s


@given(st.integers(1, 5000), st.none() | st.floats(0, 1e6), st.floats(0, 0.999))
def test_backoff_is_bounded_and_never_undercuts_what_was_asked(
    failures: int, asked_s: float | None, jitter: float
) -> None:
    backoff = Backoff(base_s=0.5, longest_s=60.0)
    wait_s = backoff.wait_s(failures, asked_s, jitter)
    assert 0.25 <= wait_s <= 60.0
    assert wait_s >= min(asked_s or 0.0, 60.0)
    assert backoff.wait_s(failures + 1, asked_s, jitter) >= wait_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": formatdate(130, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(10, usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after-ms": "nan"}, None),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, 100.0) == seconds
