"""A fitted fusion on disk: `aggregator.json` for people, `state.skops` for arrays and trees.

Knows the folder's layout (`experts.saving`) and no way to fit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from aggregators.equivalence.equivalence import Equivalence
from aggregators.learned.features import Norms
from aggregators.learned.gain import GainModel
from aggregators.learned.learned import KIND, LearnedFusion
from aggregators.learned.model import FusionModel
from aggregators.learned.tree_arrays import as_arrays, from_arrays
from experts.errors import ConfigError
from experts.saving import FORMAT_VERSION, Header, load_header, load_state, save_fitted, versions


def save_fusion(folder: Path, fusion: LearnedFusion, questions: int) -> None:
    """Write a fusion.

    Args:
        folder: made if need be.
        fusion: fitted.
        questions: how many it was fitted on.

    Raises:
        ConfigError: the folder cannot be written.
    """
    model = fusion.model
    header = Header(
        format=FORMAT_VERSION,
        kind=KIND,
        config={"reads_texts": fusion.reads_texts},
        experts=fusion.pool,
        questions=questions,
        versions=versions(),
    )
    state = {
        "estimates": model.norms.estimates,
        "log_tokens": model.norms.log_tokens,
        "certainty": model.norms.certainty,
        "trees": as_arrays(model.trees),
        "usable": model.usable,
        "gain": None if model.gain is None else as_arrays(model.gain.trees),
    }
    save_fitted(folder, header, state, "aggregator")


def load_fusion(folder: Path, equivalence: Equivalence | None = None) -> LearnedFusion:
    """The fusion in a folder.

    Raises:
        ConfigError: there is none, one of other versions, or a damaged one.
    """
    header = load_header(folder, "aggregator")
    if header.kind != KIND:
        raise ConfigError(f"The aggregator at {folder} is of kind {header.kind!r}, not {KIND!r}.")
    try:
        model = _model(load_state(folder, "aggregator"), len(header.experts))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"The aggregator at {folder} does not hold what a learned fusion consists of ({error!r}): "
            "train it again with `compound train-aggregator`."
        ) from error
    return LearnedFusion(
        model, header.experts, equivalence, reads_texts=bool(header.config.get("reads_texts", False))
    )


def _model(state: dict[str, Any], m: int) -> FusionModel:
    norms = Norms(
        estimates=np.asarray(state["estimates"], dtype=np.float64),
        log_tokens=np.asarray(state["log_tokens"], dtype=np.float64),
        certainty=np.asarray(state["certainty"], dtype=np.float64),
    )
    shapes = norms.estimates.shape, norms.log_tokens.shape, norms.certainty.shape
    if shapes != ((m,), (2, m), (2, m)):
        raise ValueError(f"what is usual for {m} experts has shapes {shapes}")
    trees, usable = from_arrays(state["trees"]), np.asarray(state["usable"], dtype=np.bool_)
    if usable.ndim != 1 or usable.sum() != trees.n_features_in_:
        raise ValueError("the trees take other features than those that are usable")
    gain = None if state["gain"] is None else GainModel(trees=from_arrays(state["gain"]))
    return FusionModel(norms=norms, trees=trees, usable=usable, gain=gain)
