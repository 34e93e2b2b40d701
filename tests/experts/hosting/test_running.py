"""A batch on its way: every request ends exactly once, whatever happens to the engine."""

import asyncio
from collections.abc import Sequence

import pytest

from experts.completion import Certainty, Completion, Delta, Request
from experts.errors import ExpertError
from experts.hosting.messages import Tokens
from experts.hosting.running import RunningBatch
from experts.hosting.tokenizing import ChatTokenizer
from experts.query import Message
from experts.sampling import SamplingConfig

CONTEXT = 40


class Bytes(ChatTokenizer):
    """One token a byte; no template."""

    def __init__(self) -> None:
        self.stop_ids = (0,)

    def render_all(self, conversations: Sequence[Sequence[Message]]) -> list[list[int] | ExpertError]:
        return [list(messages[-1].content.encode()) for messages in conversations]

    def decode(self, token_ids: Sequence[int]) -> str:
        return bytes(token_ids).decode("utf-8", errors="replace")


def ask(request_id: str, text: str = "question", **sampling: object) -> Request:
    return Request(
        id=request_id,
        expert="e",
        query_id=f"query of {request_id}",
        messages=(Message("user", text),),
        sampling=SamplingConfig.model_validate({"max_tokens": 100, **sampling}),
    )


def sent(batch: RunningBatch) -> list[str]:
    """Hand everything to a pretended engine; engine ids."""
    ready, refused = batch.prepare(batch.unsent(), Bytes(), CONTEXT)
    for key, problem in refused:
        batch.refuse(key, problem)
    batch.mark_sent(ready)
    return [r.id for r in ready]


def completions(events: Sequence[object]) -> dict[str, Completion]:
    found = [e for e in events if isinstance(e, Completion)]
    assert len({c.request_id for c in found}) == len(found), "one completion each"
    return {c.request_id: c for c in found}


async def test_answers_come_with_text_usage_and_reason() -> None:
    batch = RunningBatch(7, [ask("a"), ask("b")], deltas=False)
    a, b = sent(batch)
    batch.on_tokens(Tokens(b, tuple(b"no"), "length"), Bytes())
    batch.on_tokens(Tokens(a, tuple(b"yes"), "stop"), Bytes())
    done = completions(await batch.next_events())
    assert (done["a"].text, done["a"].finish_reason, done["a"].query_id) == ("yes", "stop", "query of a")
    assert (done["b"].text, done["b"].finish_reason) == ("no", "length")
    assert (done["a"].usage.prompt_tokens, done["a"].usage.completion_tokens) == (8, 3)
    assert batch.finished
    assert await batch.next_events() == []


async def test_the_context_bounds_prompt_and_answer() -> None:
    batch = RunningBatch(0, [ask("fits", "x" * 39), ask("too long", "x" * 40)], deltas=False)
    ready, refused = batch.prepare(batch.unsent(), Bytes(), CONTEXT)
    assert [r.max_tokens for r in ready] == [1]
    assert "40 tokens" in refused[0][1]


async def test_stop_strings_are_watched_without_deltas_too() -> None:
    batch = RunningBatch(0, [ask("a", stop=("END",))], deltas=False)
    [key] = sent(batch)
    assert not batch.on_tokens(Tokens(key, tuple(b"some E"), None), Bytes())
    assert batch.on_tokens(Tokens(key, tuple(b"ND more"), None), Bytes()), "the engine must be told to stop"
    events = await batch.next_events()
    assert completions(events)["a"].text == "some "
    assert not [e for e in events if isinstance(e, Delta)], "nobody asked for deltas"


async def test_after_a_loss_only_the_unfinished_is_sent_again() -> None:
    batch = RunningBatch(0, [ask("done"), ask("open")], deltas=False)
    first, second = sent(batch)
    batch.on_tokens(Tokens(first, tuple(b"x"), "stop"), Bytes())
    batch.on_tokens(Tokens(second, tuple(b"half"), None), Bytes())
    batch.lose(hung=False)
    assert batch.lost
    assert not batch.running
    assert completions(await batch.next_events()).keys() == {"done"}
    assert await batch.next_events() == [], "nothing will come until another engine takes over"
    batch.restart()
    assert sent(batch) == [second]
    batch.on_tokens(Tokens(second, tuple(b"whole"), "stop"), Bytes())
    assert completions(await batch.next_events())["open"].text == "whole", "the half before is forgotten"


async def test_what_was_sent_into_a_dying_engine_is_sent_again() -> None:
    batch = RunningBatch(0, [ask("a")], deltas=False)
    ready, _ = batch.prepare(batch.unsent(), Bytes(), CONTEXT)
    batch.lose(hung=False)
    batch.mark_sent(ready)  # the pipe took it before its end was noticed
    batch.restart()
    assert sent(batch) == [ready[0].id]


