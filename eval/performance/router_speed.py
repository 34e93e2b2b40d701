"""How long routers take to fit and to decide, on vectors and outcomes made up for the purpose.

    python -m eval.performance.router_speed [--kinds knn,forest] [--questions 5000] [--experts 39]

Fitting includes the five further fits of calibration. Decisions are made from vectors: estimates of all
experts, then the best. Accuracy means nothing here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np

from experts.encoders.build import build_encoder
from routers.embedded_config import EmbeddedConfig
from routers.embedding_router import EmbeddingRouter
from routers.making import make_estimator
from routers.training_data import TrainingData

KINDS = "knn,clusters,pilots,linear,subjects,domains,two_step,irt,factors,tree,forest"
_ASKED = 20_000
_SINGLES = 200
_DIMENSIONS = 384
_SUBJECTS = ("math", "law", "health", "physics", "history", "business", "chemistry")


def made_up(questions: int, experts: int, rng: np.random.Generator) -> TrainingData:
    """Questions around a centre for every subject, experts with an accuracy for each."""
    centres = rng.normal(size=(len(_SUBJECTS), _DIMENSIONS))
    subject = rng.integers(len(_SUBJECTS), size=questions)
    vectors = centres[subject] + rng.normal(size=(questions, _DIMENSIONS)) * 2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    accuracy = rng.uniform(0.2, 0.8, size=(len(_SUBJECTS), experts))
    scores = (rng.random((questions, experts)) < accuracy[subject]).astype(np.float64)
    return TrainingData(
        vectors=vectors.astype(np.float32),
        scores=scores,
        experts=tuple(f"expert{j}" for j in range(experts)),
        subjects=tuple(_SUBJECTS[s] for s in subject),
        texts=tuple(f"question {i}" for i in range(questions)),
    )


def measure(kind: str, data: TrainingData, asked: TrainingData) -> dict[str, float | str]:
    """Seconds to fit, decisions a second for all at once, and the median of one by one."""
    config = _config(kind)
    router = EmbeddingRouter(config, lambda: make_estimator(config))
    router.encoder_ = build_encoder(config.encoder)  # questions come as vectors; it is never asked
    started = time.perf_counter()
    router.learn_vectors(data)
    fitted = time.perf_counter() - started
    router.estimator_.predict(asked.vectors[:8])
    started = time.perf_counter()
    _decide(router, asked)
    batch = time.perf_counter() - started
    singles = []
    for i in range(_SINGLES):
        one = asked.take(np.array([i], dtype=np.int64))
        started = time.perf_counter()
        _decide(router, one)
        singles.append(time.perf_counter() - started)
    return {
        "kind": kind,
        "fit_seconds": fitted,
        "decisions_per_second": len(asked.texts) / batch,
        "one_ms": float(np.median(singles)) * 1e3,
    }


def _decide(router: EmbeddingRouter, asked: TrainingData) -> int:
    """Calibrated chances of all experts, and the sum of the best ones' places."""
    assert router.calibration_ is not None
    chances = router.calibration_.apply([router.estimator_.predict(asked.vectors)])
    return int(chances.argmax(axis=1).sum())


def _config(kind: str) -> EmbeddedConfig:
    from pydantic import TypeAdapter

    from routers.embedded_kinds import EmbeddedKind

    config: EmbeddedConfig = TypeAdapter(EmbeddedKind).validate_python({"kind": kind})
    return config


def main() -> None:
    """Print a line of JSON per kind."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kinds", default=KINDS)
    parser.add_argument("--questions", type=int, default=5000)
    parser.add_argument("--experts", type=int, default=39)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    everything = made_up(arguments.questions + _ASKED, arguments.experts, rng)
    data = everything.take(np.arange(arguments.questions))
    asked = everything.take(np.arange(arguments.questions, arguments.questions + _ASKED))
    for kind in arguments.kinds.split(","):
        sys.stdout.write(json.dumps(measure(kind, data, asked)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
