"""The file of learned costs: one small JSON a machine, with a book for each kind of device.

    {"version": 1, "devices": {"cpu x2": {...}}}

A file of another version or one that is broken is passed over with a line in the log, and the next
`save_costs` writes it anew: costs are learned again within a run, so nothing is worth an error. Of
several writers the last wins. Knows nothing of what is in a book.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experts.cache_folder import cache_folder
from experts.scheduling.costs import CostBook

VERSION = 1
_NAME = "hosting-costs.json"
_log = logging.getLogger(__name__)


def default_cost_path(environ: Mapping[str, str] | None = None) -> Path:
    """`hosting-costs.json` in the cache folder; see `experts.cache_folder`.

    Args:
        environ: None: the environment of this process.
    """
    return cache_folder(environ) / _NAME


def load_costs(path: Path, device: str) -> CostBook:
    """The book of a device; an empty one where the file holds none that can be read."""
    data = _devices(path).get(device)
    if data is None:
        return CostBook(device)
    try:
        return CostBook.from_dict(device, data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        _log.warning("%s: the costs of %s cannot be read (%r) and are learned anew", path, device, error)
        return CostBook(device)


def save_costs(path: Path, book: CostBook) -> bool:
    """Put a book into the file, in place of the device's last one; the folder is made if need be.

    Returns:
        Whether it is written; where the disk refuses, a line in the log says why, and work goes on.
    """
    devices = {**_devices(path), book.device: book.to_dict()}
    # Not one name for all: two writers at once must not write into each other's file.
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"version": VERSION, "devices": devices}, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        _log.warning("the learned costs cannot be kept in %s: %s", path, error.strerror)
        return False
    return True


def _devices(path: Path) -> dict[str, Any]:
    """Books as plain values by device; none where the file is absent or cannot be used."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s cannot be read (%s); costs are learned anew", path, error)
        return {}
    devices = data.get("devices") if isinstance(data, dict) and data.get("version") == VERSION else None
    if not isinstance(devices, dict):
        _log.warning("%s is not a file of costs of version %d; costs are learned anew", path, VERSION)
        return {}
    return devices
