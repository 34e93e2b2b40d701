"""Main program of a process that pools an LLM's hidden states with vLLM: texts in, window vectors out.

Started by `experts.encoders.pooled` as `python -m experts.encoders.pooling_main FD`; ends when the other
end of the pipe closes. Written against vLLM 0.32.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np


def serve(connection: Connection) -> None:
    """Load the model that the first message names, then answer lists of texts until the pipe ends.

    An answer is (vectors of windows, index of each window's text, its tokens, tokens left out per
    text), or a text: what went wrong.
    """
    folder, pooling, max_model_len, max_windows, kv_cache_bytes, eager = connection.recv()
    llm: Any = None
    while True:
        texts = connection.recv()
        try:
            if llm is None:
                llm = _load(folder, pooling, max_model_len, kv_cache_bytes, eager)
            answer: Any = _encode(llm, texts, max_windows)
        except Exception as error:  # noqa: BLE001  # whatever it is, the asker must hear of it
            answer = f"{type(error).__name__}: {error}"
        connection.send(answer)


def _load(folder: str, pooling: str, max_model_len: int | None, kv_cache_bytes: int, eager: bool) -> Any:
    from vllm import LLM
    from vllm.config import PoolerConfig

    return LLM(
        model=folder,
        runner="pooling",
        convert="embed",
        # Length 1 is given to texts, not to their windows, so that the states keep their weight.
        pooler_config=PoolerConfig(pooling_type=pooling.upper(), use_activation=False),
        max_model_len=max_model_len,
        kv_cache_memory_bytes=kv_cache_bytes,
        enforce_eager=eager,
    )


def _encode(
    llm: Any, texts: Sequence[str], max_windows: int
) -> tuple[np.ndarray[Any, np.dtype[np.float32]], list[int], list[int], list[int]]:
    tokenizer, length = llm.get_tokenizer(), int(llm.model_config.max_model_len)
    windows: list[list[int]] = []
    owners: list[int] = []
    lost: list[int] = []
    for owner, text in enumerate(texts):
        # An empty text has no token, and vLLM takes no empty prompt.
        ids = tokenizer(text)["input_ids"] or [tokenizer.eos_token_id or 0]
        own = [ids[start : start + length] for start in range(0, len(ids), length)][:max_windows]
        windows += own
        owners += [owner] * len(own)
        lost.append(max(0, len(ids) - length * max_windows))
    outputs = llm.embed([{"prompt_token_ids": ids} for ids in windows], use_tqdm=False)
    vectors = np.array([output.outputs.embedding for output in outputs], dtype=np.float32)
    return vectors, owners, [len(ids) for ids in windows], lost


if __name__ == "__main__":
    with contextlib.suppress(EOFError):
        serve(Connection(int(sys.argv[1])))
