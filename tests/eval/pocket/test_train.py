"""`python -m eval.pocket.train`: what is there is left alone, what is missing is named in one sentence."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.pocket.roster import ROSTER
from eval.pocket.train import app


def _there(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "model.safetensors").touch()


@pytest.mark.parametrize("name", ["atlas", "aggregator"])
def test_what_a_member_is_made_from_is_asked_for(tmp_path: Path, name: str) -> None:
    args = ["--only", name, "--out", str(tmp_path / "pool"), "--work", str(tmp_path)]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 2
    assert f"{name} is made from models that are not there" in result.stderr
    assert "eval.pocket.train --only base" in result.stderr
    assert ("--only scholar" in result.stderr) == (name == "aggregator")


def test_members_that_are_there_are_left_alone(tmp_path: Path) -> None:
    _there(tmp_path / "base")
    for member in ROSTER:
        _there(tmp_path / "pool" / member.name)
    result = CliRunner().invoke(app, ["--out", str(tmp_path / "pool"), "--work", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert all((tmp_path / "pool" / m.name / "model.safetensors").read_bytes() == b"" for m in ROSTER)


def test_an_unknown_member_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--only", "atlass", "--work", str(tmp_path)], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "No member atlass" in result.stderr
