"""Mappings from YAML: those that come with the package, and files of one's own. Reads no question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from compound.config_errors import explain
from compound.config_file import read_yaml
from eval.benchmarks.mapping import MappingConfig
from experts.errors import BenchmarkError, ConfigError

BUNDLED = Path(__file__).parent / "bundled"


def bundled_names() -> tuple[str, ...]:
    """Names of the mappings that come with the package, in order."""
    return tuple(sorted(path.stem for path in BUNDLED.glob("*.yaml")))


def read_mapping(path: Path) -> MappingConfig:
    """A mapping from a YAML file.

    `base: mmlu_pro` takes over all keys of a bundled mapping that the file does not give itself.

    Raises:
        BenchmarkError: no such file, not YAML, or not a mapping; all that is wrong at once.
    """
    data = _read(path)
    if "base" in data:
        base = data.pop("base")
        if base not in bundled_names():
            raise BenchmarkError(f"{path}: base must be one of {', '.join(bundled_names())}, got {base!r}.")
        data = {**_read(BUNDLED / f"{base}.yaml"), **data}
    try:
        return MappingConfig.model_validate(data)
    except ValidationError as error:
        problems = explain(MappingConfig, error, data)
        if len(problems) == 1:
            raise BenchmarkError(f"{path}: {problems[0]}.") from error
        listed = "".join(f"\n- {problem}" for problem in problems)
        raise BenchmarkError(f"{path} has {len(problems)} problems:{listed}") from error


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise BenchmarkError(
            f"There is no benchmark file {path}; give a YAML mapping, or one of {', '.join(bundled_names())}."
        )
    if not path.stat().st_size:
        raise BenchmarkError(f"{path} is empty; it needs at least name, version, files, columns and gold.")
    try:
        return read_yaml(path)
    except ConfigError as error:
        raise BenchmarkError(str(error)) from error
