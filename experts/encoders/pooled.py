"""Texts to vectors by an LLM, such as one of the pool: vLLM's pooling of its last hidden states.

vLLM runs in a process of its own, which is started at the first use and ends with the encoder. Knows
nothing of vLLM itself, see `experts.encoders.pooling_main`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import weakref
from collections.abc import Callable, Sequence
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from experts.encoders.encoder import LearnsNothing, Vectors
from experts.encoders.pretrained import pretrained_folder, pretrained_identity
from experts.encoders.windows import TailCounter, merged
from experts.errors import ConfigError
from experts.hosting.environment import engine_environment

_END_S = 5.0
"""Bound on the process's ending by itself; there is nothing to lose by killing after it."""


class PooledEncoder(LearnsNothing):
    """An LLM as encoder.

    Args:
        model: hub name or folder.
        revision: commit or tag of a hub name.
        pooling: of the tokens' last hidden states.
        max_model_len: tokens of a window; None: what the model allows.
        max_windows: most windows of a text; what follows is counted in `tail.tokens` and logged once.
        device: what vLLM is built for.
        kv_cache_gib: memory for attention while states are computed; must hold one window.

    Longer texts as in `SentenceTransformersEncoder`.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        pooling: Literal["mean", "last"] = "mean",
        max_model_len: int | None = None,
        max_windows: int = 8,
        device: Literal["cpu", "gpu"] = "cpu",
        kv_cache_gib: float = 1.0,
    ) -> None:
        self.model = model
        self.revision = revision
        self.pooling = pooling
        self.max_model_len = max_model_len
        self.max_windows = max_windows
        self.device = device
        self.kv_cache_gib = kv_cache_gib
        self.tail = TailCounter(model, max_windows)
        self._connection: Connection | None = None
        self._end: Callable[[], object] | None = None

    @cached_property
    def folder(self) -> Path:
        """Where the model's files are; see `pretrained_folder` for errors."""
        return pretrained_folder(self.model, self.revision)

    @cached_property
    def identity(self) -> str:
        """See `Encoder.identity`."""
        weights = pretrained_identity(self.folder)
        return f"{weights}:vllm:{self.pooling}:{self.max_model_len}:{self.max_windows}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.encode`.

        Raises:
            ConfigError: no such model, vLLM is not installed or cannot load it.
        """
        # With no texts the child says how long vectors are, by one of a text of its own.
        vectors, owners, weights, lost = self._ask(list(texts) or ["."])
        for tokens in lost:
            self.tail.add(tokens)
        return merged(vectors, owners, weights, max(1, len(texts)))[: len(texts)]

    def close(self) -> None:
        """End the process; the next `encode` starts one again."""
        if self._end is not None:
            self._end()
        self._connection = self._end = None

    def _ask(self, texts: list[str]) -> tuple[Vectors, list[int], list[int], list[int]]:
        if self._connection is None:
            self._connection = self._start()
        try:
            self._connection.send(texts)
            answer: Any = self._connection.recv()
        except (EOFError, OSError) as error:
            self.close()
            raise ConfigError(
                f"The process that encodes with {self.model!r} has ended; its last lines are above."
            ) from error
        if isinstance(answer, str):
            self.close()
            raise ConfigError(f"vLLM cannot encode with {self.model!r}: {answer}")
        found: tuple[Vectors, list[int], list[int], list[int]] = answer
        return found

    def _start(self) -> Connection:
        folder = str(self.folder)
        environment = engine_environment(self.device, os.cpu_count() or 1)
        ours, theirs = socket.socketpair()
        with theirs:
            child = subprocess.Popen(
                [sys.executable, "-m", "experts.encoders.pooling_main", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, **environment},
            )
        connection = Connection(ours.detach())
        # The child ends when its end of the pipe does.
        self._end = weakref.finalize(self, _end, connection, child)
        cache_bytes, eager = int(self.kv_cache_gib * 2**30), self.device == "cpu"
        connection.send((folder, self.pooling, self.max_model_len, self.max_windows, cache_bytes, eager))
        return connection


def _end(connection: Connection, child: subprocess.Popen[bytes]) -> None:
    """Close the pipe, which ends the child; kill it where it does not end by itself."""
    connection.close()
    try:
        child.wait(_END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
