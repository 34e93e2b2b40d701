"""The file of costs: kept by device, replaced as a whole, never a reason to stop."""

import json
import logging
from pathlib import Path

import pytest

from experts.scheduling.cost_file import default_cost_path, load_costs, save_costs
from experts.scheduling.costs import CostBook
from experts.scheduling.model_costs import ModelFacts

ATLAS = ModelFacts(key="atlas", family="qwen", weight_bytes=5_000_000)


def book_of(device: str, seconds: float) -> CostBook:
    book = CostBook(device)
    book.observe_switch(ATLAS, "reload", seconds)
    return book


def test_the_file_lies_in_the_users_cache_unless_a_folder_is_named() -> None:
    home = Path("~/.cache").expanduser() / "compound" / "hosting-costs.json"
    assert default_cost_path({}) == home
    assert default_cost_path({"XDG_CACHE_HOME": "/c"}) == Path("/c/compound/hosting-costs.json")
    assert default_cost_path({"XDG_CACHE_HOME": "/c", "COMPOUND_CACHE": "/d"}) == Path(
        "/d/hosting-costs.json"
    )


def test_what_is_saved_is_loaded_and_devices_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "costs.json"
    assert load_costs(path, "cpu x2").to_dict() == CostBook("cpu x2").to_dict()
    assert save_costs(path, book_of("cpu x2", 0.2)) and save_costs(path, book_of("cpu x1", 0.4))
    assert load_costs(path, "cpu x2").prices(ATLAS).reload_s == 0.2
    assert load_costs(path, "cpu x1").prices(ATLAS).reload_s == 0.4
    assert [p.name for p in path.parent.iterdir()] == ["costs.json"], "no temporary file is left"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "\ufeff\udcff",
        '{"version": 2, "devices": {}}',
        '{"version": 1}',
        '{"version": 1, "devices": {"cpu x2": []}}',
        '{"version": 1, "devices": {"cpu x2": {"turn": 1, "starts": [NaN], "models": {}, "shares": {}}}}',
        '{"version": 1, "devices": {"cpu x2": {"turn": 1, "starts": [], "models": {"a": 1}, "shares": {}}}}',
        '{"version": 1, "devices": {"cpu x2": {"turn": 1, "starts": [], "shares": {}, "models": {"a": '
        '{"family": "f", "weight_bytes": 1, "turn": 1, "switches": {}, "work": [[0, 1, 1, 1.0, 0]]}}}}}',
        "[" * 100_000,
    ],
)
def test_a_file_that_cannot_be_used_is_passed_over_with_one_line_and_written_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    path = tmp_path / "costs.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with caplog.at_level(logging.WARNING):
        assert load_costs(path, "cpu x2").to_dict() == CostBook("cpu x2").to_dict()
    assert len(caplog.records) == 1
    assert save_costs(path, book_of("cpu x2", 0.3))
    assert load_costs(path, "cpu x2").prices(ATLAS).reload_s == 0.3
    assert json.loads(path.read_text(encoding="utf-8"))["version"] == 1


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        assert not save_costs(tmp_path / "file" / "costs.json", book_of("cpu x2", 0.2))
    assert "cannot be kept" in caplog.text
