"""In-place reloads: what the engine holds equals the files, and tokens equal those of fresh engines."""

import json
from typing import Any


def test_a_b_a_c_b_are_reloads_and_hold_what_the_files_hold(trial: dict[str, Any]) -> None:
    steps = trial["steps"]
    assert [s["kind"] for s in steps] == ["new_engine", "reload", "reload", "reload", "reload"]
    assert [s["expert"] for s in steps] == ["abacus", "atlas", "abacus", "almanac", "atlas"]
    assert all(s["equal"] and s["checked"] > 10 for s in steps)
    assert [s["note"] for s in steps] == [None] * 5


def test_greedy_tokens_equal_those_of_fresh_engines(trial: dict[str, Any]) -> None:
    for step in trial["steps"]:
        assert step["tokens"] == trial["fresh"][step["expert"]], step["expert"]
    assert len({json.dumps(t) for t in trial["fresh"].values()}) == 4, (
        "the models must differ, or this shows nothing"
    )


def test_the_comparison_can_fail(trial: dict[str, Any]) -> None:
    assert not trial["wrong_file_equal"]
    assert "kept old values" in trial["wrong_file"]


def test_tied_models_are_refused(trial: dict[str, Any]) -> None:
    assert trial["tied_obstacle"] == "its embeddings are tied"
    first, second = trial["tied_refused"]
    assert (first["kind"], second["kind"]) == ("new_engine", "new_engine")
    assert "embeddings are tied" in second["note"]
    assert second["tokens"] == trial["fresh"]["tied2"]


def test_the_comparison_finds_the_stale_output_head_of_tied_models(trial: dict[str, Any]) -> None:
    # A failure of this test may be good news: a vLLM that reloads tied models rightly.
    first, second = trial["tied_unaware"]
    assert first["kind"] == second["kind"] == "new_engine"
    assert "after a reload: the engine kept old values" in first["note"]
    assert "lm_head (effective)" in first["note"]
    assert "instead of a reload" in second["note"], "what went wrong once is remembered for the family"
    assert second["tokens"] == trial["fresh"]["tied2"]
