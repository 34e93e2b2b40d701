"""How questions ended, and accuracy with and without those that have no answer."""

from checks.made_rows import question_row

from eval.reports.outcome_counts import outcome_counts


def test_accuracy_with_and_without() -> None:
    ends = [("A", 0), ("A", 2), ("B", 0), ("-", 1), ("?", 0), ("!", 0), ("A", 0), ("B", 1)]
    rows = [
        question_row(f"q{i}", {"ann": "A"}, system=system, chosen=["ann"], truncated=cut)
        for i, (system, cut) in enumerate(ends)
    ]
    found = outcome_counts(rows)
    assert found is not None
    assert (found.right, found.wrong, found.unparsed, found.abstained, found.error) == (3, 2, 1, 1, 1)
    assert found.truncated == 3
    assert found.accuracy.value == 3 / 8
    assert found.accuracy_of_answered is not None and found.accuracy_of_answered.value == 3 / 5
    assert found.accuracy_of_uncut is not None and found.accuracy_of_uncut.value == 2 / 5
    assert found.coverage == 5 / 8


def test_nothing_answered_and_everything_cut_off_is_none_and_not_zero() -> None:
    rows = [question_row("q", {"ann": "A"}, system="-", chosen=["ann"], truncated=1)]
    found = outcome_counts(rows)
    assert found is not None
    assert (found.accuracy.value, found.accuracy_of_answered, found.accuracy_of_uncut) == (0.0, None, None)


def test_without_a_system_there_is_none() -> None:
    assert outcome_counts([question_row("q", {"ann": "A"})]) is None
