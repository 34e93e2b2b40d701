"""The cache folder is where the environment says, and all that is kept there stands side by side."""

from pathlib import Path

import pytest

from experts.cache_folder import cache_folder
from experts.encoders.vector_store import default_store_path
from experts.scheduling.cost_file import default_cost_path


def test_the_environment_names_the_folder() -> None:
    assert cache_folder({}) == Path.home() / ".cache" / "compound"
    assert cache_folder({"XDG_CACHE_HOME": "/c"}) == Path("/c/compound")
    assert cache_folder({"XDG_CACHE_HOME": "/c", "COMPOUND_CACHE": "~/d"}) == Path.home() / "d"


def test_costs_and_vectors_are_side_by_side(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPOUND_CACHE", str(tmp_path))
    assert default_cost_path().parent == default_store_path().parent == tmp_path
