"""Looks at what a configuration points to, before anything is started: `compound check`.

    report = check_config(load_config("configs/pocket.yaml"))
    report.raise_for_errors()

Reads files and the local hub cache; uses no network, loads no weights and starts no engine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from compound.check_models import Family, ModelFindings, group_by_family, look_at_model
from compound.config import SystemConfig
from compound.planning_llms import asked_llm
from experts.config import OpenAIExpert, RecordedExpert, VllmExpert
from experts.encoders.config import PooledEncoderConfig, SentenceTransformersEncoderConfig
from experts.errors import CompoundError, ConfigError
from routers.config import TrainedRouterConfig
from routers.skills.config import LlmAnnotatorConfig, SkillRouterConfig
from routers.skills.profile_file import load_profiles


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All that was found."""

    errors: tuple[str, ...]
    """What will fail."""
    warnings: tuple[str, ...]
    """What may fail, or is probably not meant."""
    families: tuple[Family, ...]
    """vLLM experts and helpers by engine family."""

    @property
    def ok(self) -> bool:
        """Whether there are no errors; there may be warnings."""
        return not self.errors

    def raise_for_errors(self) -> None:
        """Do nothing where all is well.

        Raises:
            ConfigError: lists all errors.
        """
        if self.errors:
            listed = "".join(f"\n  - {error}" for error in self.errors)
            raise ConfigError(f"The configuration cannot be run:{listed}")


def check_config(config: SystemConfig, *, environ: Mapping[str, str] | None = None) -> CheckReport:
    """Everything that can be known without starting anything.

    Args:
        config: a loaded configuration, its paths absolute.
        environ: where API keys are looked for; None: the environment of this process.
    """
    environ = os.environ if environ is None else environ
    errors: list[str] = []
    warnings: list[str] = []
    models: dict[str, tuple[VllmExpert, ModelFindings]] = {}
    for name, expert in config.all_experts.items():
        path = f"experts.{name}" if name in config.experts else f"helpers.{name}"
        if isinstance(expert, VllmExpert):
            found = look_at_model(expert)
            models[name] = (expert, found)
            errors += (f"{path}.model: {error}" for error in found.errors)
            warnings += (f"{path}.model: {warning}" for warning in found.warnings)
        elif isinstance(expert, OpenAIExpert):
            key = expert.api_key_env
            if key and not environ.get(key):
                warnings.append(f"{path}.api_key_env: the environment variable {key} is not set")
        elif isinstance(expert, RecordedExpert) and not expert.path.is_file():
            errors.append(f"{path}.path: there is no file {expert.path}")
    errors += _router_errors(config)
    warnings += _annotator_warnings(config)
    return CheckReport(tuple(errors), tuple(warnings), group_by_family(models))


def _router_errors(config: SystemConfig) -> Iterator[str]:
    router = config.router
    if isinstance(router, TrainedRouterConfig):
        yield from _trained_errors(router, config)
    yield from _folder_errors(router, "router")
    if not isinstance(router, SkillRouterConfig) or router.profiles is None:
        return
    try:
        profiled = load_profiles(router.profiles).experts
    except CompoundError as error:
        yield f"router.profiles: {error}"
        return
    missing = [name for name in config.experts if name not in profiled]
    if missing:
        yield (
            f"router.profiles: {router.profiles} knows nothing of {', '.join(missing)} "
            f"(it has {', '.join(profiled)}); add them with `compound profile`"
        )


def _trained_errors(router: TrainedRouterConfig, config: SystemConfig) -> Iterator[str]:
    """What is wrong with a trained router's folder, its experts and what it asks or reads."""
    # Not before there is one: kinds of routers take long to import.
    from experts.saving import load_header
    from routers.trained import trained_config

    try:
        known, trained = load_header(router.path).experts, trained_config(router.path)
    except CompoundError as error:
        yield f"router.path: {str(error).rstrip('.')}"
        return
    missing = [name for name in config.experts if name not in known]
    if missing:
        yield (
            f"router.path: {router.path} knows nothing of {', '.join(missing)} (it has {', '.join(known)}); "
            "train it with `compound train` on outcomes of the whole pool"
        )
    llm = asked_llm(trained)
    if llm is not None and llm.expert not in config.all_experts:
        yield f"router.path: {router.path} asks the LLM {llm.expert!r}, which is no expert or helper here"
    yield from _folder_errors(trained, "router.path")


def _folder_errors(part: BaseModel, path: str) -> Iterator[str]:
    """Folders of encoders that are not there."""
    for where, one in _parts(part, path):
        if not isinstance(one, SentenceTransformersEncoderConfig | PooledEncoderConfig):
            continue
        if one.is_local and not Path(one.model).expanduser().is_dir():
            yield f"{where}.model: there is no folder {one.model}"


def _annotator_warnings(config: SystemConfig) -> Iterator[str]:
    """Several samples that cannot differ, since the expert that draws them is greedy."""
    for path, part in _parts(config.router, "router"):
        if not isinstance(part, LlmAnnotatorConfig) or part.samples == 1 or part.sampling is not None:
            continue
        if config.all_experts[part.expert].sampling.temperature == 0:
            yield f"{path}.samples: {part.samples} samples of {part.expert} are alike: its temperature is 0"


def _parts(part: BaseModel, path: str) -> Iterator[tuple[str, BaseModel]]:
    """A configuration and all configurations in it, with their paths."""
    yield path, part
    for field, value in part:
        for place, item in enumerate(value if isinstance(value, tuple) else [value]):
            if isinstance(item, BaseModel):
                number = f"[{place}]" if isinstance(value, tuple) else ""
                yield from _parts(item, f"{path}.{field}{number}")
