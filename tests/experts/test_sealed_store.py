"""A store whose texts are sealed: nothing of them in the file, sealed from the first line to the last."""

import asyncio
import json
from pathlib import Path

import pytest
from checks.engine_checks import ask

from experts.completion import Completion, Request
from experts.engine import generate
from experts.engines.scripted import ScriptedEngine
from experts.errors import ConfigError
from experts.sealing import Seal
from experts.store import CompletionStore
from experts.stored_engine import StoredEngine

SEAL, SECRET = Seal("open sesame"), "mitochondrion"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "completions.store"


def said(text: str = SECRET) -> Completion:
    return Completion(request_id="r", expert="a", query_id="gpqa:7", text=text, finish_reason="stop")


def test_the_file_has_the_id_and_not_the_text(path: Path) -> None:
    with CompletionStore(path, seal=SEAL) as store:
        store.put("k", said())
    raw = path.read_text(encoding="utf-8")
    assert "gpqa:7" in raw and SECRET not in raw
    with CompletionStore(path, seal=Seal("open sesame")) as again:
        found = again.get("k")
        assert found is not None and found.text == SECRET
        assert (len(again), again.found, again.dropped) == (1, 1, 0)


def test_an_answer_comes_from_a_sealed_store_without_asking(path: Path) -> None:
    engine = ScriptedEngine(default=SECRET, experts=("a",))
    with CompletionStore(path, seal=SEAL) as store:
        first, second = ask("1", "?", expert="a"), ask("2", "?", expert="a")
        [one] = _run(StoredEngine(engine, store), first)
        [two] = _run(StoredEngine(engine, store), second)
        assert one.text == two.text == SECRET
        assert store.found == 1


def _run(engine: StoredEngine, *requests: Request) -> list[Completion]:
    return asyncio.run(generate(engine, list(requests)))


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        (SEAL, None, "are sealed, and those of this run are not to be"),
        (None, SEAL, "are not sealed, and those of this run are to be sealed"),
        (SEAL, Seal("other"), "No text in the .* can be opened"),
    ],
)
def test_a_store_is_sealed_as_a_whole_or_not_at_all(
    path: Path, first: Seal | None, then: Seal | None, words: str
) -> None:
    with CompletionStore(path, seal=first) as store:
        store.put("k", said())
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=words) as caught:
        CompletionStore(path, seal=then)
    assert SECRET not in str(caught.value)
    assert path.read_bytes() == before
    with CompletionStore(path, seal=first) as again:  # nothing holds the lock
        assert len(again) == 1


def test_a_torn_sealed_line_costs_that_line_only(path: Path) -> None:
    with CompletionStore(path, seal=SEAL) as store:
        store.put("k", said())
        store.put("l", said("ribosome"))
    raw = path.read_bytes()
    path.write_bytes(raw[:-20])
    with CompletionStore(path, seal=SEAL) as again:
        assert (len(again), again.dropped) == (1, 1)
        store_text = again.get("k")
        assert store_text is not None and store_text.text == SECRET


@pytest.mark.parametrize("spoilt", [0, 1])
def test_a_changed_sealed_line_costs_that_line_only(path: Path, spoilt: int) -> None:
    with CompletionStore(path, seal=SEAL) as store:
        store.put("k0", said())
        store.put("k1", said())
    lines = path.read_text(encoding="utf-8").splitlines()
    row = json.loads(lines[spoilt])
    row["sealed"] = ("B" if row["sealed"][0] == "A" else "A") + row["sealed"][1:]
    lines[spoilt] = json.dumps(row)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with CompletionStore(path, seal=SEAL) as again:
        assert (len(again), again.dropped) == (1, 1)
        assert again.get(f"k{spoilt}") is None
        again.put(f"k{spoilt}", said("asked again"))
        found = again.get(f"k{spoilt}")
        assert found is not None and found.text == "asked again"
