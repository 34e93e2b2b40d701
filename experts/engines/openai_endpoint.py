"""Experts behind an OpenAI-compatible endpoint: vLLM's server, llama.cpp, Ollama, hosted providers.

One retry loop, ours: the client's own retries are off. A failure ends as an error completion that
names expert, endpoint and what to do. Knows no prices and no prompts, not how a failure is worded
and not how long to wait; keys are read from the environment at the first submit and never written
anywhere.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakKeyDictionary

from experts.certainty import TokenLogprobs, certainty_of_top
from experts.completion import Completion, Delta, FinishReason, Request, Usage, failed
from experts.config import OpenAIExpert
from experts.engines.backoff import Backoff
from experts.engines.openai_certainty import LOGPROBS, UNKNOWN, token_logprobs
from experts.engines.openai_failures import BROKEN_STREAM, FINISH, Failure, Failures
from experts.errors import ConfigError, ExpertError
from experts.streams import Emit, check_requests, closing, run_jobs

if TYPE_CHECKING:
    from openai import AsyncOpenAI

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Flight:
    """A request in flight."""

    started: float = field(default_factory=time.perf_counter)
    text: str = ""
    """What was emitted as deltas so far."""
    tokens: list[TokenLogprobs] = field(default_factory=list)
    """What the endpoint said of the likeliest tokens, where it was asked."""
    task: asyncio.Task[None] | None = None
    aborted: bool = False


@dataclass(frozen=True, slots=True)
class _Connection:
    """What belongs to one event loop."""

    client: AsyncOpenAI
    places: asyncio.Semaphore


class OpenAIEngine:
    """Serves one expert through an OpenAI-compatible endpoint; the client is made at the first submit."""

    def __init__(
        self,
        name: str,
        config: OpenAIExpert,
        *,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Store; nothing is connected to.

        Args:
            name: the expert's.
            config: model, address, name of the key's variable, bounds.
            backoff: how long to wait between attempts.
            sleep: waits so many seconds; another one in tests.
            clock: seconds since the epoch, for a `Retry-After` that is a date.

        Raises:
            ConfigError: `base_url` is not an http(s) address.
        """
        parts = urlsplit(config.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(
                f"Expert {name!r}: base_url must be an address such as http://127.0.0.1:8000/v1, "
                f"got {config.base_url!r}."
            )
        self._name = name
        self._config = config
        # Without user, password and query: these may be secrets, and this is shown.
        self._url = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._failures = Failures(config, clock)
        self._rng = random.Random()
        self._flights: dict[str, _Flight] = {}
        self._connections: WeakKeyDictionary[asyncio.AbstractEventLoop, _Connection] = WeakKeyDictionary()
        self._closed = False
        self._no_logprobs = False
        """Whether the endpoint has shown that it takes no request for log-probabilities."""

    @property
    def experts(self) -> tuple[str, ...]:
        """The one expert's name."""
        return (self._name,)

    def identity(self, expert: str) -> str:
        """Address and model name: all that can be known; an endpoint does not tell which weights it runs."""
        return f"openai:{self._url}:{self._config.model}"

    async def submit(
        self, requests: Sequence[Request], *, deltas: bool = False
    ) -> AsyncGenerator[Delta | Completion, None]:
        """Ask the endpoint, at most `max_concurrency` at once; see `Engine.submit`.

        With deltas the answers are streamed; without, an aborted request has no text so far. A
        stream that breaks off after its first text is not tried again: what was shown cannot be
        taken back.

        Raises:
            ConfigError: the key's environment variable is not set, or `openai` is not installed.
            ExpertError: closed, an unknown expert, an id that is not unique.
        """
        if self._closed:
            raise ExpertError(f"The engine of expert {self._name!r} is closed; build a new one.")
        check_requests(requests, self.experts, self._flights)
        connection = self._connection()
        self._flights.update({r.id: _Flight() for r in requests})
        try:
            jobs = [partial(self._fly, connection, r, deltas) for r in requests]
            async with closing(run_jobs(jobs)) as events:
                async for event in events:
                    yield event
        finally:
            for request in requests:
                self._flights.pop(request.id, None)

    async def abort(self, request_ids: Sequence[str]) -> None:
        """End requests early, closing their connections; unknown and finished ids are ignored."""
        for request_id in request_ids:
            flight = self._flights.get(request_id)
            if flight is not None and not flight.aborted:
                flight.aborted = True
                if flight.task is not None:
                    flight.task.cancel()

    async def close(self) -> None:
        """Fail what is in flight and close the connections; further submits raise."""
        self._closed = True
        await self.abort(list(self._flights))
        connection = self._connections.pop(asyncio.get_running_loop(), None)
        if connection is not None:
            await connection.client.close()

    def _connection(self) -> _Connection:
        loop = asyncio.get_running_loop()
        if loop not in self._connections:
            # A client's sockets belong to the event loop they were opened on.
            places = asyncio.Semaphore(self._config.max_concurrency)
            self._connections[loop] = _Connection(self._client(), places)
        return self._connections[loop]

    def _client(self) -> AsyncOpenAI:
        try:
            import openai
        except ImportError as error:
            raise ConfigError(
                f"Expert {self._name!r} needs the package `openai`; run: pip install openai"
            ) from error
        return openai.AsyncOpenAI(
            api_key=self._key() or "none",
            base_url=self._config.base_url,
            max_retries=0,
            timeout=self._config.timeout_s,
        )

    def _key(self) -> str:
        variable = self._config.api_key_env
        if variable is None:
            return ""
        key = os.environ.get(variable, "").strip()
        if not key:
            raise ConfigError(
                f"Expert {self._name!r}: the environment variable {variable} is not set; "
                f"put the key for {self._url} there, or leave out api_key_env if none is needed."
            )
        return key

    async def _fly(self, connection: _Connection, request: Request, deltas: bool, emit: Emit) -> None:
        flight = self._flights[request.id]
        flight.task = asyncio.current_task()
        try:
            completion = None if flight.aborted else await self._answer(connection, request, deltas, emit)
        except asyncio.CancelledError:
            if not flight.aborted:
                raise
            completion = None
        self._flights.pop(request.id, None)
        emit(completion or self._ended_early(request, flight))

    def _ended_early(self, request: Request, flight: _Flight) -> Completion:
        if self._closed:
            return self._failed(request, flight, "the engine was closed meanwhile.")
        return _completion(request, flight, flight.text, "stop", None)

    async def _answer(
        self, connection: _Connection, request: Request, deltas: bool, emit: Emit
    ) -> Completion:
        flight = self._flights[request.id]
        # The place is kept while waiting: else the queue would hit an endpoint that limits the rate.
        async with connection.places:
            attempt = 1
            while True:
                result = await self._attempt(connection, request, deltas, emit)
                if isinstance(result, Completion):
                    return result
                if not result.retryable or flight.text or attempt > self._config.max_retries:
                    break
                attempt += 1
                wait_s = self._backoff.wait_s(attempt - 1, result.asked_s, self._rng.random())
                logger.info(
                    "Expert %r at %s: %s Attempt %d of %d in %.1f s.",
                    *(self._name, self._url, result.words, attempt, self._config.max_retries + 1, wait_s),
                )
                await self._sleep(wait_s)
        words = result.words if attempt == 1 else f"after {attempt} attempts: {result.words}"
        return self._failed(request, flight, words, retryable=result.retryable)

    async def _attempt(
        self, connection: _Connection, request: Request, deltas: bool, emit: Emit
    ) -> Completion | Failure:
        asked = request.sampling.certainty and not self._no_logprobs
        result = await self._ask_once(connection, request, LOGPROBS if asked else {}, deltas, emit)
        if asked and isinstance(result, Failure) and result.rejected:
            # Whether it is the log-probabilities that it rejects shows when it answers without them.
            result = await self._ask_once(connection, request, {}, deltas, emit)
            self._no_logprobs = self._no_logprobs or isinstance(result, Completion)
        return result

    async def _ask_once(
        self, connection: _Connection, request: Request, extra: dict[str, Any], deltas: bool, emit: Emit
    ) -> Completion | Failure:
        import openai

        flight = self._flights[request.id]
        flight.tokens = []
        payload = self._payload(request) | extra
        try:
            async with asyncio.timeout(self._config.timeout_s):
                if deltas:
                    return await self._stream(connection.client, request, payload, flight, emit)
                return await self._ask(connection.client, request, payload, flight)
        except (openai.OpenAIError, TimeoutError, ValueError) as error:
            return self._failures.of_error(error, request)

    async def _ask(
        self, client: AsyncOpenAI, request: Request, payload: dict[str, Any], flight: _Flight
    ) -> Completion | Failure:
        answer = await client.chat.completions.create(**payload)
        choices = getattr(answer, "choices", None)
        if not choices or choices[0].message is None:
            return self._failures.malformed("no choices in it")
        message, reason = choices[0].message, choices[0].finish_reason or "stop"
        refusal = getattr(message, "refusal", None)
        flight.tokens = token_logprobs(choices[0])
        return self._finished(request, flight, message.content, refusal, reason, answer.usage)

    async def _stream(
        self,
        client: AsyncOpenAI,
        request: Request,
        payload: dict[str, Any],
        flight: _Flight,
        emit: Emit,
    ) -> Completion | Failure:
        reason, usage, refusal, said = None, None, "", False
        payload = payload | {"stream": True, "stream_options": {"include_usage": True}}
        async with await client.chat.completions.create(**payload) as chunks:
            async for chunk in chunks:
                usage = chunk.usage or usage
                for choice in chunk.choices or ():
                    reason = choice.finish_reason or reason
                    flight.tokens += token_logprobs(choice)
                    refusal += getattr(choice.delta, "refusal", None) or ""
                    text = choice.delta.content
                    said = said or text is not None
                    if text:
                        flight.text += text
                        emit(Delta(request_id=request.id, text=text))
        if reason is None:
            return BROKEN_STREAM
        return self._finished(request, flight, flight.text if said else None, refusal, reason, usage)

    def _payload(self, request: Request) -> dict[str, Any]:
        import openai

        sampling = request.sampling
        # Else the client sends what its own environment variables hold, to whatever address.
        unsent = ["OpenAI-Organization", "OpenAI-Project"]
        if self._config.api_key_env is None:
            unsent.append("Authorization")
        payload: dict[str, Any] = {
            "model": self._config.model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "extra_headers": {header: openai.Omit() for header in unsent},
        }
        # Only where asked for: not every endpoint takes them.
        if sampling.top_p != 1.0:
            payload["top_p"] = sampling.top_p
        if sampling.seed is not None:
            payload["seed"] = sampling.seed
        if sampling.stop:
            payload["stop"] = list(sampling.stop)
        return payload

    def _finished(
        self,
        request: Request,
        flight: _Flight,
        text: str | None,
        refusal: str | None,
        reason: str,
        usage: Any,
    ) -> Completion | Failure:
        failure = self._failures.of_answer(text, refusal, reason)
        return failure or _completion(request, flight, text or "", FINISH[reason], usage)

    def _failed(
        self, request: Request, flight: _Flight, words: str, *, retryable: bool = False
    ) -> Completion:
        sentence = f"Expert {self._name!r} at {self._url}: {words}"
        seconds = time.perf_counter() - flight.started
        return failed(request, sentence, retryable=retryable, seconds=seconds)


def _completion(request: Request, flight: _Flight, text: str, reason: FinishReason, usage: Any) -> Completion:
    certainty = certainty_of_top(flight.tokens)
    untold = request.sampling.certainty and certainty is None and bool(text)
    return Completion(
        request_id=request.id,
        expert=request.expert,
        query_id=request.query_id,
        text=text,
        finish_reason=reason,
        usage=Usage(
            prompt_tokens=getattr(usage, "prompt_tokens", None) or 0,
            completion_tokens=getattr(usage, "completion_tokens", None) or 0,
            seconds=time.perf_counter() - flight.started,
        ),
        sample_index=request.sample_index,
        certainty=certainty,
        notes=(UNKNOWN,) if untold else (),
    )
