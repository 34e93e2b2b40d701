"""Two runs question by question: figures, flips, what must not be compared."""

from collections.abc import Sequence
from typing import Any

import pytest
from checks.made_rows import manifest_of, question_row

from eval.runs.comparing import Comparison, compare_runs
from eval.runs.manifest import Manifest
from eval.runs.row import QuestionRow
from experts.errors import BenchmarkError

# The system's letter and ann's by question; A is right.
FIRST = (("A", "A"), ("A", "B"), ("B", "A"), ("B", "B"), ("-", "A"), ("!", "A"))
SECOND = (("A", "A"), ("B", "B"), ("A", "A"), ("B", "B"), ("A", "A"), ("B", "A"))


def rows_of(made: Sequence[tuple[str, str]], **changes: Any) -> list[QuestionRow]:
    return [
        question_row(
            f"made:{i}",
            {"ann": ann},
            system=system,
            subject=("sums", "laws")[i % 2],
            chosen=("ann",),
            **changes,
        )
        for i, (system, ann) in enumerate(made)
    ]


def of(rows: Sequence[QuestionRow], **changes: Any) -> tuple[Manifest, Sequence[QuestionRow]]:
    return manifest_of(rows, ("ann",), **changes), rows


def compared(**options: Any) -> Comparison:
    return compare_runs(of(rows_of(FIRST)), of(rows_of(SECOND)), **options)


def test_flips_are_by_the_second_run_and_unparsed_and_errors_count_as_wrong() -> None:
    found = compared()
    assert found.gained == ("made:2", "made:4")
    assert found.lost == ("made:1",)
    assert found.system is not None
    assert (found.system.n, found.system.first, found.system.second) == (6, 2 / 6, 3 / 6)
    assert found.system.low <= found.system.difference <= found.system.high
    assert found.n == 6 and found.only_first == found.only_second == 0


def test_subjects_and_experts_are_paired_too() -> None:
    found = compared()
    assert [(c.what, c.n, c.first, c.second) for c in found.subjects] == [
        ("sums", 3, 1 / 3, 1.0),
        ("laws", 3, 1 / 3, 0.0),
    ]
    assert [(c.what, c.n, c.difference) for c in found.experts] == [("ann", 6, 0.0)]
    assert (found.experts[0].low, found.experts[0].high) == (0.0, 0.0)


def test_the_same_run_twice_differs_in_nothing() -> None:
    found = compare_runs(of(rows_of(FIRST)), of(rows_of(FIRST)))
    assert found.system is not None and found.tokens is not None
    assert (found.system.low, found.system.high, found.tokens.difference) == (0, 0, 0)
    assert (found.gained, found.lost, found.settings) == ((), (), ())


def test_intervals_are_the_same_every_time() -> None:
    assert compared() == compared()


def test_runs_of_experts_only_are_compared_by_experts() -> None:
    alone = [question_row(f"made:{i}", {"ann": ann}) for i, (_, ann) in enumerate(FIRST)]
    found = compare_runs(of(alone), of(rows_of(SECOND)))
    assert found.system is None and found.tokens is None and found.subjects == ()
    assert [c.what for c in found.experts] == ["ann"]


def test_other_questions_are_refused_unless_told_so() -> None:
    first, second = of(rows_of(FIRST)), of(rows_of(SECOND)[2:])
    with pytest.raises(BenchmarkError, match=r"2 are in the first only, 0 in the second only, 4 in both"):
        compare_runs(first, second)
    found = compare_runs(first, second, common=True)
    assert (found.n, found.only_first, found.gained) == (4, 2, ("made:2", "made:4"))


def test_without_a_common_question_nothing_is_compared() -> None:
    rows = [row.model_copy(update={"id": f"other:{row.id}"}) for row in rows_of(SECOND)]
    with pytest.raises(BenchmarkError, match="no question in common"):
        compare_runs(of(rows_of(FIRST)), of(rows), common=True)


def test_other_versions_files_and_golds_are_refused() -> None:
    first = of(rows_of(FIRST))
    entry = first[0].benchmarks[0]

    def with_entry(**changes: Any) -> tuple[Manifest, Sequence[QuestionRow]]:
        changed = entry.model_copy(update=changes)
        return first[0].model_copy(update={"benchmarks": (changed,)}), first[1]

    with pytest.raises(BenchmarkError, match="version 7 in the first run and 8 in the second"):
        compare_runs(first, with_entry(version="8"), common=True)
    with pytest.raises(BenchmarkError, match="files of made are not the same"):
        compare_runs(with_entry(sha256="a" * 64), with_entry(sha256="b" * 64))
    with pytest.raises(BenchmarkError, match="1 questions have another gold answer"):
        changed = [first[1][0].model_copy(update={"gold": "C"}), *first[1][1:]]
        compare_runs(first, of(changed))
