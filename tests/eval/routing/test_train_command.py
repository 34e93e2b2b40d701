"""`compound train`: kinds and files, which rows, which facts, and a router that a system then uses."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
import yaml
from checks.scripted_systems import TRIO, system_file
from typer.testing import CliRunner, Result

from compound import cli
from eval.routing import train_command
from eval.routing.router_settings import router_settings, trainable_kinds, with_facts
from experts.expert_facts import ExpertFacts
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from experts.saving import load_header
from routers.config import BestSingleConfig
from routers.trained import load_trained

EXPERTS = ("ann", "bob", "cyd")


def run(*args: str) -> Result:
    app = typer.Typer(cls=cli._WithEntryPoints)
    app.command("train")(train_command.command)
    app.command("other")(lambda: None)
    return CliRunner().invoke(app, ["train", *args])


def table(n: int = 40) -> OutcomeTable:
    """Ann knows algebra, bob rivers; cyd is right on every third."""
    topics = ["algebra", "river"] * (n // 2)
    queries = tuple(Query.from_text(f"A {t} question, {i}?", id=f"q{i}") for i, t in enumerate(topics))
    score = [[t == "algebra", t == "river", i % 3 == 0] for i, t in enumerate(topics)]
    outcomes = OutcomeMatrix.from_scores(
        [q.id for q in queries], EXPERTS, np.array(score, dtype=float), subjects=topics
    )
    facts = {
        "ann": ExpertFacts(parameters_b=7, description="algebra"),
        "bob": ExpertFacts(parameters_b=3, description="rivers"),
        "cyd": ExpertFacts(parameters_b=1),
    }
    splits = ("train",) * (n // 2) + ("validation",) * (n // 4) + ("test",) * (n // 4)
    return OutcomeTable(queries=queries, splits=splits, outcomes=outcomes, facts=facts)


@pytest.fixture
def matrix(tmp_path: Path) -> str:
    table().save(tmp_path / "matrix.parquet")
    return str(tmp_path / "matrix.parquet")


def written(folder: Path, **router: Any) -> str:
    path = folder / "router.yaml"
    path.write_text(yaml.safe_dump(router), encoding="utf-8")
    return str(path)


def test_a_kind_learns_from_train_and_validation_and_goes_to_a_folder(matrix: str, tmp_path: Path) -> None:
    out = tmp_path / "router"
    result = run("--router", "knn", "-m", matrix, "-o", str(out), "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert (summary["kind"], summary["experts"], summary["questions"]) == ("knn", list(EXPERTS), 30)
    assert summary["bytes"] == sum(p.stat().st_size for p in out.iterdir())
    assert load_header(out).questions == 30
    decisions = load_trained(out).route([Query.from_text("One more river question?", id="x")], 1)
    assert decisions[0].chosen == ("bob",)


def test_words_say_how_to_use_it(matrix: str, tmp_path: Path) -> None:
    result = run("--router", "best_single", "-m", matrix, "-o", str(tmp_path / "r"))
    assert "best_single learned 3 experts (ann, bob, cyd) from 30 questions" in result.stdout
    assert f"router: {{kind: trained, path: {tmp_path / 'r'}}}" in result.stdout


def test_pool_and_splits_are_chosen(matrix: str, tmp_path: Path) -> None:
    options = ("--pool", "cyd, ann", "--split", "train", "--split", "test")
    result = run("--router", "best_single", "-m", matrix, "-o", str(tmp_path / "r"), *options, "--json")
    summary = json.loads(result.stdout)
    assert (summary["experts"], summary["questions"]) == (["cyd", "ann"], 30)


def test_all_rows_are_learned_from_where_no_split_is_known(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    replace(table(), splits=("",) * 40).save(path)
    result = run("--router", "best_single", "-m", str(path), "-o", str(tmp_path / "r"), "--json")
    assert json.loads(result.stdout)["questions"] == 40


def test_the_test_split_alone_is_not_learned_from_unasked(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    replace(table(), splits=("test",) * 40).save(path)
    result = run("--router", "best_single", "-m", str(path), "-o", str(tmp_path / "r"))
    assert (result.exit_code, "name the split to learn from" in result.stderr) == (2, True)


def test_a_file_holds_one_router_and_its_paths_are_relative_to_it(tmp_path: Path) -> None:
    encoder = {"kind": "sentence-transformers", "model": "./minilm"}
    for data in ({"kind": "knn", "encoder": encoder}, {"router": {"kind": "knn", "encoder": encoder}}):
        settings = router_settings(written(tmp_path, **data), None, table())
        assert settings.encoder.model == str(tmp_path / "minilm")  # type: ignore[union-attr]
    lexical = router_settings(written(tmp_path, kind="knn", encoder=encoder), "lexical", table())
    assert lexical.encoder.kind == "lexical"  # type: ignore[union-attr]


def test_all_that_is_wrong_in_a_file_is_said_at_once(matrix: str, tmp_path: Path) -> None:
    path = written(tmp_path, kind="knn", neighbors=3, temperature=-1)
    result = run("--router", path, "-m", matrix, "-o", str(tmp_path / "r"))
    assert result.exit_code == 2
    assert f"{path} has 2 errors:" in result.stderr
    assert "router.neighbors: unknown key (did you mean 'neighbours'?)" in result.stderr
    assert "router.temperature: must be greater than 0, got -1" in result.stderr


def test_facts_of_the_table_stand_where_a_kind_has_none(tmp_path: Path) -> None:
    two_step = with_facts(router_settings("two_step", None, table()), table())
    assert two_step.parameters_b == {"ann": 7, "bob": 3, "cyd": 1}  # type: ignore[union-attr]
    descriptions = router_settings("descriptions", None, table())
    assert descriptions.descriptions == {"ann": "algebra", "bob": "rivers"}  # type: ignore[union-attr]
    budget = router_settings(written(tmp_path, kind="two_step", budget_b=8), None, table())
    assert budget.parameters_b == {"ann": 7, "bob": 3, "cyd": 1}  # type: ignore[union-attr]
    own = router_settings(written(tmp_path, kind="descriptions", descriptions={"ann": "x"}), None, table())
    assert with_facts(own, table()).descriptions == {"ann": "x"}  # type: ignore[union-attr]
    assert with_facts(BestSingleConfig(kind="best_single"), table()) == BestSingleConfig(kind="best_single")


def test_an_unknown_kind_is_one_sentence_with_the_nearest(matrix: str, tmp_path: Path) -> None:
    result = run("--router", "kn", "-m", matrix, "-o", str(tmp_path / "r"))
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: There is no kind 'kn' of routers to train;")
    assert "did you mean 'knn'?" in result.stderr and result.stderr.count("\n") == 1
    assert {"knn", "ensemble", "llm", "skill"} < set(trainable_kinds())


def test_kinds_that_ask_an_llm_need_a_system_that_has_it(matrix: str, tmp_path: Path) -> None:
    args = (
        "--router",
        written(tmp_path, kind="llm", expert="judge"),
        "-m",
        matrix,
        "-o",
        str(tmp_path / "r"),
    )
    result = run(*args)
    assert "asks the LLM 'judge' while it learns" in result.stderr
    result = run(*args, "-c", str(system_file(tmp_path, TRIO)))
    assert "has no expert or helper 'judge'" in result.stderr
    judge = {"kind": "scripted", "sampling": {"max_tokens": 64}, "default": "Ranking: 1, 2, 3"}
    config = str(system_file(tmp_path, TRIO, helpers={"judge": judge}))
    result = run(*args, "-c", config, "--json")
    assert result.exit_code == 0, result.output
    assert load_header(tmp_path / "r").kind == "llm"


def test_a_system_answers_by_a_trained_router_and_a_policy(matrix: str, tmp_path: Path) -> None:
    out = tmp_path / "router"
    assert run("--router", "knn", "-m", matrix, "-o", str(out)).exit_code == 0
    router = {"kind": "trained", "path": str(out)}
    config = str(system_file(tmp_path, TRIO, router=router, policy={"kind": "threshold", "chance": 0.6}))
    for more in ((), ("--router", str(out))):
        args = ["route", "A river question?", "-c", config, "--json", *more]
        row = json.loads(CliRunner().invoke(cli.app, args).stdout)
        assert row["chosen"] == ["bob"]
        assert row["reasons"][-1] == "Policy threshold: 1 expert is enough for 0.6."
        assert row["novelty"] is not None
    words = CliRunner().invoke(cli.app, ["route", "A river question?", "--router", str(out), "--explain"])
    assert "Novelty" in words.stdout and "Policy" not in words.stdout and "cyd" in words.stdout
