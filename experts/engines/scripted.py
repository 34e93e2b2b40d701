"""The scripted double: an engine that plays fixed replies and faults, for tests and examples.

Public on purpose. Its tokens are words. Of the sampling it heeds `max_tokens` (a longer reply
is cut, with reason "length") and `certainty`. Knows no model and no network.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import marshal
import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from experts.completion import Certainty, Completion, Delta, Request, Usage, failed
from experts.config import ScriptedExpertConfig
from experts.errors import ConfigError, ExpertError
from experts.streams import Emit, check_requests, closing, run_jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One scripted reply or fault. The text comes first, word by word; then the fault, if any."""

    text: str = ""
    delay_s: float = 0.0
    """Seconds that the text takes, spread evenly over its words."""
    finish_reason: Literal["stop", "length"] = "stop"
    certainty: Certainty | None = field(default=None, repr=False)
    """Given to requests that ask for it. Not in the identity, which is about texts."""
    error: str | None = None
    """Ends with an error completion that says this."""
    retryable: bool = False
    """With `error`: whether asking again may help."""
    raises: Exception | None = None
    """The whole engine dies: `submit` raises this."""
    hangs: bool = False
    """Never ends, until it is aborted or the iterator is closed."""


Script = str | Reply | Callable[[Request], str | Reply]
"""A text, a reply with delay or fault, or a function of the request that gives either."""


@dataclass(slots=True)
class _Play:
    """A request in flight."""

    started: float
    text: str = ""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by an abort."""


class ScriptedEngine:
    """Answers by rule: the first key that occurs in the last message picks the reply."""

    def __init__(
        self,
        replies: Mapping[str, Script] | None = None,
        *,
        default: Script = "I do not know.",
        experts: Sequence[str] = ("scripted",),
        version: str = "",
    ) -> None:
        """Take the script.

        Args:
            replies: text that occurs in the last message -> what to reply, tried in order.
            default: what to reply where no key occurs.
            experts: names served; a callable sees which one was asked in `request.expert`.
            version: part of the identity; change it when a callable's replies change through
                what it refers to (its own code is in the identity already).

        Raises:
            ConfigError: no expert, or one name twice.
        """
        if not experts or len(set(experts)) != len(experts):
            raise ConfigError(
                f"A scripted engine needs one or more different expert names, got {list(experts)!r}."
            )
        self.calls: list[Request] = []
        """Every request that was started, in order."""
        self._replies = dict(replies or {})
        self._default = default
        self._experts = tuple(experts)
        self._version = version
        self._plays: dict[str, _Play] = {}
        self._closed = False

    @classmethod
    def from_config(cls, name: str, config: ScriptedExpertConfig) -> ScriptedEngine:
        """The engine of one expert that is written in a configuration file."""
        return cls(config.replies, default=config.default, experts=(name,))

    @property
    def experts(self) -> tuple[str, ...]:
        """Names of the experts served."""
        return self._experts

    def identity(self, expert: str) -> str:
        """Hash of the script and the expert's name."""
        script = [[key, _description(reply)] for key, reply in self._replies.items()]
        whole = json.dumps([expert, self._version, script, _description(self._default)])
        return f"scripted:{hashlib.sha256(whole.encode()).hexdigest()[:16]}"

    async def submit(
        self, requests: Sequence[Request], *, deltas: bool = False
    ) -> AsyncGenerator[Delta | Completion, None]:
        """Play the replies, all at once; see `Engine.submit`.

        Raises:
            ExpertError: closed, an unknown expert, an id that is not unique.
            Exception: what a reply's `raises` or a callable of the script raises.
        """
        if self._closed:
            raise ExpertError(f"The engine of {', '.join(self._experts)} is closed; build a new one.")
        check_requests(requests, self._experts, self._plays)
        self.calls.extend(requests)
        for request in requests:
            self._plays[request.id] = _Play(started=time.perf_counter())
        try:
            async with closing(run_jobs([partial(self._play, r, deltas) for r in requests])) as events:
                async for event in events:
                    yield event
        finally:
            for request in requests:
                self._plays.pop(request.id, None)

    async def abort(self, request_ids: Sequence[str]) -> None:
        """End requests early with the words so far; unknown and finished ids are ignored."""
        for request_id in request_ids:
            if request_id in self._plays:
                self._plays[request_id].ended.set()

    async def close(self) -> None:
        """Fail what is in flight; further submits raise."""
        self._closed = True
        await self.abort(list(self._plays))

    async def _play(self, request: Request, deltas: bool, emit: Emit) -> None:
        play = self._plays[request.id]
        reply = self._reply(request)
        words = _words(reply.text)
        kept = words[: request.sampling.max_tokens]
        finished = True
        for word in kept:
            finished = await _unless_ended(play, reply.delay_s / len(words))
            if not finished:
                break
            play.text += word
            if deltas:
                emit(Delta(request_id=request.id, text=word))
        if finished and len(kept) == len(words):
            finished = await self._fault(reply, play)
        self._plays.pop(request.id, None)
        cut = finished and len(kept) < len(words)
        emit(self._completion(request, reply, play, cut=cut, aborted=not finished))

    async def _fault(self, reply: Reply, play: _Play) -> bool:
        if reply.raises is not None:
            raise reply.raises
        return not reply.hangs or await _unless_ended(play, None)

    def _reply(self, request: Request) -> Reply:
        last = request.messages[-1].content
        script = next((reply for key, reply in self._replies.items() if key in last), self._default)
        reply = script(request) if callable(script) else script
        return Reply(text=reply) if isinstance(reply, str) else reply

    def _completion(
        self, request: Request, reply: Reply, play: _Play, *, cut: bool, aborted: bool
    ) -> Completion:
        seconds = time.perf_counter() - play.started
        if aborted and self._closed:
            sentence = f"Expert {request.expert!r}: the engine was closed meanwhile."
            return failed(request, sentence, seconds=seconds)
        if reply.error is not None and not (aborted or cut):
            return failed(request, reply.error, retryable=reply.retryable, seconds=seconds)
        return Completion(
            request_id=request.id,
            expert=request.expert,
            query_id=request.query_id,
            text=play.text,
            finish_reason="length" if cut else "stop" if aborted else reply.finish_reason,
            usage=Usage(
                prompt_tokens=sum(len(m.content.split()) for m in request.messages),
                completion_tokens=len(_words(play.text)),
                seconds=seconds,
            ),
            sample_index=request.sample_index,
            certainty=reply.certainty if request.sampling.certainty else None,
        )


def _words(text: str) -> list[str]:
    """Words with the white space after them; joined they are the text."""
    return re.findall(r"\S+\s*|\s+", text)


async def _unless_ended(play: _Play, seconds: float | None) -> bool:
    """Wait so long (None: for ever); False as soon as the request is aborted."""
    if seconds == 0:
        return not play.ended.is_set()
    try:
        async with asyncio.timeout(seconds):
            await play.ended.wait()
    except TimeoutError:
        return True
    return False


def _description(script: Script) -> str:
    if isinstance(script, str | Reply):
        return repr(script)
    code = getattr(script, "__code__", None)
    body = hashlib.sha256(marshal.dumps(code)).hexdigest() if code is not None else ""
    return f"{getattr(script, '__qualname__', type(script).__qualname__)}:{body}"
