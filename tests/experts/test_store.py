"""Completions on disk."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from checks.engine_checks import ask
from hypothesis import given
from hypothesis import strategies as st

from experts.completion import Certainty, Completion, Usage, failed
from experts.errors import ConfigError
from experts.query import Message
from experts.store import CompletionStore, completion_key

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "completions.jsonl"


@pytest.fixture
def store(path: Path) -> Iterator[CompletionStore]:
    with CompletionStore(path) as opened:
        yield opened


def done(text: str = "B", query_id: str = "q") -> Completion:
    usage = Usage(prompt_tokens=3, completion_tokens=2, seconds=1.5, cost_usd=0.25)
    return Completion(
        request_id="old",
        expert="a",
        query_id=query_id,
        text=text,
        finish_reason="length",
        usage=usage,
        sample_index=1,
    )


def test_the_key_covers_what_the_text_depends_on() -> None:
    base = ask("r", "hello", expert="a")
    others = [
        replace(base, messages=(Message("user", "hello"), Message("user", "hello"))),
        replace(base, messages=(Message("system", "hello"),)),
        replace(base, sample_index=1),
        ask("r", "hello", expert="a", max_tokens=65),
        ask("r", "hello", expert="a", temperature=0.5),
    ]
    keys = [completion_key("weights", r) for r in (base, *others)] + [completion_key("other weights", base)]
    assert len(set(keys)) == len(keys)
    same = replace(base, id="another", query_id="another", expert="renamed")
    assert completion_key("weights", same) == completion_key("weights", base)


def test_the_key_is_stable_across_releases() -> None:
    # Changing this throws away everybody's stored work: raise FORMAT when it must be.
    assert completion_key("weights", ask("r", "hello", expert="a")).startswith("486833379daa6179")


def test_put_and_get_also_after_reopening(path: Path) -> None:
    with CompletionStore(path) as store:
        store.put("k", done())
        store.put("k", done("later"))
        store.put("e", failed(ask("r", "x", expert="a"), "It broke."))
        assert store.get("k") == replace(done(), request_id="")
        assert store.get("e") is None
        assert len(store) == 1
    with CompletionStore(path) as store:
        assert (store.get("k"), store.get("e"), store.dropped) == (replace(done(), request_id=""), None, 0)
    assert "answer" not in json.loads(path.read_text(encoding="utf-8"))


@given(st.text(), st.sampled_from(["\ud800", "\u2028", "\n", ""]))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, text: str, odd: str) -> None:
    path = tmp_path_factory.mktemp("store") / "s.jsonl"
    with CompletionStore(path) as store:
        store.put("k", done(text + odd))
    with CompletionStore(path) as store:
        kept = store.get("k")
        assert kept is not None and kept.text == text + odd and store.dropped == 0


@pytest.mark.parametrize("cut", [1, 5, 40, -2, -1])
def test_a_torn_last_line_is_dropped_and_asked_again(
    path: Path, cut: int, caplog: pytest.LogCaptureFixture
) -> None:
    with CompletionStore(path) as store:
        store.put("k1", done("first"))
        store.put("k2", done("second"))
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[:cut])
    with CompletionStore(path) as store:
        assert (store.dropped, len(store), store.get("k2")) == (1, 1, None)
        store.put("k2", done("again"))
    assert "1 unreadable lines dropped" in caplog.text
    with CompletionStore(path) as store:
        kept = store.get("k2")
        assert kept is not None and kept.text == "again" and store.dropped == 0


@pytest.mark.parametrize("begun", [0, 3, 30])
def test_a_store_with_nothing_but_a_torn_line_is_empty(path: Path, begun: int) -> None:
    with CompletionStore(path) as store:
        store.put("k", done())
    path.write_bytes(path.read_bytes()[:begun])
    with CompletionStore(path) as store:
        assert (len(store), store.dropped) == (0, int(begun > 0))


def test_a_spoilt_line_in_the_middle_costs_that_line_only(path: Path) -> None:
    with CompletionStore(path) as store:
        for key in ("k1", "k2", "k3"):
            store.put(key, done(key))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"\0\0{" + lines[1] + lines[2])
    with CompletionStore(path) as store:
        assert (len(store), store.dropped, store.get("k2")) == (2, 1, None)
        kept = store.get("k3")
        assert kept is not None and kept.text == "k3"


@pytest.mark.parametrize("content", ["a diary", "a diary\n", '{"query_id": "q", "text": "x"}\n', "{}\n[]\n"])
def test_somebody_elses_file_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "diary.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="is not a completion store"):
        CompletionStore(path)
    assert path.read_text(encoding="utf-8") == content


def test_another_format_is_refused(path: Path) -> None:
    with CompletionStore(path) as store:
        store.put("k", done())
    path.write_text(path.read_text(encoding="utf-8").replace('"format": 1', '"format": 2'), encoding="utf-8")
    with pytest.raises(ConfigError, match="has format 2, this version writes 1"):
        CompletionStore(path)


def test_a_second_writer_is_refused_until_the_first_has_closed(path: Path, store: CompletionStore) -> None:
    with pytest.raises(ConfigError, match="being written by another run"):
        CompletionStore(path)
    store.close()
    store.close()
    CompletionStore(path).close()
    with pytest.raises(ConfigError, match="closed"):
        store.get("k")


def test_an_unwritable_path_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for path in (tmp_path / "file" / "below.jsonl", tmp_path):
        with pytest.raises(ConfigError, match="cannot be opened for writing"):
            CompletionStore(path)


def test_a_full_disk_is_a_sentence_and_leaves_no_half_line(
    path: Path, store: CompletionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("k1", done())
    write = os.pwrite
    calls: list[int] = []

    def full(fd: int, data: bytes, offset: int) -> int:
        calls.append(offset)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data[:10], offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(ConfigError, match="No space left on device"):
            store.put("k2", done())
    assert store.get("k2") is None
    store.put("k3", done())
    store.close()
    with CompletionStore(path) as again:
        assert (len(again), again.dropped) == (2, 0)


def test_a_run_that_meets_a_full_disk_ends_with_one_sentence_and_the_next_goes_on(path: Path) -> None:
    """The file may not pass 2,000 bytes, which the operating system itself enforces."""
    program = textwrap.dedent(
        """
        import asyncio, resource, sys
        from checks.engine_checks import ask
        from experts.engine import generate
        from experts.engines.scripted import ScriptedEngine
        from experts.errors import ConfigError
        from experts.store import CompletionStore
        from experts.stored_engine import StoredEngine
        if sys.argv[2] != "all":
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
        asks = [ask(str(i), str(i), expert="a") for i in range(20)]
        with CompletionStore(sys.argv[1]) as store:
            try:
                asyncio.run(generate(StoredEngine(ScriptedEngine(default="B", experts=("a",)), store), asks))
            except ConfigError as error:
                sys.exit(str(error))
            print(store.found)
        """
    )
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def run(limit: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, str(path), limit]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    ended = run("2000")
    assert ended.returncode == 1
    assert ended.stderr == (
        f"The completion store {path} cannot be written (File too large); make room or give another path.\n"
    )
    kept = path.read_bytes()
    lines = kept.count(b"\n")
    assert 0 < lines < 20 and kept.endswith(b"\n")
    again = run("all")
    assert (again.returncode, again.stdout) == (0, f"{lines}\n")
    assert path.read_bytes().startswith(kept) and path.read_bytes().count(b"\n") == 20


def test_what_was_put_survives_kill_9_and_the_lock_does_not(path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys, time
        from experts.completion import Completion
        from experts.store import CompletionStore
        store = CompletionStore(sys.argv[1])
        for i in range(50):
            c = Completion(request_id="", expert="a", query_id="q", text="x", finish_reason="stop")
            store.put(f"k{i}", c)
        print("ready", flush=True)
        time.sleep(60)
        """
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, env=environment
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        with pytest.raises(ConfigError, match="another run"):
            CompletionStore(path)
        child.send_signal(signal.SIGKILL)
    with CompletionStore(path) as store:
        assert (len(store), store.dropped) == (50, 0)


def test_keys_of_requests_that_do_not_ask_for_certainty_are_those_of_before_there_was_any() -> None:
    base = ask("r", "hello", expert="a")
    before = "5ef91117394047a06571932afcc0c7e21235fd9fb88a745d759214267387b49d"
    assert completion_key("id", base) == before
    asking = replace(base, sampling=base.sampling.model_copy(update={"certainty": True}))
    assert completion_key("id", asking) != before


def test_certainty_is_kept_and_lines_without_it_are_as_before(path: Path) -> None:
    certainty = Certainty(mean_logprob=-0.25, self_certainty=7.5, top_k=20)
    with CompletionStore(path) as store:
        store.put("sure", replace(done(), certainty=certainty))
        store.put("plain", done())
    assert ["certainty" in json.loads(line) for line in path.read_text("utf-8").splitlines()] == [True, False]
    with CompletionStore(path) as store:
        sure, plain = store.get("sure"), store.get("plain")
    assert sure is not None and sure.certainty == certainty
    assert plain is not None and plain.certainty is None
