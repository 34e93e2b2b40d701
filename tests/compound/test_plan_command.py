"""`compound plan`: in words, as JSON, and one sentence for each mistake."""

import json
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from checks.scripted_systems import TRIO, jsonl, system_file
from typer.testing import CliRunner, Result

from compound import question_source
from compound.commands import plan
from compound.question_source import read_questions
from experts.config import HostingConfig
from experts.errors import ConfigError
from experts.hosting.device_name import slot_device
from experts.query import Query
from experts.scheduling.cost_file import save_costs
from experts.scheduling.costs import CostBook

ROWS = [{"question": f"Where is {i}?"} for i in range(20)]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOUND_CACHE", str(tmp_path / "cache"))


def run(*args: str) -> Result:
    app = typer.Typer()
    app.command()(plan.command)
    return CliRunner().invoke(app, list(args))


def test_in_words_it_says_rounds_slots_and_what_one_more_would_bring(tmp_path: Path) -> None:
    result = run(str(jsonl(tmp_path / "in.jsonl", ROWS)), "--slots", "2")
    assert result.exit_code == 0, result.output
    for part in (
        "route",
        "generate",
        "aggregate",
        "in all",
        "20 questions, 3 experts each",
        "everybody equally often",
        "new processes:",
        "GB of weights moved",
        "1 works",
        "is the bottleneck",
        "one slot more",
        "100% of the seconds rest on first guesses",
    ):
        assert part in result.output
    assert "dollars" not in result.output


def test_as_json_it_is_the_whole_plan(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, TRIO))
    result = run(str(jsonl(tmp_path / "in.jsonl", ROWS)), "-c", config, "-k", "2", "-n", "5", "--json")
    row = json.loads(result.output)
    assert (row["queries"], row["k"], row["rounds"][0]["requests"]) == (5, 2, 10)
    assert row["cost_usd"] > 0 and row["seconds"] == 0.0


def test_endpoints_alone_need_no_slot_and_dollars_are_shown(tmp_path: Path) -> None:
    result = run(str(jsonl(tmp_path / "in.jsonl", ROWS)), "-c", str(system_file(tmp_path, TRIO)))
    assert "no slot is needed" in result.output
    assert "dollars" in result.output


def test_learned_costs_are_read_from_the_file_of_this_machine(tmp_path: Path) -> None:
    source = str(jsonl(tmp_path / "in.jsonl", ROWS))
    book = CostBook(slot_device(HostingConfig()))
    book.observe_start(70.0)
    assert json.loads(run(source, "--json").output)["start_s"] == 4.0
    save_costs(tmp_path / "cache" / "hosting-costs.json", book)
    assert json.loads(run(source, "--json").output)["start_s"] == 70.0


def test_other_slots_have_other_costs_where_they_share_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    source = str(jsonl(tmp_path / "in.jsonl", ROWS))
    devices = [json.loads(run(source, "--json", "--slots", n).output)["device"] for n in ("1", "2", "4")]
    assert devices == ["cpu x8", "cpu x4", "cpu x2"]


def test_no_slot_is_a_mistake(tmp_path: Path) -> None:
    result = run(str(jsonl(tmp_path / "in.jsonl", ROWS)), "--slots", "0")
    assert str(result.exception) == "A plan needs at least 1 slot, got 0."


def test_lines_that_cannot_be_asked_are_not_planned(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "in.jsonl", [*ROWS, "{", {"question": ""}])
    assert len(read_questions(str(path))) == 20
    assert [q.id for q in read_questions(str(path), n=2)] == ["line-1", "line-2"]


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("missing.jsonl", {}, "There is no file"),
        ("./missing", {}, "There is no file"),
        ("empty.jsonl", {}, "is empty"),
        ("broken.jsonl", {}, "No line of .* can be asked. Line 1 is not JSON"),
        ("pocket", {}, "no file and no benchmark 'pocket'.*benchmarks are trivia, vanished"),
        ("vanished", {}, "cannot be loaded"),
        ("good.jsonl", {"n": 0}, "at least 1, got 0"),
        ("good.jsonl", {"split": "test"}, "A file has no splits"),
    ],
)
def test_mistakes_are_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, options: dict[str, int], words: str
) -> None:
    jsonl(tmp_path / "empty.jsonl", [])
    jsonl(tmp_path / "broken.jsonl", ["{"])
    jsonl(tmp_path / "good.jsonl", ROWS)
    monkeypatch.chdir(tmp_path)
    _offer_benchmarks(monkeypatch)
    with pytest.raises(ConfigError, match=words):
        read_questions(source, **options)  # type: ignore[arg-type]


def test_a_benchmark_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    _offer_benchmarks(monkeypatch)
    assert [q.id for q in read_questions("trivia", n=2)] == ["test-0", "test-1"]
    assert [q.id for q in read_questions("trivia", split="fit", n=1)] == ["fit-0"]


def trivia(split: str, n: int | None) -> list[Query]:
    return [Query.from_text("Where?", id=f"{split}-{i}") for i in range(n or 9)]


class _Trivia(EntryPoint):
    def load(self) -> object:
        return trivia


def _offer_benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = [
        _Trivia("trivia", "x:trivia", question_source.GROUP),
        EntryPoint("vanished", "compound.no_such_module:f", question_source.GROUP),
    ]
    monkeypatch.setattr(question_source, "entry_points", lambda group: offered)
