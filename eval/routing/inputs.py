"""What the routing commands are given on the command line, read and checked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from eval.routing.lineup import LEXICAL, Entry
from experts.encoders.config import EncoderConfig, SentenceTransformersEncoderConfig
from experts.errors import ConfigError
from experts.outcome_table import OutcomeTable


def load_pool(matrix: Path, pool: str | None, *, resplit: bool = False) -> OutcomeTable:
    """The table of a pool.

    Args:
        matrix: file of an outcome table.
        pool: names by commas, `FILE.json:NAME` (a JSON of pools, each a list of names or an object with
            `models`), or None: all experts.
        resplit: half for testing, by the hash of the texts, whatever the file says.

    Raises:
        ConfigError: a file cannot be read, or an expert or a pool is not there.
    """
    table = OutcomeTable.load(matrix)
    if resplit:
        table = replace(table, splits=("",) * len(table.queries)).with_hash_splits()
    if pool is None:
        return table
    path, _, name = pool.rpartition(":")
    return table.restrict(_named_pool(Path(path), name) if path else [n.strip() for n in pool.split(",")])


def _named_pool(path: Path, name: str) -> Sequence[str]:
    try:
        pools = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"No pools can be read from {path} ({error}): give a JSON file of pools."
        ) from error
    if not isinstance(pools, dict) or name not in pools:
        known = ", ".join(pools) if isinstance(pools, dict) else "none"
        raise ConfigError(f"{path} has no pool {name!r}; it has {known}.")
    found = pools[name]["models"] if isinstance(pools[name], dict) else pools[name]
    return [str(expert) for expert in found]


def encoder_config(text: str) -> EncoderConfig:
    """From `lexical` or the name or folder of a sentence-transformers model to a configuration.

    OpenVINO computes where it is installed: the vectors are the same, and a CPU is faster with it.
    """
    if text == "lexical":
        return LEXICAL
    folder = Path(text).expanduser()
    model = str(folder.resolve()) if folder.is_dir() else text
    backend = "openvino" if find_spec("openvino") else "torch"
    return SentenceTransformersEncoderConfig.model_validate(
        {"kind": "sentence-transformers", "model": model, "backend": backend}
    )


def pick_kinds(entries: Sequence[Entry], kinds: str | None) -> list[Entry]:
    """The entries named, by commas, in their own order.

    Raises:
        ConfigError: there is no such kind.
    """
    if kinds is None:
        return list(entries)
    wanted = [kind.strip() for kind in kinds.split(",")]
    known = [entry.name for entry in entries]
    unknown = [kind for kind in wanted if kind not in known]
    if unknown:
        raise ConfigError(f"There is no kind {', '.join(unknown)} to compare; known are {', '.join(known)}.")
    return [entry for entry in entries if entry.name in wanted]


def make_folder(folder: Path) -> None:
    """Make a folder for results.

    Raises:
        ConfigError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The folder {folder} cannot be made: {error.strerror}. Give another.") from error
