"""A choice of aggregators on disk: one JSON file for people and programs.

What an encoder learned (only the lexical one learns) stands in a folder beside it, `NAME.encoder`,
written by `experts.saving`. Relative paths in the file are those of its own folder.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from aggregators.chosen.choice import FORMAT, Choice
from experts.encoders.build import build_encoder
from experts.encoders.encoder import Encoder
from experts.errors import ConfigError
from experts.relative_paths import anchor_paths
from experts.saving import FORMAT_VERSION, Header, load_state, save_fitted, versions

_AGAIN = "make it again with `compound bench-pool`"


def save_choice(choice: Choice, path: Path, encoder: Encoder | None = None) -> None:
    """Write a choice.

    Args:
        choice: to be written.
        path: of the file; its folder is made if need be.
        encoder: the fitted one of the groups; None without groups.

    Raises:
        ConfigError: the file cannot be written.
    """
    data = choice.model_dump(mode="json")
    rows = ",\n".join(f"    {json.dumps(row)}" for row in data.pop("centroids"))
    body = json.dumps(data, indent=2, ensure_ascii=False).removesuffix("\n}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'{body},\n  "centroids": [\n{rows}\n  ]\n}}\n', encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The choice of aggregators cannot be written to {path}: {error}.") from error
    state = dict(encoder.state()) if encoder is not None else {}
    if state:
        header = Header(
            format=FORMAT_VERSION,
            kind="encoder",
            config=data["encoder"],
            experts=(),
            questions=choice.everywhere.n,
            versions=versions(),
        )
        save_fitted(_encoder_folder(path), header, state)


def load_choice(path: Path) -> Choice:
    """The choice in a file, its relative paths made absolute.

    Raises:
        ConfigError: the file is missing, damaged or of another format.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"There is no choice of aggregators at {path}; {_AGAIN}.") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"The choice of aggregators {path} cannot be read ({error}); {_AGAIN}.") from error
    if isinstance(raw, dict) and raw.get("format", FORMAT) != FORMAT:
        raise ConfigError(f"{path} has format {raw['format']!r}, this version reads {FORMAT}; {_AGAIN}.")
    try:
        choice = Choice.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ConfigError(
            f"{path} is not a choice of aggregators ({where}: {first['msg']}); correct it, or {_AGAIN}."
        ) from error
    return anchor_paths(choice, path.parent.resolve())


def load_encoder(choice: Choice, path: Path) -> Encoder | None:
    """The encoder of a choice's groups; None without groups.

    Args:
        choice: what `path` holds.
        path: of the choice file, beside which the encoder's state stands, where it learned something.

    Raises:
        ConfigError: the state is missing or damaged.
    """
    if choice.encoder is None:
        return None
    encoder = build_encoder(choice.encoder)
    if choice.encoder.kind != "lexical":
        return encoder
    try:
        return encoder.restore(load_state(_encoder_folder(path)))
    except ConfigError as error:
        raise ConfigError(f"The encoder of the choice {path} cannot be read ({error}); {_AGAIN}.") from error


def _encoder_folder(path: Path) -> Path:
    return path.with_name(f"{path.stem}.encoder")
