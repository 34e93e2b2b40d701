"""Experts behind an OpenAI-compatible endpoint: vLLM's server, llama.cpp, Ollama, hosted providers.

One retry loop, ours: the client's own retries are off. A failure ends as an error completion that
names expert, endpoint and what to do. Knows no prices and no prompts; keys are read from the
environment at the first submit and never written anywhere.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakKeyDictionary

from experts.completion import Completion, Delta, FinishReason, Request, Usage, failed
from experts.config import OpenAIExpert
from experts.errors import ConfigError, ExpertError
from experts.pool import Emit, check_requests, closing, run_jobs

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

logger = logging.getLogger(__name__)

_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
}
_RETRIED = frozenset({408, 409, 429})
_CONTEXT_WORDS = ("context length", "context_length", "context window", "max_model_len", "too many tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait before the next attempt."""

    base_s: float = 0.5
    """Wait after the first failure, seconds; doubles with each further one."""
    longest_s: float = 60.0
    """No wait is longer, whatever the endpoint asks for, seconds."""

    def wait_s(self, failures: int, asked_s: float | None, jitter: float) -> float:
        """Seconds to wait after so many failures (1 or more).

        Args:
            failures: failed attempts so far.
            asked_s: what the endpoint asked for; it is never undercut, but for `longest_s`.
            jitter: uniform in [0, 1): spreads clients that failed at the same moment.
        """
        grown = self.base_s * 2.0 ** min(failures - 1, 60) * (0.5 + jitter / 2)
        return min(self.longest_s, max(grown, asked_s or 0.0))


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that an endpoint asks to wait: `retry-after-ms`, or `Retry-After` in seconds or as a date.

    Args:
        headers: of the response; looked up in lower case.
        now: seconds since the epoch.
    """
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
            return max(0.0, seconds) if math.isfinite(seconds) else None
        asked = headers.get("retry-after", "").strip()
        if not asked:
            return None
        if asked.replace(".", "", 1).isdigit():
            return float(asked)
        return max(0.0, parsedate_to_datetime(asked).timestamp() - now)
    except ValueError:
        return None


@dataclass(slots=True)
class _Flight:
    """A request in flight."""

    started: float = field(default_factory=time.perf_counter)
    text: str = ""
    """What was emitted as deltas so far."""
    task: asyncio.Task[None] | None = None
    aborted: bool = False


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why an attempt failed, in words without the expert's name."""

    words: str
    retryable: bool = False
    asked_s: float | None = None


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
        self._clock = clock
        self._rng = random.Random()
        self._flights: dict[str, _Flight] = {}
        self._connections: WeakKeyDictionary[asyncio.AbstractEventLoop, _Connection] = WeakKeyDictionary()
        self._closed = False

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
    ) -> Completion | _Failure:
        import openai

        flight = self._flights[request.id]
        try:
            async with asyncio.timeout(self._config.timeout_s):
                if deltas:
                    return await self._stream(connection.client, request, flight, emit)
                return await self._ask(connection.client, request, flight)
        except (openai.OpenAIError, TimeoutError, ValueError) as error:
            return self._explained(error, request)

    async def _ask(self, client: AsyncOpenAI, request: Request, flight: _Flight) -> Completion | _Failure:
        answer = await client.chat.completions.create(**self._payload(request))
        choices = getattr(answer, "choices", None)
        if not choices or choices[0].message is None:
            return self._malformed("no choices in it")
        message, reason = choices[0].message, choices[0].finish_reason or "stop"
        refusal = getattr(message, "refusal", None)
        return self._finished(request, flight, message.content, refusal, reason, answer.usage)

    async def _stream(
        self, client: AsyncOpenAI, request: Request, flight: _Flight, emit: Emit
    ) -> Completion | _Failure:
        reason, usage, refusal, said = None, None, "", False
        payload = self._payload(request) | {"stream": True, "stream_options": {"include_usage": True}}
        async with await client.chat.completions.create(**payload) as chunks:
            async for chunk in chunks:
                usage = chunk.usage or usage
                for choice in chunk.choices or ():
                    reason = choice.finish_reason or reason
                    refusal += getattr(choice.delta, "refusal", None) or ""
                    text = choice.delta.content
                    said = said or text is not None
                    if text:
                        flight.text += text
                        emit(Delta(request_id=request.id, text=text))
        if reason is None:
            return _Failure("the stream broke off before the answer's end; ask again.", retryable=True)
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
    ) -> Completion | _Failure:
        if reason == "content_filter":
            return _Failure(
                "its content filter withheld the answer; rephrase the question or ask another expert."
            )
        if refusal:
            return _Failure(f"the model refused to answer ({self._quoted(refusal)}); ask another expert.")
        if reason not in _FINISH:
            return _Failure(f"the answer ended for the reason {reason!r}, not as text; ask another expert.")
        if text is None and _FINISH[reason] == "stop":
            return _Failure("the endpoint gave an answer without text; check that the model is one for chat.")
        return _completion(request, flight, text or "", _FINISH[reason], usage)

    def _failed(
        self, request: Request, flight: _Flight, words: str, *, retryable: bool = False
    ) -> Completion:
        sentence = f"Expert {self._name!r} at {self._url}: {words}"
        seconds = time.perf_counter() - flight.started
        return failed(request, sentence, retryable=retryable, seconds=seconds)

    def _explained(self, error: Exception, request: Request) -> _Failure:
        import openai

        if isinstance(error, TimeoutError | openai.APITimeoutError):
            bound = f"{self._config.timeout_s:g} s"
            return _Failure(f"no complete answer within {bound}; raise timeout_s or lower max_tokens.", True)
        if isinstance(error, openai.APIConnectionError):
            why = self._quoted(str(error.__cause__ or error))
            return _Failure(
                f"no connection, or a lost one ({why}); start the server or correct base_url.", True
            )
        if isinstance(error, openai.APIStatusError):
            return self._explained_status(error, request)
        if isinstance(error, openai.APIError):
            return _Failure(f"it reports an error ({self._quoted(error.message)}); see its log.", True)
        return self._malformed(str(error))

    def _explained_status(self, error: APIStatusError, request: Request) -> _Failure:
        status, said = error.status_code, self._quoted(_said(error))
        variable, model = self._config.api_key_env, self._config.model
        too_long = any(word in f"{error.code} {error.message}".lower() for word in _CONTEXT_WORDS)
        if status == 401:
            what = f"correct the environment variable {variable}" if variable else "name one in api_key_env"
            return _Failure(f"it refuses the key (HTTP 401, {said}); {what}.")
        if status == 403:
            return _Failure(f"it forbids the model {model!r} (HTTP 403, {said}); use a key that may ask it.")
        if status == 404:
            return _Failure(f"it has no model {model!r} (HTTP 404, {said}); correct `model` or base_url.")
        if status in (400, 413, 422) and too_long:
            limit = request.sampling.max_tokens
            return _Failure(
                f"the prompt and max_tokens={limit} exceed its context length ({said}); shorten one of them."
            )
        if status == 429 and error.code == "insufficient_quota":
            return _Failure(f"its quota is used up (HTTP 429, {said}); raise the quota at the provider.")
        asked_s = retry_after_s(error.response.headers, self._clock())
        if status == 429:
            words = f"it limits the rate (HTTP 429, {said}); lower max_concurrency or raise max_retries."
            return _Failure(words, True, asked_s)
        if status in _RETRIED or status >= 500:
            return _Failure(f"it fails (HTTP {status}, {said}); see its log or try later.", True, asked_s)
        return _Failure(f"it rejects the request (HTTP {status}, {said}); correct the configuration.")

    def _malformed(self, why: str) -> _Failure:
        return _Failure(
            f"its answer is not in the OpenAI format ({self._quoted(why)}); "
            "base_url must be the API's root, which often ends in /v1."
        )

    def _quoted(self, text: str) -> str:
        """An endpoint's words on one line, cut, and without the key, which some endpoints echo."""
        variable = self._config.api_key_env
        key = os.environ.get(variable, "").strip() if variable else ""
        line = " ".join((text.replace(key, "***") if key else text).split())
        return repr(line if len(line) <= 200 else f"{line[:200]}...")


def _said(error: APIStatusError) -> str:
    """The endpoint's own words, where its error has the usual form."""
    words = error.body.get("message") if isinstance(error.body, dict) else None
    return words if isinstance(words, str) else error.message


def _completion(request: Request, flight: _Flight, text: str, reason: FinishReason, usage: Any) -> Completion:
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
    )
