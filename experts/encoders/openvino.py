"""A sentence-transformers network computed by OpenVINO, which is faster than torch on a CPU.

The whole network, pooling included, is converted once and kept in the cache folder. Not through
sentence-transformers' own `backend=`, whose package optimum holds transformers below 5.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from experts.cache_folder import cache_folder
from experts.encoders.encoder import Vectors
from experts.encoders.windows import Batch, Forward
from experts.errors import ConfigError

_FILE = "model.xml"


def openvino_forward(network: Any, key: str) -> Forward:
    """The function from batches of token ids and masks to vectors, batches side by side on the cores.

    Args:
        network: a SentenceTransformer on the CPU.
        key: what its vectors depend on; names the converted model in the cache folder.

    Raises:
        ConfigError: the package is missing, the network cannot be converted, or the cache folder
            cannot be written.
    """
    try:
        import openvino
    except ImportError as error:
        raise ConfigError(
            "`backend: openvino` needs a package that is not installed: `pip install openvino`, or use "
            "`backend: torch`."
        ) from error
    # A core a batch, not all cores on one: nothing waits for the slowest at every layer. Some CPUs
    # compute in bfloat16 unless told not to.
    settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(_converted(network, key, openvino), "CPU", settings)
    queue = openvino.AsyncInferQueue(compiled)

    def forward(batches: Iterable[Batch]) -> list[Vectors]:
        found: dict[int, Vectors] = {}

        def keep(request: Any, index: int) -> None:
            found[index] = np.array(request.get_output_tensor(0).data, dtype=np.float32)

        queue.set_callback(keep)
        for index, (ids, mask) in enumerate(batches):
            queue.start_async({0: ids, 1: mask}, index)
        queue.wait_all()
        return [found[index] for index in range(len(found))]

    return forward


def _converted(network: Any, key: str, openvino: Any) -> Path:
    """File of the converted network; made if it is not there, so that no half a file is ever seen."""
    name = hashlib.sha256(key.encode()).hexdigest()[:24]
    folder = cache_folder() / "openvino" / name
    if (folder / _FILE).is_file():
        return folder / _FILE
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{name}."))
    except OSError as error:
        raise ConfigError(
            f"The converted encoder cannot be kept in {folder.parent} ({error.strerror}): set COMPOUND_CACHE "
            "to a folder that you may write to, or use `backend: torch`."
        ) from error
    try:
        openvino.save_model(_convert(network, openvino), temporary / _FILE, compress_to_fp16=False)
        if not folder.exists():  # another process may have been first
            temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder / _FILE


def _convert(network: Any, openvino: Any) -> Any:
    import torch

    class Flat(torch.nn.Module):  # type: ignore[misc]  # torch has no types here
        """The network with tensors in and out, which is what can be traced."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            return self.network(features)["sentence_embedding"]

    example = {name: torch.ones((2, 7), dtype=torch.int64) for name in ("input_ids", "attention_mask")}
    try:
        with warnings.catch_warnings():
            # Tracing is deprecated in torch, but the way in which OpenVINO reads networks.
            warnings.simplefilter("ignore")
            return openvino.convert_model(Flat().eval(), example_input=example)
    except Exception as error:  # torch's tracer and OpenVINO raise classes of every kind
        raise ConfigError(
            f"The encoder cannot be converted for OpenVINO ({type(error).__name__}: {error}): "
            "use `backend: torch`."
        ) from error
