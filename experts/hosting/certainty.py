"""Certainty of the requests of one engine that ask for it: exact where the sampler can be watched.

Where it cannot (speculative decoding, a runner of another vLLM) the engine's own log-probabilities of
the likeliest tokens take the place, and `Certainty.top_k` says so. Nothing is set up before the first
request asks, and an engine's arguments do not depend on it. Runs in the engine process; knows vLLM's
engine only by `collective_rpc` and by the outputs that it is given.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from experts.certainty import TokenLogprobs, certainty_of_top
from experts.completion import Certainty
from experts.hosting.messages import Tokens
from experts.hosting.sampler_watch import marked, read_watch, unmarked, watch_sampler

_log = logging.getLogger(__name__)
_TOP_K = 20
"""What vLLM gives at most unless its `max_logprobs` is raised, and OpenAI's endpoints too."""


class CertaintyGauge:
    """Measures in one engine, for as long as that lives."""

    def __init__(self, engine: Any) -> None:
        """Store the engine; its weights may change."""
        self._engine = engine
        self._watches: bool | None = None
        """Whether the sampler is watched; None: nobody has asked yet."""
        self._counts: dict[str, int] = {}
        """Request id -> tokens so far, of requests that ask."""
        self._tops: dict[str, list[TokenLogprobs]] = {}
        """What the engine said of the likeliest tokens, where it cannot be watched."""

    def begin(self, request_id: str) -> tuple[str, int | None]:
        """A request asks.

        Returns:
            The id under which the engine is to have it, and how many log-probabilities a token the engine
            is to be asked for (None: none).
        """
        if self._watches is None:
            self._watches = self._watch()
        self._counts[request_id] = 0
        return (marked(request_id), None) if self._watches else (request_id, _TOP_K)

    def _watch(self) -> bool:
        try:
            able = any(self._engine.collective_rpc(watch_sampler))
        except Exception:  # noqa: BLE001  # a runner that is built otherwise may fail in any way; texts must not
            _log.warning("the sampler cannot be watched", exc_info=True)
            able = False
        if not able:
            _log.info("certainty is approximated from the %d likeliest tokens", _TOP_K)
        return able

    def engine_id(self, request_id: str) -> str:
        """The id under which the engine has a request."""
        return marked(request_id) if self._watches and request_id in self._counts else request_id

    def see(self, output: Any) -> str:
        """Take note of an output of the engine; returns the request's own id."""
        request_id = unmarked(output.request_id)
        if request_id in self._counts:
            completion = output.outputs[0]
            self._counts[request_id] += len(completion.token_ids)
            if not self._watches:
                places = zip(completion.token_ids, completion.logprobs or (), strict=False)
                self._tops.setdefault(request_id, []).extend(_place(token, at) for token, at in places)
        return request_id

    def complete(self, events: Sequence[Tokens]) -> list[Tokens]:
        """The same events, with the certainty so far where it was asked for."""
        counts = {e.id: self._counts[e.id] for e in events if self._counts.get(e.id)}
        found = self._read(counts, [e.id for e in events if e.finish]) if counts else {}
        return [replace(e, certainty=found[e.id]) if e.id in found else e for e in events]

    def forget(self, ids: Sequence[str]) -> None:
        """These requests have ended early."""
        if any(i in self._counts for i in ids):
            self._read({}, ids)

    def _read(self, counts: dict[str, int], ended: Sequence[str]) -> dict[str, Certainty | None]:
        if self._watches:
            reports = self._engine.collective_rpc(read_watch, args=(counts, list(ended)))
            values: dict[str, tuple[float, float]] = next((r for r in reports if r), {})
            found = {i: _exact(*pair) for i, pair in values.items()}
        else:
            size = int(self._engine.model_config.get_vocab_size())
            tops = {i: self._tops.get(i, []) for i in counts}
            found = {i: certainty_of_top(top, vocabulary=size) for i, top in tops.items()}
        for request_id in ended:
            self._counts.pop(request_id, None)
            self._tops.pop(request_id, None)
        return found


def _exact(mean_logprob: float, self_certainty: float) -> Certainty | None:
    """Rounding may leave a hair beyond the bounds; NaN comes from a broken model and is no measurement."""
    if not (math.isfinite(mean_logprob) and math.isfinite(self_certainty)):
        return None
    return Certainty(mean_logprob=min(0.0, mean_logprob), self_certainty=max(0.0, self_certainty))


def _place(token: int, at: Any) -> TokenLogprobs:
    """Of vLLM's mapping of token ids to log-probabilities at one place: the taken token's, the likeliest."""
    # The taken token is in it whether or not it is among the likeliest.
    likeliest = sorted((entry.logprob for entry in at.values()), reverse=True)[:_TOP_K]
    return at[token].logprob, likeliest
