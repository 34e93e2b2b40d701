"""`route_and_answer`: one answer for one question, a list for a list, one system per file."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from checks.scripted_systems import TRIO, system_file

from compound import Answer, Query, aroute_and_answer, route_and_answer, sdk
from experts.errors import CompoundError, ConfigError, QueryError, RouterError

ROOT = Path(__file__).resolve().parents[2]
FRANCE, ITALY = "What is the capital of France?", "What is the capital of Italy?"


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    yield system_file(tmp_path, TRIO)
    sdk._close_all()


def test_one_question_gives_one_answer(config: Path) -> None:
    answer = route_and_answer(FRANCE, config=config)
    assert isinstance(answer, Answer)
    assert answer.answer == "Paris"


@pytest.mark.parametrize(
    "question",
    [
        Query.from_text(ITALY, id="mine"),
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": ITALY}],
    ],
)
def test_query_and_conversation_are_one_question(config: Path, question: Any) -> None:
    answer = route_and_answer(question, config=config)
    assert isinstance(answer, Answer)
    assert answer.answer == "Rome"


def test_list_gives_a_list_also_of_one(config: Path) -> None:
    answers = route_and_answer([FRANCE, ITALY], config=config)
    assert [a.answer for a in answers] == ["Paris", "Rome"]
    assert [a.answer for a in route_and_answer([ITALY], config=config)] == ["Rome"]


def test_arguments_reach_the_system(config: Path) -> None:
    answer = route_and_answer(
        FRANCE, choices=["Lyon", "Paris"], k=2, router="random", aggregator="top", config=str(config)
    )
    assert answer.answer in ("A", "B")
    assert len(answer.completions) == 2
    assert (answer.decision.router, answer.verdict.aggregator) == ("random", "top")


def test_errors_are_of_the_one_tree(config: Path, tmp_path: Path) -> None:
    with pytest.raises(QueryError):
        route_and_answer("", config=config)
    with pytest.raises(QueryError):
        route_and_answer([], config=config)
    with pytest.raises(RouterError):
        route_and_answer(FRANCE, k=4, config=config)
    with pytest.raises(ConfigError):
        route_and_answer(FRANCE, router="nobody", config=config)
    with pytest.raises(ConfigError):
        route_and_answer(FRANCE, config=tmp_path / "nowhere.yaml")


def test_one_system_per_file_however_it_is_spelled(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with ThreadPoolExecutor(6) as threads:
        paths = [config, str(config), "system.yaml", "./system.yaml"] * 3
        answers = list(threads.map(lambda path: route_and_answer(ITALY, config=path), paths))
    assert {a.answer for a in answers} == {"Rome"}
    assert list(sdk._systems) == [config.resolve()]


def test_a_system_that_could_not_be_built_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        route_and_answer(FRANCE, config=tmp_path / "system.yaml")
    system_file(tmp_path)
    assert route_and_answer(FRANCE, config=tmp_path / "system.yaml").answer == "Paris"
    sdk._close_all()


async def test_asynchronous_twin(config: Path) -> None:
    one, many = await asyncio.gather(
        aroute_and_answer(FRANCE, config=config), aroute_and_answer([ITALY, FRANCE], config=config)
    )
    assert isinstance(one, Answer)
    assert one.answer == "Paris"
    assert isinstance(many, list)
    assert [a.answer for a in many] == ["Rome", "Paris"]
    with pytest.raises(CompoundError):
        await aroute_and_answer("", config=config)


async def test_blocking_call_inside_a_running_loop_as_in_a_notebook(config: Path) -> None:
    assert route_and_answer(FRANCE, config=config).answer == "Paris"


def test_program_that_never_closes_ends_cleanly(config: Path) -> None:
    program = (
        "from compound import route_and_answer\n"
        f"print(route_and_answer({FRANCE!r}, config={str(config)!r}).answer)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "Paris", "")
