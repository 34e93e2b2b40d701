"""`live_command` from a YAML file to its files, on a scripted pool."""

import json
from pathlib import Path

import pytest
import typer
from checks.scripted_systems import system_file
from typer.testing import CliRunner

from eval.fusing.live.command import live_command, read_rows
from experts.errors import ConfigError

app = typer.Typer()
app.command()(live_command)


def test_it_writes_a_report_and_a_choice_and_shows_all_rows(tmp_path: Path) -> None:
    config = system_file(tmp_path)
    (tmp_path / "rows.yaml").write_text("clipped: {kind: weighted, clip: 0.1}\n", encoding="utf-8")
    out = tmp_path / "out"
    arguments = ["-c", str(config), "-o", str(out), "--limit", "12", "--groups", "1"]
    result = CliRunner().invoke(
        app, [*arguments, "--rows", str(tmp_path / "rows.yaml")], env={"COLUMNS": "200"}
    )
    assert result.exit_code == 0, result.output
    found = json.loads((out / "live.json").read_text(encoding="utf-8"))
    assert found["questions"] == {"validation": 12, "test": 12}
    assert found["rows"]["clipped"]["config"]["clip"] == 0.1
    for row in [*found["rows"], *found["floors"]]:
        assert row in result.output
    assert "synthesis was left out" in result.output
    assert json.loads((out / "choice.json").read_text(encoding="utf-8"))["everywhere"]["chosen"] == "vote"


def test_rows_may_name_paths_beside_their_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.yaml"
    path.write_text("mine: {kind: chosen, path: choice.json}\n", encoding="utf-8")
    assert read_rows(path)["mine"].model_dump()["path"] == tmp_path / "choice.json"


def test_a_wrong_row_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.yaml"
    path.write_text("mine: {kind: majorty}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="mine is not an aggregator"):
        read_rows(path)
