"""The command line: words or JSON, one clear sentence for an error, and exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from checks.scripted_systems import TRIO, fails, jsonl, mute, system_file
from typer.testing import CliRunner, Result

from compound import cli
from experts.engines.scripted import Reply, ScriptedEngine

ROOT = Path(__file__).resolve().parents[2]
FRANCE = "What is the capital of France?"


@pytest.fixture
def config(tmp_path: Path) -> str:
    return str(system_file(tmp_path, TRIO))


def run(*args: str) -> Result:
    return CliRunner().invoke(cli.app, list(args))


def shell(*args: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "compound", *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
        **options,
    )


def one_sentence(error: str) -> str:
    assert error.startswith("Error: ")
    assert error.endswith(("\n",)) and "\n" not in error[:-1]
    assert "Traceback" not in error
    return error


# --- answer and route -------------------------------------------------------------------------


def test_answer_in_words_tells_who_said_what(config: str) -> None:
    result = run("answer", FRANCE, "-c", config)
    assert result.exit_code == 0, result.output
    for part in ("The answer is Paris.", "ann", "bob", "cyd", "The answer is Lyon.", "tokens"):
        assert part in result.stdout
    assert result.stderr == ""


def test_answer_as_json(config: str) -> None:
    options = ("--choice", "Lyon", "--choice", "Paris", "-k", "2", "--json")
    result = run("answer", FRANCE, "-c", config, *options)
    row = json.loads(result.stdout)
    assert (result.exit_code, row["answer"], row["error"]) == (0, "B", None)
    assert len(row["completions"]) == 2


def test_answer_with_other_parts(config: str) -> None:
    result = run("answer", FRANCE, "-c", config, "--router", "random", "--aggregator", "top", "--json")
    row = json.loads(result.stdout)
    assert (row["decision"]["router"], row["verdict"]["aggregator"]) == ("random", "top")


def test_markup_in_texts_is_shown_as_it_is(tmp_path: Path) -> None:
    config = system_file(tmp_path, {"ann": {"": "The answer is [bold]x[/bold] [/nothing]."}})
    result = run("answer", "[red]?[/red]", "-c", str(config))
    assert result.exit_code == 0, result.output
    assert "[bold]x[/bold] [/nothing]" in result.stdout


def test_answer_that_nobody_gave_is_exit_code_1(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, {"ann": mute(tmp_path)}))
    result = run("answer", FRANCE, "-c", config)
    assert result.exit_code == 1
    assert "No answer" in result.stdout
    result = run("answer", FRANCE, "-c", config, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"].startswith("Every expert failed")


def test_one_expert_that_fails_is_a_warning(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, {"ann": mute(tmp_path), "bob": TRIO["bob"]}))
    result = run("answer", FRANCE, "-c", config, "--json")
    row = json.loads(result.stdout)
    assert (result.exit_code, row["answer"], len(row["warnings"])) == (0, "Paris", 1)


def asked_column(shown: str) -> dict[str, int]:
    """Expert -> marks in the table of an answer in words."""
    rows = (line.split() for line in shown.splitlines())
    cells = [row for row in rows if len(row) in (2, 3) and row[0] in TRIO and row[1][0].isdigit()]
    return {row[0]: len(row[2]) if len(row) == 3 else 0 for row in cells}


def test_asked_counts_who_was_asked_and_not_who_was_chosen(tmp_path: Path) -> None:
    stopping = {"kind": "posterior", "threshold": 0.1, "first": 2, "by": {"kind": "majority"}}
    config = str(system_file(tmp_path, TRIO, stopping=stopping))
    result = run("answer", FRANCE, "-c", config)
    assert asked_column(result.stdout) == {"ann": 1, "bob": 1, "cyd": 0}
    assert "2 of at most 3 experts were asked: " in result.stdout
    replaced = str(system_file(tmp_path, {"ann": mute(tmp_path), "bob": TRIO["bob"]}, k=1))
    assert asked_column(run("answer", FRANCE, "-c", replaced).stdout) == {"ann": 1, "bob": 1}


SPLIT = {name: {"France": f"The answer is {city}."} for name, city in (("ann", "Paris"), ("bob", "Lyon"))}
UNSURE = {"kind": "abstain", "below": 0.9, "inner": {"kind": "majority"}}


def test_an_answer_that_is_withheld_is_shown_as_none_with_the_reason(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, SPLIT, aggregator=UNSURE))
    result = run("answer", FRANCE, "-c", config)
    assert result.exit_code == 0, "it is no error"
    first = result.stdout.splitlines()[0]
    assert first == "No answer: The likeliest answer has support 0.50, and 0.9 is needed."


def test_rows_of_a_batch_say_why_it_stopped_and_why_it_abstained(tmp_path: Path) -> None:
    stopping = {"kind": "posterior", "threshold": 0.1, "first": 1, "by": {"kind": "majority"}}
    config = str(system_file(tmp_path, SPLIT, aggregator=UNSURE | {"below": 1.0}, stopping=stopping))
    source = str(jsonl(tmp_path / "in.jsonl", [{"question": FRANCE}]))
    out = tmp_path / "out.jsonl"
    assert run("batch", source, "-o", str(out), "-c", config).exit_code == 0
    row = json.loads(out.read_text(encoding="utf-8"))
    assert row["stopped"].startswith("1 of at most 2 experts were asked: ")
    assert (row["abstained"], row["answer"], row["error"]) == (None, "Paris", None), "one vote is all votes"
    both = str(system_file(tmp_path, SPLIT, aggregator=UNSURE))
    assert run("batch", source, "-o", str(tmp_path / "two.jsonl"), "-c", both).exit_code == 0
    row = json.loads((tmp_path / "two.jsonl").read_text(encoding="utf-8"))
    assert (row["stopped"], row["answer"], row["error"]) == (None, None, None)
    assert row["abstained"] == "The likeliest answer has support 0.50, and 0.9 is needed."


def test_route_in_words_and_as_json(config: str) -> None:
    words = run("route", FRANCE, "-c", config, "-k", "2")
    assert words.exit_code == 0
    assert words.stdout.startswith("ann (score 3.00), bob (score 2.00)\n")
    assert "The order of experts is fixed." in words.stdout
    explained = run("route", FRANCE, "-c", config, "-k", "2", "--explain").stdout
    assert "cyd" in explained and "asked" in explained and "tokens" not in explained
    row = json.loads(run("route", FRANCE, "-c", config, "--json").stdout)
    assert row["chosen"] == ["ann", "bob", "cyd"]


# --- check and batch ----------------------------------------------------------------------------


def test_check_in_words_and_as_json(config: str) -> None:
    words = run("check", config)
    assert words.exit_code == 0
    assert "can be run" in " ".join(words.stdout.split())
    row = json.loads(run("check", config, "--json").stdout)
    assert (row["ok"], row["errors"], row["families"]) == (True, [], [])


def test_check_of_what_cannot_run_is_exit_code_2(tmp_path: Path) -> None:
    ghost = {"kind": "recorded", "path": "nowhere.jsonl", "sampling": {"max_tokens": 8}}
    config = str(system_file(tmp_path, {"ann": ghost}))
    result = run("check", config)
    assert result.exit_code == 2
    assert "nowhere.jsonl" in "".join(result.stdout.split())
    result = run("check", config, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["ok"] is False


def test_batch_in_words_and_as_json(config: str, tmp_path: Path) -> None:
    source = str(jsonl(tmp_path / "in.jsonl", [{"question": FRANCE}]))
    out = str(tmp_path / "out.jsonl")
    words = run("batch", source, "-o", out, "-c", config)
    assert (words.exit_code, words.stderr) == (0, "")
    assert f"1 of 1 lines answered, in {out}." in words.stdout
    result = run("batch", source, "-o", out, "-c", config, "--json")
    assert json.loads(result.stdout) == {"rows": 1, "errors": 0, "out": out}


def test_batch_with_broken_lines_is_exit_code_1(config: str, tmp_path: Path) -> None:
    source = str(jsonl(tmp_path / "in.jsonl", [{"question": FRANCE}, "{"]))
    result = run("batch", source, "-o", str(tmp_path / "out.jsonl"), "-c", config, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["errors"] == 1
    assert "1 of 2 lines have no answer" in result.stderr


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("answer", ""), "the question is empty"),
        (("answer", " "), "the question is empty"),
        (("answer", "x", "--choice", "one"), "one choice"),
        (("answer", "x", "-k", "4"), "k must be between 1 and 3"),
        (("answer", "x", "-k", "0"), "k must be between 1 and 3"),
        (("answer", "x", "--router", "randm"), "did you mean 'random'"),
        (("answer", "x", "--aggregator", "skill"), "aggregator.kind: must be one of"),
        (("route", "x", "-k", "9"), "k must be between 1 and 3"),
        (("route", ""), "the question is empty"),
        (("batch", "nowhere.jsonl", "-o", "out.jsonl"), "There is no file nowhere.jsonl"),
    ],
)
def test_error_is_one_sentence_and_exit_code_2(config: str, args: tuple[str, ...], sentence: str) -> None:
    result = run(*args, "-c", config)
    assert result.exit_code == 2
    assert sentence in one_sentence(result.stderr)
    assert result.stdout == ""


@pytest.mark.parametrize("args", [("answer", "x", "-c"), ("route", "x", "-c"), ("check",)])
def test_missing_configuration_is_one_sentence(args: tuple[str, ...]) -> None:
    result = run(*args, "nowhere.yaml")
    assert result.exit_code == 2
    assert "There is no configuration at nowhere.yaml" in one_sentence(result.stderr)


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (("anwser", "x"), "anwser"),
        (("answer", "x", "--jsn"), "--jsn"),
        (("answer",), "question"),
        (("answer", "x", "y"), "y"),
        (("answer", "x", "-k", "many"), "-k"),
        (("batch", "in.jsonl"), "--out"),
        (("check",), "config"),
    ],
)
def test_wrong_usage_is_exit_code_2(args: tuple[str, ...], word: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert word in result.stderr.lower()
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_interrupt_is_exit_code_130(config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("compound.system.Compound._answer", interrupt)
    result = run("answer", FRANCE, "-c", config)
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")
    source = str(jsonl(tmp_path / "in.jsonl", [{"question": FRANCE}]))
    result = run("batch", source, "-o", str(tmp_path / "out.jsonl"), "-c", config)
    assert result.exit_code == 130
    assert "the same command goes on" in result.stderr
    assert "out.jsonl.store" in result.stderr


# --- commands of other packages -----------------------------------------------------------------


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    found: list[EntryPoint] = []
    monkeypatch.setattr(cli, "entry_points", lambda group: found)
    yield found


def test_command_of_another_package_is_found_and_listed(entries: list[EntryPoint]) -> None:
    entries.append(EntryPoint("eval", "eval.eval_command:evaluate", cli.GROUP))
    assert "eval" in run("--help").stdout
    result = run("eval", "--help")
    assert result.exit_code == 0
    assert "baselines" in result.stdout
    result = run("eval", "no-such-benchmark")
    assert result.exit_code == 2
    assert "no-such-benchmark" in one_sentence(result.stderr)


def test_own_commands_cannot_be_replaced(entries: list[EntryPoint], config: str) -> None:
    entries.append(EntryPoint("answer", "eval.eval_command:evaluate", cli.GROUP))
    assert run("answer", FRANCE, "-c", config).exit_code == 0


@pytest.mark.parametrize("target", ["no_such_module:command", "eval.eval_command:no_such_thing"])
def test_command_that_cannot_be_loaded_is_a_sentence_and_spares_the_others(
    entries: list[EntryPoint], config: str, target: str
) -> None:
    entries.append(EntryPoint("broken", target, cli.GROUP))
    result = run("broken")
    assert result.exit_code == 2
    assert "'broken'" in one_sentence(result.stderr)
    assert run("answer", FRANCE, "-c", config).exit_code == 0


# --- real processes -------------------------------------------------------------------------------


def test_process_answers_in_json_alone(config: str) -> None:
    done = shell("answer", FRANCE, "-c", config, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["answer"] == "Paris"


def test_process_with_an_error_prints_one_sentence(config: str) -> None:
    done = shell("answer", FRANCE, "-c", config, "-k", "4")
    assert (done.returncode, done.stdout) == (2, "")
    assert "k must be between 1 and 3" in one_sentence(done.stderr)


def test_process_without_arguments_shows_its_commands() -> None:
    done = shell()
    assert done.returncode in (0, 2)
    shown = done.stdout + done.stderr
    assert all(name in shown for name in ("answer", "batch", "check", "route"))
    assert "Traceback" not in shown


def test_process_in_a_terminal_of_few_characters(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, {"ann": {"": "The answer is \u4eac\U0001f600."}}))
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = shell("answer", "\u00bfQu\u00e9?", "-c", config, "--json", env=ascii_only)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["answer"] == "\u4eac\U0001f600"
    done = shell("answer", "\u00bfQu\u00e9?", "-c", config, env=ascii_only)
    assert done.returncode == 0, done.stderr


SLOW_MAIN = """
from experts.engines.scripted import Reply, ScriptedEngine
slow = Reply(text="The answer is 4.", delay_s=600)
ScriptedEngine.from_config = classmethod(lambda cls, name, config: cls(default=slow, experts=(name,)))
from compound.cli import main
print("ready", flush=True)
main()
"""


def test_ctrl_c_ends_a_process_at_once_with_130(config: str, tmp_path: Path) -> None:
    source = str(jsonl(tmp_path / "in.jsonl", [{"question": FRANCE}]))
    out = tmp_path / "out.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_MAIN, "batch", source, "-o", str(out), "-c", config],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    store = tmp_path / "out.jsonl.store"
    deadline = time.monotonic() + 200
    while not store.exists():  # made just before the experts are asked
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.startswith("Interrupted. Finished completions are kept in")
    assert "Traceback" not in err
    assert not out.exists()


def test_scripted_faults_show_in_words(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = {"ann": fails("the line is dead."), "bob": Reply(text="The answer is Paris."), "cyd": fails()}
    monkeypatch.setattr(
        ScriptedEngine,
        "from_config",
        classmethod(lambda cls, name, _: cls(default=scripts[name], experts=(name,))),
    )
    result = run("answer", FRANCE, "-c", config)
    assert result.exit_code == 0
    assert "ann did not answer: the line is dead." in result.stdout
