"""What a slot runs on, in words that tell costs of different machines apart. Starts neither Ray nor CUDA."""

from __future__ import annotations

import os
import re
from pathlib import Path

from experts.config import HostingConfig

_NVIDIA = Path("/proc/driver/nvidia/gpus")


def slot_device(hosting: HostingConfig, gpus: Path = _NVIDIA) -> str:
    """Name of one slot's share of this machine: `cpu x2` (cores), or the GPU's model.

    A cluster that is joined at an address is taken to consist of machines like this one.

    Args:
        hosting: device, slots, cores a slot.
        gpus: where the NVIDIA driver describes the GPUs.
    """
    if hosting.device != "cpu" and (name := _gpu_name(gpus)):
        return name
    if hosting.device == "gpu":
        return "gpu"
    cores = os.cpu_count() or 1
    share = hosting.cpus_per_slot or max(1.0, cores // hosting.slots)
    return f"cpu x{max(1, int(share))}"


def _gpu_name(gpus: Path) -> str | None:
    """Model of the first GPU; None where the driver shows none."""
    for path in sorted(gpus.glob("*/information")):
        try:
            found = re.search(r"^Model:\s*(\S.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        except OSError:
            continue
        return found[1].strip() if found else "gpu"
    return None
