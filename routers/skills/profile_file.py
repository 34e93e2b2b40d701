"""Skill profiles on disk: JSON for people, one line per skill, with a format version.

    {"experts": ["atlas", "bard"], "format": 1, "questions": 44, ...,
     "skills": {"capital": {"atlas": [41, 3], "bard": [9, 35]}, "capital, europe": {...}}}

Knows nothing of how profiles are made or used.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, ValidationError

from experts.errors import ConfigError
from routers.skills.skill_profile import Counts, Shrinkage, SkillProfiles

FORMAT_VERSION = 1

_Row = dict[str, tuple[NonNegativeFloat, NonNegativeFloat]]


class _Shrinkage(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keyword: float = Field(gt=0)
    combination: float = Field(gt=0)
    pooling: float = Field(ge=0, le=1)


class _ProfileFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: int
    experts: tuple[str, ...] = Field(min_length=1)
    questions: int = Field(ge=0)
    shrinkage: _Shrinkage | None
    skills: dict[str, _Row]
    totals: _Row


def save_profiles(profiles: SkillProfiles, path: Path) -> None:
    """Write to `path` by way of a temporary file; what `load_profiles` reads is equal."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(to_json(profiles), encoding="utf-8")
    temporary.replace(path)


def load_profiles(path: Path) -> SkillProfiles:
    """Read what `save_profiles` wrote.

    Raises:
        ConfigError: no such file, another format, or not a file of profiles.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"No skill profiles can be read at {path} ({error.strerror}). Make them with `compound profile`."
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"{path} is not JSON ({error}). Make skill profiles with `compound profile`."
        ) from error
    if isinstance(raw, dict) and raw.get("format", FORMAT_VERSION) != FORMAT_VERSION:
        raise ConfigError(f"{path} has format {raw['format']!r}, this version reads {FORMAT_VERSION}.")
    try:
        return _profiles(_ProfileFile.model_validate(raw))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path} is not a file of skill profiles: {where}: {first['msg']}.") from error
    except KeyError as error:
        raise ConfigError(f"{path} has no counts of expert {error} for some skill.") from error


def to_json(profiles: SkillProfiles) -> str:
    """The text of the file: keys sorted, a line per skill, numbers exact."""
    names = profiles.experts

    def row(counts: Counts) -> str:
        pairs = {name: [_number(x) for x in counts[i]] for i, name in enumerate(names)}
        return json.dumps(pairs, sort_keys=True, ensure_ascii=False)

    labels = sorted((", ".join(skill), row(counts)) for skill, counts in profiles.skills.items())
    lines = ",\n".join(f"    {json.dumps(label, ensure_ascii=False)}: {line}" for label, line in labels)
    shrinkage = None if profiles.shrinkage is None else asdict(profiles.shrinkage)
    return (
        "{\n"
        f'  "experts": {json.dumps(list(names), ensure_ascii=False)},\n'
        f'  "format": {FORMAT_VERSION},\n'
        f'  "questions": {profiles.questions},\n'
        f'  "shrinkage": {json.dumps(shrinkage, sort_keys=True)},\n'
        f'  "skills": {{\n{lines}\n  }},\n'
        f'  "totals": {row(profiles.totals)}\n'
        "}\n"
    )


def _profiles(file: _ProfileFile) -> SkillProfiles:
    def counts(row: _Row) -> Counts:
        return np.array([row[name] for name in file.experts], dtype=np.float64)

    return SkillProfiles(
        experts=file.experts,
        questions=file.questions,
        totals=counts(file.totals),
        skills={tuple(label.split(", ")): counts(row) for label, row in file.skills.items()},
        shrinkage=None if file.shrinkage is None else Shrinkage(**file.shrinkage.model_dump()),
    )


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else float(value)
