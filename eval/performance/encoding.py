"""Sentence encoding: ours on OpenVINO against plain PyTorch, and whether routing decides otherwise.

    python -m eval.performance.encoding --matrix matrix.parquet --encoder FOLDER_OR_NAME [--pool P] [-n 512]

Both ways take the same texts in turn, chunk by chunk, so that a busy machine slows both. A decision is
the expert with the best mean among the 64 nearest of the other texts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.routing.inputs import load_pool
from experts.encoders.sentence_transformers import SentenceTransformersEncoder

_CHUNK = 64
_NEIGHBOURS = 64

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def ways(model: str) -> dict[str, Encode]:
    """Plain sentence-transformers with its defaults, and ours; both cut at the model's window."""
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(model, device="cpu")
    ours = SentenceTransformersEncoder(model, backend="openvino", max_windows=1)

    def by_torch(texts: Sequence[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = plain.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False
        )
        return vectors

    return {"plain": by_torch, "ours": ours.encode}


def compare(
    encoders: dict[str, Encode], texts: Sequence[str], scores: NDArray[np.float64]
) -> dict[str, float]:
    """Texts a second of both ways, their ratio, and the share of decisions that changed.

    Args:
        encoders: `plain` and `ours`.
        texts: (n).
        scores: (n, m) of the experts on them.
    """
    for encode in encoders.values():
        encode(texts[:8])  # models are loaded, and compiled, by their first use
    seconds = dict.fromkeys(encoders, 0.0)
    vectors: dict[str, list[NDArray[np.float32]]] = {name: [] for name in encoders}
    for start in range(0, len(texts), _CHUNK):
        part = texts[start : start + _CHUNK]
        for name, encode in encoders.items():
            started = time.perf_counter()
            vectors[name].append(encode(part))
            seconds[name] += time.perf_counter() - started
    decisions = {name: _decide(np.concatenate(rows), scores) for name, rows in vectors.items()}
    return {
        "texts": len(texts),
        "plain_per_second": len(texts) / seconds["plain"],
        "ours_per_second": len(texts) / seconds["ours"],
        "ratio": seconds["plain"] / seconds["ours"],
        "changed": float((decisions["plain"] != decisions["ours"]).mean()),
    }


def _decide(vectors: NDArray[np.float32], scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) best expert among the nearest others of every text."""
    near = vectors @ vectors.T
    np.fill_diagonal(near, -2.0)
    rows = np.argsort(-near, axis=1, kind="stable")[:, :_NEIGHBOURS]
    decided: NDArray[np.int64] = scores[rows].mean(axis=1).argmax(axis=1)
    return decided


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--matrix", type=Path, required=True)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--pool")
    parser.add_argument("-n", type=int, default=512)
    arguments = parser.parse_args()
    table = load_pool(arguments.matrix, arguments.pool)
    rows = np.random.default_rng(1).permutation(len(table.queries))[: arguments.n]
    texts = [table.queries[int(i)].routing_text for i in rows]
    scores = np.nan_to_num(table.outcomes.mean_score()[rows])
    sys.stdout.write(json.dumps(compare(ways(arguments.encoder), texts, scores)) + "\n")


if __name__ == "__main__":
    main()
