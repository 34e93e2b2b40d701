"""Where benchmarks are read from in tests: tiny files in the hub's layout, and the recorded ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from checks.made_benchmarks import TABLES, own_mapping, write_table


@pytest.fixture
def data_folder() -> Path:
    """The folder of recorded outcomes and questions that COMPOUND_DATA names."""
    folder = os.environ.get("COMPOUND_DATA")
    if folder is None:
        pytest.skip("COMPOUND_DATA does not name the folder of recorded outcomes.")
    return Path(folder)


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[[str], tuple[str, Path]]:
    """Makes a benchmark's tiny files: its name -> (YAML of a mapping, folder of the files)."""

    def make(name: str) -> tuple[str, Path]:
        folder = tmp_path / name
        for file, rows in TABLES[name].items():
            write_table(folder / file, rows)
        return str(own_mapping(tmp_path / f"own_{name}.yaml", name)), folder

    return make
