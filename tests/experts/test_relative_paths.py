"""Relative paths become those of the file's folder, wherever they stand; all else stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from experts.relative_paths import anchor_paths


class _Part(BaseModel):
    path: Path | None = None
    model: str = "owner/name"

    @property
    def is_local(self) -> bool:
        return self.model.startswith(".")


class _Whole(BaseModel):
    one: _Part = _Part()
    by_name: dict[str, _Part] = {}
    several: tuple[_Part, ...] = ()
    note: str = "a/b"


HOME = Path("/home/somebody")


def test_paths_at_every_depth_are_anchored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(HOME))
    whole = _Whole(
        one=_Part(path=Path("../up")),
        by_name={"a": _Part(path=Path("near"))},
        several=(_Part(path=Path("/fixed")), _Part(path=Path("~/own"))),
    )
    anchored = anchor_paths(whole, Path("/data/configs"))
    assert anchored.one.path == Path("/data/up")
    assert anchored.by_name["a"].path == Path("/data/configs/near")
    assert [part.path for part in anchored.several] == [Path("/fixed"), HOME / "own"]
    assert anchored.note == "a/b"
    assert whole.one.path == Path("../up"), "what is given stays as it is"


def test_a_model_is_a_path_only_where_it_is_a_folder() -> None:
    folder = Path("/data")
    assert anchor_paths(_Part(model="./weights"), folder).model == "/data/weights"
    assert anchor_paths(_Part(model="owner/name"), folder).model == "owner/name"


def test_without_paths_the_very_same_value_comes_back() -> None:
    part = _Part()
    assert anchor_paths(part, Path("/data")) is part
