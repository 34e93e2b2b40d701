"""What was set differently in two runs."""

from checks.made_rows import manifest_of, question_row

from eval.runs.setting_changes import setting_changes, shown


def test_settings_show_both_values_also_of_names_with_dots() -> None:
    rows = [question_row("made:1", {"ann": "A"})]
    first = manifest_of(rows, config={"k": 2, "experts": {"qwen-2.5": {"max": 1}}})
    second = manifest_of(rows, config={"k": 3, "experts": {"qwen-2.5": {"max": 9}}, "stopping": None})
    assert setting_changes(first, second) == (
        ("config.k", 2, 3),
        ("config.experts.qwen-2.5.max", 1, 9),
    )


def test_a_long_setting_is_cut() -> None:
    assert shown({"a": "b" * 100}).endswith("...") and len(shown({"a": "b" * 100})) == 48
    assert shown(None) == "-"
