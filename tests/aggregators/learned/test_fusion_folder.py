"""A learned fusion on disk: what comes back, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from checks.made_pools import answered, choice, independent, made_pool, shared_fusion

from aggregators.build import build_aggregator
from aggregators.learned.config import LearnedFusionConfig
from aggregators.learned.fusion_folder import load_fusion, save_fusion
from aggregators.learned.learned import LearnedFusion
from aggregators.learned.model import FusionModel
from experts.errors import ConfigError
from experts.saving import load_header, load_state, save_fitted


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_fusion(tmp_path / "fusion", shared_fusion(), questions=150)
    return tmp_path / "fusion"


def test_a_fusion_comes_back_as_it_was(folder: Path) -> None:
    items = made_pool(independent(*"abcde"), 40, seed=9).items
    items += [choice(answered("a", "A"), answered("b", "B"), a=0.9), choice(answered("zoe", "C"))]
    found = load_fusion(folder)
    assert found.pool == shared_fusion().pool
    assert found.aggregate(items) == shared_fusion().aggregate(items)
    assert found.gains(items) == shared_fusion().gains(items)
    built = build_aggregator(LearnedFusionConfig(kind="learned", path=folder))
    assert built.aggregate(items) == shared_fusion().aggregate(items)


def test_a_fusion_without_a_gain_comes_back_without_one(tmp_path: Path) -> None:
    model = shared_fusion().model
    bare = FusionModel(norms=model.norms, trees=model.trees, usable=model.usable)
    save_fusion(tmp_path, LearnedFusion(bare, tuple("abcde")), questions=150)
    assert load_fusion(tmp_path).model.gain is None


@pytest.mark.parametrize("reads_texts", [False, True])
def test_whether_texts_are_read_comes_back(tmp_path: Path, reads_texts: bool) -> None:
    fusion = LearnedFusion(shared_fusion().model, tuple("abcde"), reads_texts=reads_texts)
    save_fusion(tmp_path, fusion, questions=150)
    assert load_fusion(tmp_path).reads_texts is reads_texts


def test_people_can_read_what_it_was_fitted_on(folder: Path) -> None:
    written = json.loads((folder / "aggregator.json").read_text())
    assert (written["kind"], written["experts"], written["questions"]) == ("learned", [*"abcde"], 150)


def test_a_missing_folder_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No trained aggregator at .*lost .*compound train-aggregator"):
        load_fusion(tmp_path / "lost")


def test_the_folder_of_a_router_is_refused(folder: Path) -> None:
    header = load_header(folder, "aggregator").model_copy(update={"kind": "knn"})
    save_fitted(folder, header, {"trees": None}, "aggregator")
    with pytest.raises(ConfigError, match="of kind 'knn', not 'learned'"):
        load_fusion(folder)
    (folder / "aggregator.json").rename(folder / "router.json")
    with pytest.raises(ConfigError, match="No trained aggregator at"):
        load_fusion(folder)


def test_a_cut_off_file_is_refused(folder: Path) -> None:
    state = folder / "state.skops"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(ConfigError, match=r"cannot be read .*train the aggregator again"):
        load_fusion(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trees": None}, "TypeError"),
        ({"trees": {"bare": 1, "nodes": 2, "sizes": 3}}, "boosted trees are needed, got int"),
        ({"trees": {}}, "KeyError"),
        ({"usable": np.array([True])}, "other features than those that are usable"),
        ({"estimates": np.array([0.5, 0.5])}, "what is usual for 5 experts has shapes"),
    ],
    ids=["no-trees", "numbers", "lacking", "features", "experts"],
)
def test_a_state_of_something_else_is_refused(folder: Path, changes: dict[str, object], words: str) -> None:
    state = load_state(folder, "aggregator") | changes
    save_fitted(folder, load_header(folder, "aggregator"), state, "aggregator")
    with pytest.raises(ConfigError, match=f"does not hold what a learned fusion consists of .*{words}"):
        load_fusion(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [("left", 0), ("right", 10_000), ("feature_idx", -1), ("feature_idx", 1000), ("is_categorical", 1)],
)
def test_a_tree_that_leads_out_of_its_nodes_is_refused(folder: Path, field: str, value: int) -> None:
    state = load_state(folder, "aggregator")
    nodes = state["trees"]["nodes"]
    nodes[field][np.flatnonzero(nodes["is_leaf"] == 0)[3]] = value
    save_fitted(folder, load_header(folder, "aggregator"), state, "aggregator")
    with pytest.raises(ConfigError, match="a tree has a step to nowhere"):
        load_fusion(folder)


@pytest.mark.parametrize("sizes", [[], [3, 3], [[1]]])
def test_trees_of_other_sizes_than_their_nodes_are_refused(folder: Path, sizes: list[int]) -> None:
    state = load_state(folder, "aggregator")
    state["trees"]["sizes"] = np.array(sizes, dtype=np.int64)
    save_fitted(folder, load_header(folder, "aggregator"), state, "aggregator")
    with pytest.raises(ConfigError, match="the sizes of trees do not fit their nodes"):
        load_fusion(folder)
