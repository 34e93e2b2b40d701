"""What goes wrong at an OpenAI-compatible endpoint, in words: what happened and what to do about it.

Also says which failures are worth another attempt, but makes none. Knows no expert's name and no
address; reads the key from the environment only to keep it out of what is said.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experts.completion import FinishReason, Request
from experts.config import OpenAIExpert
from experts.engines.backoff import retry_after_s

if TYPE_CHECKING:
    from openai import APIStatusError

FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
}
"""An endpoint's words for the end of an answer, and ours; any other word is a failure."""
_RETRIED = frozenset({408, 409, 429})
_CONTEXT_WORDS = ("context length", "context_length", "context window", "max_model_len", "too many tokens")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, in words without the expert's name."""

    words: str
    retryable: bool = False
    asked_s: float | None = None
    rejected: bool = False
    """Whether the endpoint does not take the request as it stands; another one it might."""
    """How long the endpoint asks to wait, seconds."""


BROKEN_STREAM = Failure("the stream broke off before the answer's end; ask again.", retryable=True)


class Failures:
    """Puts one endpoint's failures into words."""

    def __init__(self, config: OpenAIExpert, clock: Callable[[], float]) -> None:
        """Store.

        Args:
            config: model, bounds and name of the key's variable, which the words name.
            clock: seconds since the epoch, for a `Retry-After` that is a date.
        """
        self._config = config
        self._clock = clock

    def of_answer(self, text: str | None, refusal: str | None, reason: str) -> Failure | None:
        """Why an answer that came is none; None where it is one."""
        if reason == "content_filter":
            return Failure(
                "its content filter withheld the answer; rephrase the question or ask another expert."
            )
        if refusal:
            return Failure(f"the model refused to answer ({self._quoted(refusal)}); ask another expert.")
        if reason not in FINISH:
            return Failure(f"the answer ended for the reason {reason!r}, not as text; ask another expert.")
        if text is None and FINISH[reason] == "stop":
            return Failure("the endpoint gave an answer without text; check that the model is one for chat.")
        return None

    def of_error(self, error: Exception, request: Request) -> Failure:
        """Why an attempt ended with an error of the client, a bound on time or an unreadable answer."""
        import openai

        if isinstance(error, TimeoutError | openai.APITimeoutError):
            bound = f"{self._config.timeout_s:g} s"
            return Failure(f"no complete answer within {bound}; raise timeout_s or lower max_tokens.", True)
        if isinstance(error, openai.APIConnectionError):
            why = self._quoted(str(error.__cause__ or error))
            return Failure(
                f"no connection, or a lost one ({why}); start the server or correct base_url.", True
            )
        if isinstance(error, openai.APIStatusError):
            return self._of_status(error, request)
        if isinstance(error, openai.APIError):
            return Failure(f"it reports an error ({self._quoted(error.message)}); see its log.", True)
        return self.malformed(str(error))

    def _of_status(self, error: APIStatusError, request: Request) -> Failure:
        status, said = error.status_code, self._quoted(_said(error))
        variable, model = self._config.api_key_env, self._config.model
        too_long = any(word in f"{error.code} {error.message}".lower() for word in _CONTEXT_WORDS)
        if status == 401:
            what = f"correct the environment variable {variable}" if variable else "name one in api_key_env"
            return Failure(f"it refuses the key (HTTP 401, {said}); {what}.")
        if status == 403:
            return Failure(f"it forbids the model {model!r} (HTTP 403, {said}); use a key that may ask it.")
        if status == 404:
            return Failure(f"it has no model {model!r} (HTTP 404, {said}); correct `model` or base_url.")
        if status in (400, 413, 422) and too_long:
            limit = request.sampling.max_tokens
            return Failure(
                f"the prompt and max_tokens={limit} exceed its context length ({said}); shorten one of them."
            )
        if status == 429 and error.code == "insufficient_quota":
            return Failure(f"its quota is used up (HTTP 429, {said}); raise the quota at the provider.")
        asked_s = retry_after_s(error.response.headers, self._clock())
        if status == 429:
            words = f"it limits the rate (HTTP 429, {said}); lower max_concurrency or raise max_retries."
            return Failure(words, True, asked_s)
        if status in _RETRIED or status >= 500:
            return Failure(f"it fails (HTTP {status}, {said}); see its log or try later.", True, asked_s)
        words = f"it rejects the request (HTTP {status}, {said}); correct the configuration."
        return Failure(words, rejected=status in (400, 422))

    def malformed(self, why: str) -> Failure:
        """The answer is none of an OpenAI-compatible endpoint."""
        return Failure(
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
