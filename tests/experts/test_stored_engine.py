"""The engine that answers from a store what that holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from checks.engine_checks import ENGINE_CHECKS, LONG_CHECKS, Check, EngineCase, ask

from experts.completion import Completion, Request
from experts.engine import generate
from experts.engines.scripted import Reply, Script, ScriptedEngine
from experts.store import CompletionStore, completion_key
from experts.stored_engine import StoredEngine

SCRIPT: dict[str, Script] = {
    "plain": "one two three",
    "bad": Reply(error="It broke; mend it."),
    "long": Reply(text="one two", hangs=True),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CompletionStore]:
    with CompletionStore(tmp_path / "completions.jsonl") as opened:
        yield opened


@pytest.mark.parametrize("check", ENGINE_CHECKS + LONG_CHECKS, ids=lambda c: c.__name__)
async def test_contract(check: Check, store: CompletionStore) -> None:
    case = EngineCase(
        make=lambda: StoredEngine(ScriptedEngine(SCRIPT, experts=("a",)), store),
        # Half of the requests share their text and so are asked once.
        answered=lambda i: ask(i, "plain" if i.endswith(("0", "1")) else f"plain {i}", expert="a"),
        refused=lambda i: ask(i, "bad", expert="a"),
        endless=lambda i: ask(i, "long", expert="a"),
    )
    await check(case)
    if "long" not in check.__name__:
        await check(case)  # and again from the store


def scripted(**kwargs: str) -> ScriptedEngine:
    return ScriptedEngine(SCRIPT, experts=("a",), **kwargs)


async def texts(engine: StoredEngine, requests: list[Request]) -> list[str]:
    return [c.text for c in await generate(engine, requests)]


async def test_asks_only_what_the_store_lacks(store: CompletionStore) -> None:
    first, second = scripted(), scripted()
    await generate(StoredEngine(first, store), [ask("r0", "plain", expert="a"), ask("r1", "bad", expert="a")])
    requests = [
        ask("s0", "plain", expert="a", query_id="other"),
        ask("s1", "bad", expert="a"),
        ask("s2", "plain more", expert="a"),
    ]
    kept, bad, new = await generate(StoredEngine(second, store), requests)
    assert [c.id for c in second.calls] == ["s1", "s2"]
    assert (kept.request_id, kept.query_id, kept.text) == ("s0", "other", "one two three")
    assert (kept.usage.seconds, kept.usage.completion_tokens) == (0.0, 3)
    assert not bad.ok and new.ok
    recorded = store.get(completion_key(first.identity("a"), requests[0]))
    assert recorded is not None and recorded.usage.seconds > 0


async def test_another_identity_is_asked_anew(store: CompletionStore) -> None:
    requests = [ask("r", "plain", expert="a")]
    await generate(StoredEngine(scripted(), store), requests)
    updated = scripted(version="2")
    await generate(StoredEngine(updated, store), requests)
    assert len(updated.calls) == 1


async def test_equal_requests_are_asked_once_when_greedy_only(store: CompletionStore) -> None:
    engine = scripted()
    greedy = [ask(f"g{i}", "plain", expert="a", query_id=f"q{i}") for i in range(3)]
    drawn = [ask(f"d{i}", "plain", expert="a", temperature=0.7) for i in range(3)]
    completions = await generate(StoredEngine(engine, store), greedy + drawn)
    assert [c.id for c in engine.calls] == ["g0", "d0", "d1", "d2"]
    assert [(c.request_id, c.query_id, c.ok) for c in completions[:3]] == [
        (f"g{i}", f"q{i}", True) for i in range(3)
    ]


async def test_an_aborted_text_is_not_kept(store: CompletionStore) -> None:
    engine = StoredEngine(scripted(), store)
    ended: dict[str, str] = {}
    requests = [ask("r0", "long", expert="a"), ask("r1", "long", expert="a")]
    async for event in engine.submit(requests, deltas=True):
        if isinstance(event, Completion):
            ended[event.request_id] = event.text
        elif event.request_id == "r0":
            await engine.abort(["r0", "r1"])
    assert set(ended) == {"r0", "r1"}
    assert len(store) == 0


async def test_an_abort_does_not_take_the_answer_from_who_shares_it(store: CompletionStore) -> None:
    engine = StoredEngine(ScriptedEngine(default=Reply(text="one two", delay_s=0.05), experts=("a",)), store)
    requests = [ask("r0", "x", expert="a"), ask("r1", "x", expert="a")]
    ended: list[Completion] = []
    async for event in engine.submit(requests, deltas=True):
        if isinstance(event, Completion):
            ended.append(event)
        else:
            await engine.abort(["r0"])
    assert [(c.request_id, c.text) for c in ended] == [("r0", "one two"), ("r1", "one two")]
    assert len(store) == 1


async def test_what_came_before_a_crash_is_kept(store: CompletionStore) -> None:
    engine = ScriptedEngine(
        {"plain": "one", "die": Reply(text="x", delay_s=0.05, raises=RuntimeError("gone"))}, experts=("a",)
    )
    with pytest.raises(RuntimeError):
        await generate(
            StoredEngine(engine, store), [ask("r0", "plain", expert="a"), ask("r1", "die", expert="a")]
        )
    assert await texts(StoredEngine(engine, store), [ask("r0", "plain", expert="a")]) == ["one"]
    assert len(engine.calls) == 2
