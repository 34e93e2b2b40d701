"""What is known of an expert's model before it runs: which it is, its engine family, its weights' size.

Reads folders and the local hub cache; uses no network, loads no weights and starts nothing.
"""

from __future__ import annotations

from pathlib import Path

from experts.config import VllmExpert
from experts.errors import ConfigError
from experts.hosting.family import engine_family, reload_obstacle
from experts.hosting.model_files import model_folder, read_model_config
from experts.scheduling.model_costs import ModelFacts


def model_facts(expert: VllmExpert) -> ModelFacts:
    """Facts for the scheduler and its costs.

    A model that must not be reloaded in place is a family of its own. So is a hub model that is not
    in the local cache; its weights have the size 0, unknown.

    Raises:
        ConfigError: the folder or its config.json is not there, or `model` cannot be a hub id.
    """
    source = _source(expert)
    folder = model_folder(expert) if expert.is_local else _cached(expert)
    if folder is None:
        return ModelFacts(key=source, family=f"unknown:{source}")
    config = read_model_config(folder)
    family = engine_family(config, expert.engine)
    key = f"{source} [{family}]"
    if reload_obstacle(config, expert.engine):
        family = f"{family}:{source}"
    return ModelFacts(key=key, family=family, weight_bytes=_weight_bytes(folder))


def _source(expert: VllmExpert) -> str:
    if expert.is_local:
        return str(Path(expert.model).expanduser().resolve())
    return f"{expert.model}@{expert.revision or 'main'}"


def _cached(expert: VllmExpert) -> Path | None:
    """The model's folder in the local hub cache; None where it has not been downloaded."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(expert.model, "config.json", revision=expert.revision)
    except HFValidationError as error:
        raise ConfigError(
            f"{expert.model!r} is neither a hub id nor a folder; a folder begins with ./"
        ) from error
    return Path(found).parent if isinstance(found, str) else None


def _weight_bytes(folder: Path) -> int:
    """Bytes of the weights; 0 where only the rest of the model is there."""
    files = list(folder.glob("*.safetensors")) or list(folder.glob("*.bin"))
    return sum(path.stat().st_size for path in files)
