"""A system of three scripted experts for all tests of this folder."""

from typing import Any

import pytest
from checks.scripted_systems import Scripted, knows


@pytest.fixture
def trio(monkeypatch: pytest.MonkeyPatch) -> Any:
    scripts = {"ann": knows, "bob": knows, "cyd": "The answer is Lyon."}
    with Scripted(monkeypatch, scripts) as scripted:
        yield scripted
