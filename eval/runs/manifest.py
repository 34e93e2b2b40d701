"""What a run is of: everything that decides its figures, written before anything is asked.

The same command on the same folder continues a run only if nothing of this has changed. Knows no question
and no result.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.runs.whole_file import write_whole
from experts.errors import BenchmarkError

FORMAT = 1
"""Raised when rows or reports of older runs can no longer be compared with new ones."""


class BenchmarkEntry(BaseModel):
    """One benchmark of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    """Printed with scores; raised when questions, prompts or scoring change."""
    split: str
    n: int
    """Questions asked."""
    shots: int = 0
    """Worked examples in front of each question."""
    sha256: str = ""
    """Over the files that the questions were read from; "" where they are made by a program."""
    extraction: str = ""
    """Name of the benchmark's own extraction, scored beside ours; "" = none."""
    private: bool = False
    """Whether its questions must not be published."""


class Manifest(BaseModel):
    """What a run is of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    benchmarks: tuple[BenchmarkEntry, ...]
    validation: tuple[BenchmarkEntry, ...] = ()
    """What the best single expert was chosen on."""
    experts_only: bool = False
    config: dict[str, Any]
    """The whole configuration; keys are names of environment variables, never secrets."""
    identities: dict[str, str] = Field(default_factory=dict)
    """Expert -> checksum or revision of its weights (or of its recording), engine and dtype."""
    files: dict[str, str] = Field(default_factory=dict)
    """Path in the configuration of a fitted router, fusion or profile, dotted -> its checksum."""
    played_back: tuple[str, ...] = ()
    """Experts whose outputs were recorded earlier: no model ran for them."""
    estimated_tokens: tuple[str, ...] = ()
    """Played-back experts whose tokens are characters / 4, since none were recorded."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Package -> version."""

    def write(self, path: Path) -> None:
        """Write as JSON.

        Raises:
            BenchmarkError: it cannot be written there.
        """
        write_whole(path, [self.model_dump_json(indent=2), "\n"])

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read what `write` wrote.

        Raises:
            BenchmarkError: no such file, or not a manifest of this format.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            reason = str(error).partition("\n")[0]
            raise BenchmarkError(
                f"{path} is not the manifest of a run ({reason}); give a folder made by `compound eval`."
            ) from error

    def differences(self, other: Manifest) -> list[str]:
        """Names of what decides figures and is not the same in both, dotted.

        Versions of packages and where experts are hosted are passed over: a run may go on after an update,
        or on another machine.
        """
        mine, theirs = (
            m.model_dump(exclude={"versions": True, "config": {"hosting"}}) for m in (self, other)
        )
        return _differing(mine, theirs, "")


def _differing(a: Any, b: Any, where: str) -> list[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        keys = [*a, *(key for key in b if key not in a)]
        return [
            d for key in keys for d in _differing(a.get(key), b.get(key), f"{where}.{key}" if where else key)
        ]
    return [] if a == b else [where]
