"""The files of a pretrained encoder: where they are, and what identifies them. Knows no library of models."""

from __future__ import annotations

from pathlib import Path

from experts.errors import ConfigError
from experts.hosting.model_files import weights_identity

_OTHER_FORMATS = ["onnx/*", "openvino/*", "*.h5", "*.ot", "*.msgpack", "*.tflite", "*.onnx"]
"""What hubs hold beside the weights of torch, and nobody here reads."""


def pretrained_folder(model: str, revision: str | None) -> Path:
    """Folder of a model's files; a hub name is downloaded if it must be.

    Args:
        model: a folder, or a hub name.
        revision: commit or tag of a hub name; None: the newest.

    Raises:
        ConfigError: no such folder, or the hub name is neither cached nor to be had.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    if model.startswith((".", "/", "~")):
        raise ConfigError(f"No folder of an encoder at {model!r}; give one that exists, or a hub name.")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, revision=revision, ignore_patterns=_OTHER_FORMATS))
    except Exception as error:  # the hub client raises many unrelated classes; all mean: not to be had
        raise ConfigError(
            f"Encoder {model!r} (revision {revision or 'default'}) is not in the local hub cache and "
            f"cannot be downloaded: {type(error).__name__}. Download it, or give a folder."
        ) from error


def pretrained_identity(folder: Path) -> str:
    """Checksum of weights, tokenizer and settings, those of the folder's modules included."""
    parts = [folder, *sorted(part for part in folder.iterdir() if (part / "config.json").is_file())]
    return ":".join(weights_identity(part)[:12] for part in parts)
