"""GPQA from an encrypted archive: counts and checksum checked, options permuted, nothing in plain text.

The archive here is made up and encrypted as zip archives are; the real one is read where COMPOUND_DATA is.
"""

import csv
import hashlib
import io
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from eval.benchmarks import gpqa
from eval.benchmarks.gpqa import GpqaBenchmark
from experts.errors import BenchmarkError
from experts.sealing import GPQA_PASSWORD

COUNTS = {"diamond": 3, "main": 5, "extended": 8}
NAMES = ["Question", *gpqa._OPTIONS, "High-level domain", "Record ID"]


def rows(count: int) -> list[list[str]]:
    return [
        [f"Question {i}?\n", f"right {i}", f"wrong {i}a", f"wrong {i}b", f"wrong {i}c", "Physics", f"rec{i}"]
        for i in range(count)
    ]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small archive that takes the place of the real one."""
    if shutil.which("zip") is None:
        pytest.skip("needs the program zip")
    folder = tmp_path / "dataset"
    folder.mkdir()
    for subset, count in COUNTS.items():
        with (folder / f"gpqa_{subset}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([NAMES, *rows(count)])
    path = tmp_path / "made" / gpqa.ARCHIVE
    path.parent.mkdir()
    subprocess.run(["zip", "-q", "-r", "-P", GPQA_PASSWORD, str(path), "dataset"], cwd=tmp_path, check=True)
    shutil.rmtree(folder)
    monkeypatch.setattr(gpqa, "COUNTS", COUNTS)
    monkeypatch.setattr(gpqa, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def test_the_right_option_has_the_gold_letter_and_its_permutation_is_kept(archive: Path) -> None:
    for question in GpqaBenchmark("extended", archive).load("test"):
        number = question.id.removeprefix("gpqa_extended:rec")
        place = question.query.letters.index(question.gold)
        assert question.query.choices[place] == f"right {number}"
        assert question.permutation[place] == 0 and sorted(question.permutation) == [0, 1, 2, 3]
        assert question.private and question.subject == "Physics" and question.split == "test"


def test_the_order_of_options_depends_on_nothing_but_the_question(archive: Path) -> None:
    whole = {q.id: q.permutation for q in GpqaBenchmark("extended", archive).load("test")}
    some = {q.id: q.permutation for q in GpqaBenchmark("extended", archive).load("test", 3)}
    assert some.items() <= whole.items()
    main = {q.id.partition(":")[2]: q.permutation for q in GpqaBenchmark("main", archive).load("test")}
    assert all(whole[f"gpqa_extended:{record}"] == order for record, order in main.items())
    assert len({*whole.values()}) > 1


def test_validation_is_what_the_next_larger_subset_has_beside_it(archive: Path) -> None:
    diamond = GpqaBenchmark("diamond", archive)
    assert diamond.splits == ("test", "validation")
    test, validation = ({q.id for q in diamond.load(split)} for split in diamond.splits)
    assert test == {f"gpqa_diamond:rec{i}" for i in range(3)}
    assert validation == {f"gpqa_diamond:rec{i}" for i in (3, 4)}
    assert GpqaBenchmark("extended", archive).splits == ("test",)


def test_the_folder_of_the_archive_is_as_good_as_its_path(archive: Path) -> None:
    assert GpqaBenchmark("main", archive.parent).load("test") == GpqaBenchmark("main", archive).load("test")
    assert GpqaBenchmark("main", archive).checksum("test") == gpqa.SHA256


def test_what_cannot_be_read_is_one_sentence_without_a_question(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [
        (None, "read from the authors' encrypted archive; get dataset.zip .* --data gpqa_main=PATH"),
        (archive / "nowhere", "cannot be read"),
        (archive.parent.parent, "dataset.zip cannot be read .No such file"),
    ]
    for path, words in cases:
        with pytest.raises(BenchmarkError, match=words):
            GpqaBenchmark("main", path).load("test")
    with pytest.raises(BenchmarkError, match="at least 1, got 0"):
        GpqaBenchmark("main", archive).load("test", 0)
    with pytest.raises(BenchmarkError, match="has 5 questions, and 6 are asked for"):
        GpqaBenchmark("main", archive).load("test", 6)
    monkeypatch.setattr(gpqa, "COUNTS", COUNTS | {"main": 6})
    with pytest.raises(BenchmarkError, match="has 5 questions, and 6 whole ones are expected") as caught:
        GpqaBenchmark("main", archive).load("test")
    assert "Question" not in str(caught.value)


def test_another_archive_is_refused(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes() + b" ")
    with pytest.raises(BenchmarkError, match=r"is not the archive that gpqa_main is known by .sha256"):
        GpqaBenchmark("main", archive).load("test")


def test_the_real_archive_has_the_published_numbers() -> None:
    data = os.environ.get("COMPOUND_DATA")
    if not data:
        pytest.skip("COMPOUND_DATA (folder of outcomes) is not set")
    for subset, count in gpqa.COUNTS.items():
        questions = GpqaBenchmark(subset, Path(data) / "gpqa").load("test")
        assert len({q.id for q in questions}) == count
        assert {*Counter(q.gold for q in questions)} == {"A", "B", "C", "D"}
    assert len(GpqaBenchmark("diamond", Path(data) / "gpqa").load("validation")) == 250


def test_reads_what_a_csv_may_hold() -> None:
    """Line breaks and quotes in a question, as the authors' files have them."""
    text = io.StringIO()
    csv.writer(text).writerows([NAMES, ['a "b",\nc', *"wxyz", "Biology", "r"]])
    [row] = csv.DictReader(io.StringIO(text.getvalue()))
    assert GpqaBenchmark("main", None)._question(row, "test").query.question == 'a "b",\nc'