async def test_text_that_was_shown_is_not_begun_again() -> None:
    batch = RunningBatch(0, [ask("shown"), ask("silent")], deltas=True)
    shown, silent = sent(batch)
    batch.on_tokens(Tokens(shown, tuple(b"half"), None), Bytes())
    batch.lose(hung=False)
    batch.fail_rest("The engine died.", retryable=True, shown_only=True)
    done = completions(await batch.next_events())
    assert done["shown"].error == "The engine died."
    batch.restart()
    assert batch.unsent() == [silent]


async def test_aborting_what_waits_and_what_runs() -> None:
    batch = RunningBatch(0, [ask("waits"), ask("runs")], deltas=True)
    ready, _ = batch.prepare([k for k in batch.unsent() if k.endswith("runs")], Bytes(), CONTEXT)
    batch.mark_sent(ready)
    batch.abandon(["waits", "runs", "unknown"])
    assert batch.keys(["waits", "runs"]) == (ready[0].id,), "what runs is the engine's to end"
    batch.on_tokens(Tokens(ready[0].id, tuple(b"so far"), None), Bytes())
    batch.on_tokens(Tokens(ready[0].id, (), "abort"), Bytes())
    done = completions(await batch.next_events())
    assert {(c.request_id, c.text, c.finish_reason) for c in done.values()} == {
        ("waits", "", "stop"),
        ("runs", "so far", "stop"),
    }


async def test_events_are_gathered_but_the_end_is_not_delayed() -> None:
    batch = RunningBatch(0, [ask("a"), ask("b")], deltas=False)
    a, b = sent(batch)
    batch.on_tokens(Tokens(a, tuple(b"1"), "stop"), Bytes())
    waiting = asyncio.create_task(batch.next_events(gather_s=60))
    await asyncio.sleep(0)
    assert not waiting.done()
    batch.on_tokens(Tokens(b, tuple(b"2"), "stop"), Bytes())
    assert len(await asyncio.wait_for(waiting, 5)) == 2


async def test_events_of_strangers_are_ignored() -> None:
    batch = RunningBatch(0, [ask("a")], deltas=False)
    assert not batch.on_tokens(Tokens("99/zzz", (1,), "stop"), Bytes())
    batch.refuse("99/zzz", "no")
    assert not batch.finished


def test_a_completion_needs_an_error_exactly_when_it_failed() -> None:
    with pytest.raises(ValueError, match="error"):
        Completion(request_id="r", expert="e", query_id="q", text="", finish_reason="error")


def test_certainty_is_that_of_the_last_event_that_told_it() -> None:
    batch = RunningBatch(1, [ask("a", certainty=True, stop=["END"])], deltas=False)
    [key] = sent(batch)
    early, late = (Certainty(mean_logprob=-0.5, self_certainty=value) for value in (3.0, 4.0))
    batch.on_tokens(Tokens(key, tuple(b"some "), None, early), Bytes())
    assert batch.on_tokens(Tokens(key, tuple(b"more END"), None, late), Bytes())
    [done] = completions(asyncio.run(batch.next_events())).values()
    assert (done.text, done.certainty, done.notes) == ("some more ", late, ())


def test_certainty_that_could_not_be_told_is_noted_where_it_was_asked_for() -> None:
    batch = RunningBatch(1, [ask("asks", certainty=True), ask("does not")], deltas=False)
    for key in sent(batch):
        batch.on_tokens(Tokens(key, tuple(b"yes"), "stop"), Bytes())
    done = completions(asyncio.run(batch.next_events()))
    assert done["asks"].notes == ("The engine could not tell how certain it was of this answer.",)
    assert done["does not"].notes == ()
    assert done["asks"].certainty is done["does not"].certainty is None


def test_text_and_certainty_of_a_dead_engine_do_not_count_for_its_successor() -> None:
    batch = RunningBatch(1, [ask("a", certainty=True, stop=["END"])], deltas=False)
    [key] = sent(batch)
    batch.on_tokens(
        Tokens(key, tuple(b"half"), None, Certainty(mean_logprob=-9.0, self_certainty=1.0)), Bytes()
    )
    batch.lose(hung=False)
    batch.restart()
    [key] = sent(batch)
    batch.on_tokens(Tokens(key, tuple(b"whole"), "stop"), Bytes())
    [done] = completions(asyncio.run(batch.next_events())).values()
    assert (done.text, done.certainty) == ("whole", None)
