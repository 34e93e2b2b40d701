"""Which questions a run is of: several benchmarks, other splits to choose by, ids unique."""

from pathlib import Path

import pytest
import yaml
from checks.scripted_systems import jsonl

from eval.runs.selection import select
from experts.errors import BenchmarkError


def capitals(folder: Path, name: str = "capitals", *, first_id: int = 0, private: bool = False) -> str:
    """A benchmark of one's own: 6 open questions to report on and 4 to choose by."""
    for split, n in (("test", 6), ("validation", 4)):
        rows = [
            {"id": f"{split}-{first_id + i}", "q": f"Capital of {name} {split} {first_id + i}?", "a": "Rome"}
            for i in range(n)
        ]
        jsonl(folder / f"{name}-{split}.jsonl", rows)
    mapping = {
        "name": name,
        "version": 3,
        "files": {split: f"{name}-{split}.jsonl" for split in ("test", "validation")},
        "columns": {"id": "id", "question": "q", "gold": "a"},
        "gold": "plain",
        "private": private,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(mapping), encoding="utf-8")
    return str(path)


def test_others_to_choose_by_come_from_another_split(tmp_path: Path) -> None:
    found = select([capitals(tmp_path)], split="test", validation=3)
    assert len(found.questions) == 6 and len(found.validation) == 3
    assert not {q.id for q in found.questions} & {q.id for q in found.validation}
    [entry], [other] = found.benchmarks, found.others
    assert (entry.name, entry.version, entry.split, entry.n) == ("capitals", "3", "test", 6)
    assert (other.split, other.n) == ("validation", 3)
    assert len(entry.sha256) == 64 and entry.sha256 != other.sha256


def test_several_benchmarks_are_one_run(tmp_path: Path) -> None:
    found = select(["pocket", capitals(tmp_path)], split="test", n=5, validation=2)
    assert [q.benchmark for q in found.questions] == ["pocket"] * 5 + ["capitals"] * 5
    assert [(e.name, e.n) for e in found.benchmarks] == [("pocket", 5), ("capitals", 5)]
    assert len(found.validation) == 4


def test_all_splits_keep_their_names_and_leave_none_to_choose_by(tmp_path: Path) -> None:
    found = select([capitals(tmp_path)], split="all", validation=3)
    assert [q.split for q in found.questions] == ["test"] * 6 + ["validation"] * 4
    assert found.validation == () and found.others == ()


def test_one_private_benchmark_makes_the_run_private(tmp_path: Path) -> None:
    secret = capitals(tmp_path, "secret", private=True)
    assert select(["pocket", secret], split="test", n=2).private
    assert not select(["pocket"], split="test", n=2).private


def test_another_file_has_another_checksum(tmp_path: Path) -> None:
    name = capitals(tmp_path)
    first = select([name], split="test").benchmarks[0].sha256
    capitals(tmp_path, first_id=1)
    assert select([name], split="test").benchmarks[0].sha256 != first


def test_what_cannot_be_selected_is_one_sentence(tmp_path: Path) -> None:
    name = capitals(tmp_path)
    with pytest.raises(BenchmarkError, match="A benchmark is named twice"):
        select([name, name], split="test")
    with pytest.raises(BenchmarkError, match=r"--data is given for aime, and the run is of pocket"):
        select(["pocket"], split="test", data={"aime": tmp_path})
    with pytest.raises(BenchmarkError, match=r"no split 'tset'.*test, validation"):
        select([name], split="tset")


def test_a_split_that_one_of_them_lacks_names_it(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"capitals has no split 'fit'"):
        select(["pocket", capitals(tmp_path)], split="fit", n=2)
