"""The files of a model: where they are, whether they are whole, and what identifies them.

Reads folders in the ordinary Hugging Face layout; knows no engine. A hub id is resolved through
`huggingface_hub`, which downloads only where a hub is configured and reachable.
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

from experts.config import VllmExpert
from experts.errors import ConfigError, ExpertUnavailable

_HASHED_WHOLE = 64 * 2**20
_BLOCK = 64 * 2**10
_BLOCKS = 64
_IDENTIFYING = (".safetensors", ".json", ".model", ".txt", ".jinja", ".bin")


def model_folder(expert: VllmExpert) -> Path:
    """Folder of the expert's files on this machine; a hub id is downloaded if it must be.

    Raises:
        ConfigError: the folder is not there.
        ExpertUnavailable: the hub id is neither in the local cache nor can it be downloaded.
    """
    if expert.is_local:
        folder = Path(expert.model).expanduser()
        if not folder.is_dir():
            raise ConfigError(f"No model folder at {folder}. Give an existing folder or a hub id as `model`.")
        return folder
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(expert.model, revision=expert.revision))
    except Exception as error:  # the hub client raises many unrelated classes; all mean: not to be had
        raise ExpertUnavailable(
            f"Model {expert.model!r} (revision {expert.revision or 'default'}) is not in the local hub "
            f"cache and cannot be downloaded: {type(error).__name__}. Download it, or give a folder."
        ) from error


def read_model_config(folder: Path) -> dict[str, Any]:
    """Content of `config.json`.

    Raises:
        ConfigError: missing or not JSON.
    """
    path = folder / "config.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{folder} holds no config.json, so it is not a model folder.") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold a JSON object.")
    return content


def check_weights(folder: Path) -> int:
    """Bytes of the safetensors weights, after checking that no file is cut short.

    Raises:
        ConfigError: no weights, or a file whose length is not what its header says.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files and not list(folder.glob("*.bin")):
        raise ConfigError(f"{folder} holds no weights (*.safetensors).")
    for path in files:
        _check_length(path)
    return sum(path.stat().st_size for path in files)


def _check_length(path: Path) -> None:
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (header_bytes,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(header_bytes)) if header_bytes < size else None
    except (struct.error, ValueError):
        header = None
    if not isinstance(header, dict):
        raise ConfigError(f"{path} is not a safetensors file, or it is cut short. Copy it again.")
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    expected = 8 + header_bytes + max(ends, default=0)
    if size != expected:
        raise ConfigError(
            f"{path} has {size:,} bytes, its header says {expected:,}: cut short? Copy it again."
        )


def weights_identity(folder: Path) -> str:
    """Checksum of everything in the folder that texts depend on: weights, tokenizer, template.

    Files up to 64 MiB are hashed whole; of larger ones the length and 64 evenly spaced blocks,
    which tells fine-tunes apart and takes no minutes on tens of gigabytes.
    """
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.iterdir() if p.suffix in _IDENTIFYING and p.is_file()):
        size = path.stat().st_size
        digest.update(f"{path.name}:{size}:".encode())
        with path.open("rb") as file:
            if size <= _HASHED_WHOLE:
                digest.update(file.read())
                continue
            for block in range(_BLOCKS):
                file.seek(block * (size - _BLOCK) // (_BLOCKS - 1))
                digest.update(file.read(_BLOCK))
    return digest.hexdigest()[:24]
