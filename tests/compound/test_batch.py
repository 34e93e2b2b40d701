"""Files of questions: every line gets its row, nothing is lost, nothing is asked twice."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from checks.scripted_systems import fails, jsonl, mute, system_file

from compound.batch import BatchReport, run_batch, store_path
from compound.batch_rows import read_rows
from experts.engines.scripted import ScriptedEngine
from experts.errors import ConfigError, RouterError

ROOT = Path(__file__).resolve().parents[2]
FRANCE, ITALY = "What is the capital of France?", "What is the capital of Italy?"


def _rows(path: Path) -> list[dict[str, Any]]:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in path.read_text("utf-8").split("\n") if line]


def _run(folder: Path, lines: list[object], **options: Any) -> tuple[BatchReport, list[dict[str, Any]]]:
    source = jsonl(folder / "in.jsonl", lines)
    report = run_batch(source, folder / "out.jsonl", system_file(folder), **options)
    return report, _rows(folder / "out.jsonl")


def test_every_line_is_answered_in_order(tmp_path: Path) -> None:
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": FRANCE}]
    report, rows = _run(
        tmp_path,
        [
            {"question": ITALY, "id": "z"},
            {"messages": chat, "id": 7},
            "",
            {"question": FRANCE, "choices": ["Lyon", "Paris"], "topic": "kept out of the way"},
            {"question": ITALY, "choices": None, "id": None},
        ],
    )
    assert report == BatchReport(rows=4, errors=0)
    assert [(r["line"], r["id"], r["answer"], r["error"]) for r in rows] == [
        (1, "z", "Rome", None),
        (2, "7", "Paris", None),
        (4, "line-4", "B", None),
        (5, "line-5", "Rome", None),
    ]
    assert [c["expert"] for c in rows[0]["completions"]] == ["ann", "bob", "cyd"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "Line 1 is not JSON: "),
        ("[1, 2", "Line 1 is not JSON: "),
        ("not json", "Line 1 is not JSON: "),
        ('{"question": "a"} {"question": "b"}', "not JSON: Extra data at character 19"),
        ('["question"]', "expected an object with 'question', got list"),
        ("null", "got NoneType"),
        ("[" * 100_000, "nested too deeply"),
        ('{"id": ' + "1" * 5000 + "}", "Line 1 cannot be read"),
        ('{"question": "half \\ud800"}', "half a surrogate pair"),
        ('{"id": "\\ud800", "question": "a"}', "half a surrogate pair"),
        ({}, "either 'question' or 'messages'; the keys are none"),
        ({"text": "a"}, "the keys are text"),
        ({"question": "a", "messages": []}, "either 'question' or 'messages'"),
        ({"questoin": "a"}, "unknown key 'questoin'; did you mean 'question'?"),
        ({"question": "a", "choice": ["x", "y"]}, "did you mean 'choices'"),
        ({"question": "a", "ID": 1, "idd": 2}, "did you mean 'id'"),
        ({"question": ""}, "the question is empty"),
        ({"question": "  \u2028 "}, "the question is empty"),
        ({"question": None}, "'question' must be text, got NoneType"),
        ({"question": ["a"]}, "'question' must be text, got list"),
        ({"messages": "a"}, "'messages' must be a list"),
        ({"messages": []}, "the last message must be the user's"),
        ({"messages": [{"role": "user"}]}, "'role' and 'content'"),
        ({"messages": ["a"]}, "'role' and 'content'"),
        ({"question": "a", "choices": [str(i) for i in range(27)]}, "27 choices"),
        ({"question": "a", "choices": ["x"]}, "one choice"),
        ({"question": "a", "choices": ["x", ""]}, "choice B"),
        ({"question": "a", "choices": ["x", 2]}, "choice B"),
        ({"question": "a", "choices": "xy"}, "'choices' must be a list"),
        ({"question": "a", "choices": 0}, "'choices' must be a list"),
        ({"question": "a", "choices": {"A": "x"}}, "'choices' must be a list"),
        ({"question": "a", "id": ""}, "non-empty id"),
        ({"question": "a", "id": True}, "'id' must be"),
        ({"question": "a", "id": ["x"]}, "'id' must be"),
    ],
)
def test_line_that_cannot_be_asked_gets_a_row_and_the_rest_is_answered(
    tmp_path: Path, line: object, sentence: str
) -> None:
    report, (broken, fine) = _run(tmp_path, [line, {"question": ITALY}])
    assert report == BatchReport(rows=2, errors=1)
    assert sentence in broken["error"]
    assert broken["error"].startswith("Line 1")
    assert (broken["line"], fine["line"]) == (1, 2)
    assert fine["answer"] == "Rome"


def test_repeated_id_is_an_error_of_the_later_line(tmp_path: Path) -> None:
    report, rows = _run(
        tmp_path, [{"question": FRANCE, "id": 1}, {"question": ITALY, "id": "1"}, {"question": ITALY}]
    )
    assert report.errors == 1
    assert [r["answer"] for r in (rows[0], rows[2])] == ["Paris", "Rome"]
    assert rows[1] == {
        "line": 2,
        "id": "1",
        "error": "Line 2: the id '1' was used in line 1 already.",
    }


def test_same_question_twice_is_answered_twice(tmp_path: Path) -> None:
    _, rows = _run(tmp_path, [{"question": ITALY}] * 3)
    assert [r["answer"] for r in rows] == ["Rome"] * 3


def test_line_separators_of_unicode_do_not_cut_lines(tmp_path: Path) -> None:
    strange = "Italy,\u2028\u2029\u0085\x0b\x0c\x1c please?"
    raw = json.dumps({"question": strange, "id": "a\u2028b"}, ensure_ascii=False)
    report, rows = _run(tmp_path, [raw, {"question": FRANCE}])
    assert report == BatchReport(rows=2, errors=0) or "control character" in str(rows[0]["error"])
    without_controls = json.dumps(
        {"question": "Italy,\u2028\u2029\u0085?", "id": "a\u2028b"}, ensure_ascii=False
    )
    report, rows = _run(tmp_path, [without_controls, {"question": FRANCE}])
    assert report == BatchReport(rows=2, errors=0)
    assert [r["id"] for r in rows] == ["a\u2028b", "line-2"]


def test_windows_files_are_read(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b'\xef\xbb\xbf{"question": "Italy?"}\r\n\r\n{"question": "France?"}\r\n')
    assert [(r.line, r.error) for r in read_rows(source)] == [(1, None), (3, None)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "is empty"), (b" \n\n\t\n", "is empty"), (b"\xff\xfe\x00", "cannot be read as UTF-8")],
)
def test_file_without_lines_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "in.jsonl").write_bytes(content)
    with pytest.raises(ConfigError, match=sentence):
        read_rows(tmp_path / "in.jsonl")


def test_missing_file_and_folder_as_input(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no file"):
        read_rows(tmp_path / "nowhere.jsonl")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rows(tmp_path)


def test_output_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = jsonl(tmp_path / "in.jsonl", [{"question": ITALY}])
    config = system_file(tmp_path)

    def never(*_: object) -> None:
        raise AssertionError("work was spent")

    monkeypatch.setattr(ScriptedEngine, "submit", never)
    for output, sentence in (
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "out.jsonl", "There is no folder"),
        (Path("/dev/null"), "is a device"),
        (source, "is the input itself"),
    ):
        with pytest.raises(ConfigError, match=sentence):
            run_batch(source, output, config)
    link = tmp_path / "link.jsonl"
    link.symlink_to(source)
    with pytest.raises(ConfigError, match="is the input itself"):
        run_batch(source, link, config)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ConfigError, match="permission denied"):
        run_batch(source, tmp_path / "out.jsonl", config)
    assert not (tmp_path / "out.jsonl").exists()


def test_disk_that_fills_up_at_the_end_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigError, match=r"No space left on device.*goes on"):
        _run(tmp_path, [{"question": ITALY}])
    assert not list(tmp_path.glob("*.tmp"))
    monkeypatch.undo()
    assert _run(tmp_path, [{"question": ITALY}])[1][0]["answer"] == "Rome"


def test_symlink_as_output_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out.jsonl").symlink_to(tmp_path / "real" / "there.jsonl")
    _, rows = _run(tmp_path, [{"question": ITALY}])
    assert rows[0]["answer"] == "Rome"
    assert (tmp_path / "out.jsonl").is_symlink()


def test_bad_k_and_bad_configuration_leave_no_output(tmp_path: Path) -> None:
    with pytest.raises(RouterError, match="k must be"):
        _run(tmp_path, [{"question": ITALY}], k=4)
    with pytest.raises(ConfigError):
        run_batch(tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "nowhere.yaml")
    assert not (tmp_path / "out.jsonl").exists()


def test_file_of_broken_lines_alone_starts_nothing(tmp_path: Path) -> None:
    report, rows = _run(tmp_path, ["{", {"question": ""}])
    assert report == BatchReport(rows=2, errors=2)
    assert len(rows) == 2
    assert not store_path(tmp_path / "out.jsonl").exists()


def test_questions_that_nobody_answered_are_errors_with_all_details(tmp_path: Path) -> None:
    source = jsonl(tmp_path / "in.jsonl", [{"question": ITALY}])
    config = system_file(tmp_path, {"ann": mute(tmp_path)})
    assert run_batch(source, tmp_path / "out.jsonl", config) == BatchReport(rows=1, errors=1)
    (row,) = _rows(tmp_path / "out.jsonl")
    assert row["error"].startswith("Every expert failed: ann")
    assert row["completions"][0]["finish_reason"] == "error"


def test_failed_questions_are_asked_again_and_answered_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = jsonl(tmp_path / "in.jsonl", [{"question": ITALY}, {"question": "2 + 2?"}])
    config = system_file(tmp_path, {"ann": {}})
    for second, asked, errors in ((fails(), 2, 1), ("The answer is 4.", 1, 0), ("The answer is 4.", 0, 0)):
        engine = ScriptedEngine({"Italy": "The answer is Rome.", "2 + 2": second}, experts=("ann",))
        monkeypatch.setattr(engine, "identity", lambda expert: "the same all the time")
        monkeypatch.setattr(ScriptedEngine, "from_config", lambda name, config, e=engine: e)
        assert run_batch(source, tmp_path / "out.jsonl", config).errors == errors
        assert len(engine.calls) == asked
    assert [r["answer"] for r in _rows(tmp_path / "out.jsonl")] == ["Rome", "4"]


def test_interrupted_batch_keeps_what_is_finished_and_the_old_output(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("of an earlier run\n")
    source = jsonl(tmp_path / "in.jsonl", [{"question": ITALY}, {"question": FRANCE}])

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "experts answering" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(source, output, system_file(tmp_path), on_progress=interrupt)
    assert output.read_text() == "of an earlier run\n"
    assert len(store_path(output).read_text().splitlines()) >= 3
    assert run_batch(source, output, system_file(tmp_path)) == BatchReport(rows=2, errors=0)
    assert len(store_path(output).read_text().splitlines()) == 6


DRIVER = """
import sys, time
from pathlib import Path
from experts.engines.scripted import Reply, ScriptedEngine

