"""Every kind of router, with settings that fit the forty questions of `tests/routers/conftest.py`.

from checks.miniature_routers import TRAINED, make_miniature

A new kind is a line in `TRAINED`.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from routers.baselines import FixedRouter, RandomRouter
from routers.config import TrainableConfig
from routers.making import make_router
from routers.router import Router

SMALL = {"kind": "lexical", "dimensions": 8}
DESCRIPTIONS = {"atlas": "capital of europe", "bard": "asia, small numbers", "cato": "river, large numbers"}
_LLM = {"kind": "llm", "expert": "helper"}
_NEAREST = {"kind": "encoder", "skills": ["capital", "river", "addition", "europe", "asia"]}
_FIELDS = {
    "geography": ["capital of europe", "capital of asia", "river of europe"],
    "arithmetic": ["addition of small numbers"],
}

EMBEDDED: dict[str, dict[str, Any]] = {
    "knn": {"kind": "knn"},
    "knn-raw": {"kind": "knn", "calibrate": False, "neighbours": 3, "dimensions": None},
    "clusters": {"kind": "clusters", "clusters": 5, "prior_questions": 2},
    "pilots": {"kind": "pilots", "pilots": 2},
    "pilots-owner": {"kind": "pilots", "pilots": 2, "owner_first": True},
    "linear": {"kind": "linear"},
    "subjects": {"kind": "subjects"},
    "domains": {"kind": "domains", "domains": _FIELDS},
    "two_step": {"kind": "two_step"},
    "two_step-clusters": {"kind": "two_step", "categories": "clusters", "clusters": 5},
    "irt": {"kind": "irt", "l2": 0.2, "l2_difficulty": 0.2},
    "factors": {"kind": "factors", "rank": 3, "l2": 0.2},
    "tree": {"kind": "tree", "dimensions": 6, "min_questions": 4, "shrinkage": 2},
    "forest": {"kind": "forest", "trees": 20, "dimensions": 6, "min_questions": 4},
    "descriptions": {"kind": "descriptions", "descriptions": DESCRIPTIONS},
}
"""Kinds that see questions as vectors, without their encoder."""

TRAINED: dict[str, dict[str, Any]] = {
    **{name: {**config, "encoder": SMALL} for name, config in EMBEDDED.items()},
    "ensemble": {
        "kind": "ensemble",
        "members": [
            {"kind": "knn", "encoder": SMALL},
            {"kind": "descriptions", "descriptions": DESCRIPTIONS, "encoder": SMALL},
            {"kind": "clusters", "clusters": 5, "encoder": {"kind": "lexical", "dimensions": 6}},
        ],
    },
    "best_single": {"kind": "best_single"},
    "llm": _LLM,
    "transformer": {"kind": "transformer", "model": "", "epochs": 2, "learning_rate": 2e-3},
    "transformer-subject": {"kind": "transformer", "model": "", "epochs": 2, "level": "subject"},
    "skill": {"kind": "skill", "annotator": _LLM},
    "skill-encoder": {"kind": "skill", "annotator": _NEAREST},
    "skill-released": {"kind": "skill", "mode": "released", "annotator": _LLM},
    "skill-paper": {
        "kind": "skill",
        "mode": "released",
        "annotator": _LLM,
        "released": {"selection": "softmax", "trim": 0.05},
    },
}
"""What `compound train` and `compound profile` make; a transformer's `model` is to be given."""

ROUTERS = ("fixed", "random", *TRAINED)

_CONFIG: TypeAdapter[TrainableConfig] = TypeAdapter(TrainableConfig)


def miniature_config(name: str, model: str = "") -> TrainableConfig:
    """The configuration of a router of `TRAINED`; `model` is a folder with a tiny network."""
    raw = TRAINED[name]
    return _CONFIG.validate_python({**raw, "model": model} if raw["kind"] == "transformer" else raw)


def make_miniature(name: str, model: str = "") -> Router:
    """A fresh router of `ROUTERS`."""
    if name == "fixed":
        return FixedRouter(["bard"])
    if name == "random":
        return RandomRouter(seed=4)
    return make_router(miniature_config(name, model))
