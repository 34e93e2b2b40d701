"""`compound profile`: files, JSON, exit codes, nothing asked twice."""

from pathlib import Path

import numpy as np
from checks.run_commands import run, strict
from checks.scripted_systems import TRIO, mute, system_file

from eval.profile_summary import profile_lines, profile_summary
from eval.question import Question
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.skills.profile_file import load_profiles

SKILL = {"kind": "skill", "annotator": {"kind": "encoder", "skills": ["capitals", "numbers"]}}


def test_profile_writes_outcomes_and_profiles_that_a_router_reads(tmp_path: Path) -> None:
    out = tmp_path / "profile"
    config = str(system_file(tmp_path, TRIO, router=SKILL, k=2))
    result = run("profile", "pocket", "-n", "12", "-c", config, "-o", str(out), "--json")
    assert result.exit_code == 0, result.output
    summary = strict(result.stdout)
    assert (summary["n"], summary["errors"], set(summary["accuracy"])) == (12, 0, set(TRIO))
    table = OutcomeTable.load(out / "matrix.parquet")
    assert table.experts == tuple(TRIO)
    assert table.outcomes.accuracy() == summary["accuracy"]
    assert set(table.splits) == {"train"} and len(table.queries) == 12
    assert load_profiles(out / "skill_profiles.json")
    fitted = SKILL | {"profiles": str(out / "skill_profiles.json")}
    config = str(system_file(tmp_path, TRIO, router=fitted, k=2))
    assert run("eval", "pocket", "-n", "3", "-c", config, "--json").exit_code == 0


def test_profile_in_words(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, TRIO, router=SKILL, k=2))
    result = run("profile", "pocket", "-n", "4", "-c", config, "-o", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert "% of 4" in result.stdout
    assert f"are in {tmp_path / 'out'}." in result.stdout


def test_profile_for_another_kind_of_router_writes_outcomes_alone(tmp_path: Path) -> None:
    """A router that is to be trained may not be there yet."""
    router = {"kind": "trained", "path": str(tmp_path / "not-yet")}
    config = str(system_file(tmp_path, TRIO, router=router, policy={"kind": "threshold"}))
    out = tmp_path / "out"
    result = run("profile", "pocket", "-n", "4", "-c", config, "-o", str(out), "--json")
    assert result.exit_code == 0, result.output
    assert (out / "matrix.parquet").is_file() and not (out / "skill_profiles.json").exists()


def test_budgeted_profile_asks_so_many_and_leaves_the_rest_unknown(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, {**TRIO, "dot": {"": "The answer is (A)."}}))
    args = ("profile", "pocket", "-n", "40", "-c", config, "-o", str(tmp_path), "--budget", "60", "--json")
    result = run(*args)
    assert result.exit_code == 0, result.output
    budget = strict(result.stdout)["budget"]
    assert (budget["calls"], budget["of"], sum(budget["calls_of"].values())) == (60, 160, 60)
    assert {row["expert"] for row in budget["ranking"]} == {"ann", "bob", "cyd", "dot"}
    assert all(row["deviation"] > 0 for row in budget["ranking"])
    assert budget["expected_loss"] >= 0 and "compared" not in budget
    score = OutcomeTable.load(tmp_path / "matrix.parquet").outcomes.score
    assert (~np.isnan(score)).sum() == 60
    kept = (tmp_path / "completions.store").read_text(encoding="utf-8")
    assert len(kept.splitlines()) == 60
    again = run(*args)
    assert strict(again.stdout)["budget"] == budget
    assert (tmp_path / "completions.store").read_text(encoding="utf-8") == kept, "nothing is asked twice"


def test_budgeted_profile_compared_with_the_full_one(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, {**TRIO, "dot": {"": "The answer is (A)."}}))
    args = ("profile", "pocket", "-n", "30", "-c", config, "-o", str(tmp_path), "--budget", "60", "--compare")
    found = strict(run(*args, "--json").stdout)
    compared = found["budget"]["compared"]
    assert compared["full"] >= compared["budgeted"]
    assert compared["full"] >= compared["best_single"] > 0
    assert compared["same"] <= compared["subjects"]
    score = OutcomeTable.load(tmp_path / "matrix.parquet").outcomes.score
    assert not np.isnan(score).any()
    words = run(*args).stdout
    assert "60 of 120 completions asked (50%)" in words
    assert "by the choice within the budget" in words and "dot: " in words


def test_profile_tells_where_rankings_over_subjects_disagree() -> None:
    questions = [
        Question(query=Query.from_text(f"{i}?", id=f"q{i}"), gold="1", subject=subject)
        for i, subject in enumerate(["a", "a", "b", "b", "c", "c"])
    ]
    score = np.array([[1, 0], [1, 0], [0, 1], [0, 0.5], [0, 0.5], [0, 0]])
    outcomes = OutcomeMatrix.from_scores([q.id for q in questions], ("far", "often"), score)
    summary = profile_summary(questions, outcomes)
    assert summary["rankings"]["mean"] == ["far", "often"] == summary["rankings"]["borda"][::-1]
    lines = profile_lines(summary)
    assert lines[:2] == ["far: 33.3% of 6", "often: 33.3% of 6"]
    assert lines[2:5] == ["by mean   far > often", "by borda  often > far", "by kemeny often > far"]
    agreed = profile_summary(questions, outcomes.restrict(["far"]))
    assert len(profile_lines(agreed)) == 1


def test_profile_with_an_expert_that_fails_tells_so_without_nan(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, {**TRIO, "dot": mute(tmp_path)}, router=SKILL, k=2))
    args = ("profile", "pocket", "-n", "4", "-c", config, "-o", str(tmp_path / "out"))
    result = run(*args, "--json")
    assert result.exit_code == 1, result.output
    summary = strict(result.stdout)
    assert (summary["accuracy"]["dot"], summary["errors"]) == (None, 4)
    assert result.stderr.startswith("4 of 16 completions failed, first Expert 'dot'")
    assert "dot: never answered" in run(*args).stdout


def test_profile_in_a_place_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, TRIO, router=SKILL, k=2))
    result = run("profile", "pocket", "-n", "2", "-c", config, "-o", config)
    assert result.exit_code == 2
    assert "cannot be made: File exists" in result.stderr