log, delay_s = Path(sys.argv[1]), float(sys.argv[2])

def answer(request):
    number = int(request.messages[-1].content.split()[-1])
    with log.open("a") as file:
        file.write(f"{request.expert} {number}\\n")
    return Reply(text=f"The answer is {number}.", delay_s=delay_s if number >= 3 else 0.0)

ScriptedEngine.from_config = classmethod(lambda cls, name, config: cls(default=answer, experts=(name,)))
from compound.batch import run_batch
print(run_batch(*map(Path, sys.argv[3:6])))
"""


def test_run_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    source = jsonl(tmp_path / "in.jsonl", [{"question": f"Say {i}", "id": f"s{i}"} for i in range(6)])
    config, output, log = (
        system_file(tmp_path, {"ann": {}, "bob": {}}),
        tmp_path / "out.jsonl",
        tmp_path / "log",
    )

    def start(delay_s: float) -> subprocess.Popen[str]:
        files = [str(p) for p in (source, output, config)]
        return subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(log), str(delay_s), *files],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    first = start(600)
    store = store_path(output)
    deadline = time.monotonic() + 200
    while not store.exists() or len(store.read_text().splitlines()) < 6:
        assert first.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    first.kill()
    first.communicate(timeout=60)
    assert first.returncode == -9
    assert not output.exists()
    assert len(log.read_text().split("\n")) - 1 == 12
    with store.open("a") as file:
        file.write('{"format": 1, "key": "torn in the mid')  # what a kill within a write leaves
    log.unlink()

    second = start(0)
    out, err = second.communicate(timeout=200)
    assert (second.returncode, out.strip()) == (0, "BatchReport(rows=6, errors=0)"), err
    asked = sorted(log.read_text().split("\n")[:-1])
    assert asked == [f"{name} {i}" for name in ("ann", "bob") for i in (3, 4, 5)]
    assert [(r["id"], r["answer"]) for r in _rows(output)] == [(f"s{i}", str(i)) for i in range(6)]
    assert len(store.read_text().splitlines()) == 12
