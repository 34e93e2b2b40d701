"""Files that are there whole or not at all."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.runs.whole_file import write_whole
from experts.errors import BenchmarkError


def test_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("old", encoding="utf-8")
    write_whole(path, ["é", "\n", "two\n"])
    assert path.read_bytes() == "é\ntwo\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_on_a_full_disk_what_was_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BenchmarkError, match=r"report.json cannot be written \(No space left on device\)"):
        write_whole(path, ["new"])
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")

    def parts() -> Iterator[str]:
        yield "new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, parts())
    assert path.read_text(encoding="utf-8") == "old"
