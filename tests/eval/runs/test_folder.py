from pathlib import Path

import pytest

from eval.runs.course import Course
from eval.runs.folder import RunFolder
from eval.runs.manifest import BenchmarkEntry, Manifest
from experts.errors import BenchmarkError

ENTRY = BenchmarkEntry(name="pocket", version="1", split="test", n=5)
MANIFEST = Manifest(benchmarks=(ENTRY,), config={"k": 3, "hosting": {"slots": 1}}, versions={"ray": "1"})


def other(**changes: object) -> Manifest:
    return MANIFEST.model_copy(update=changes)


def test_a_new_folder_starts_and_an_unfinished_one_counts_its_interruptions(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "a" / "b")
    assert [folder.begin(MANIFEST) for _ in range(3)] == [0, 1, 2]
    assert Manifest.read(folder.manifest) == MANIFEST
    folder.report.write_text("{}", encoding="utf-8")
    assert folder.begin(MANIFEST) == 0
    assert folder.report.exists(), "what is finished stays until it is made anew"


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"config": {"k": 2, "hosting": {"slots": 1}}}, "config.k"),
        ({"experts_only": True}, "experts_only"),
        ({"benchmarks": (ENTRY.model_copy(update={"n": 6}),)}, "benchmarks"),
        ({"identities": {"ann": "x"}}, "identities.ann"),
    ],
)
def test_another_run_is_refused_with_what_is_not_the_same(
    tmp_path: Path, changed: dict[str, object], what: str
) -> None:
    folder = RunFolder(tmp_path)
    folder.begin(MANIFEST)
    with pytest.raises(BenchmarkError, match=rf"holds another run \(not the same: {what}\)"):
        folder.begin(other(**changed))
    assert Manifest.read(folder.manifest) == MANIFEST


def test_many_differences_are_counted(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.begin(other(config={f"k{i}": i for i in range(8)}))
    with pytest.raises(BenchmarkError, match="and 4 more"):
        folder.begin(MANIFEST)


def test_updates_and_other_machines_go_on(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.begin(MANIFEST)
    assert folder.begin(other(versions={"ray": "2"}, config={"k": 3, "hosting": {"slots": 4}})) == 1


def test_overwriting_drops_results_and_keeps_completions(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.begin(MANIFEST)
    for path in (folder.store, folder.rows, folder.report, folder.page, folder.matrix):
        path.write_text("x", encoding="utf-8")
    assert folder.begin(other(experts_only=True), overwrite=True) == 0
    assert folder.store.exists()
    assert not any(p.exists() for p in (folder.rows, folder.report, folder.page, folder.matrix))


def test_course_is_kept(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert folder.read_course() == Course()
    course = Course(seconds={"total": 1.5}, switches={"reload": 2}, continued=1)
    folder.write_course(course)
    assert folder.read_course() == course


def test_files_that_are_none_of_a_run_are_one_sentence(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.manifest.write_text('{"format": "x"}', encoding="utf-8")
    with pytest.raises(BenchmarkError, match="is not the manifest of a run"):
        folder.begin(MANIFEST)
    folder.course.write_text("[", encoding="utf-8")
    with pytest.raises(BenchmarkError, match="remove it"):
        folder.read_course()
    (tmp_path / "file").touch()
    with pytest.raises(BenchmarkError, match="cannot be made"):
        RunFolder(tmp_path / "file")
