"""One batch of requests on its way through an engine: token ids in, texts and completions out.

Knows requests, tokenizer and events; knows neither processes nor residency.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from experts.completion import Certainty, Completion, Delta, Request, Usage, failed
from experts.errors import ExpertError
from experts.hosting.messages import TokenRequest, Tokens
from experts.hosting.records import Fault, Refused
from experts.hosting.tokenizing import ChatTokenizer, IncrementalText
from experts.scheduling.switches import Switch

BatchEvent = Delta | Completion | Switch | Fault | Refused

_UNTOLD = "The engine could not tell how certain it was of this answer."


@dataclass(slots=True)
class _InFlight:
    request: Request
    prompt_tokens: int = 0
    ids: list[int] = field(default_factory=list)
    text: IncrementalText | None = None
    """Set where text is needed before the end: for deltas and stop strings."""
    shown: str = ""
    started: float = 0.0
    certainty: Certainty | None = None
    sent: bool = False
    """Whether the engine has it."""
    notes: tuple[str, ...] = ()
    """What happened on the way."""


class RunningBatch:
    """A batch of one expert. Every request yields exactly one completion, or is given back."""

    def __init__(self, serial: int, requests: Sequence[Request], *, deltas: bool) -> None:
        """A batch that has not started.

        Args:
            serial: number of the batch on its slot; makes request ids unique there.
            requests: of one expert, ids unique.
            deltas: whether to yield pieces of text.
        """
        self.lost = False
        """Whether the engine has gone with requests unfinished."""
        self.answered = 0
        """Requests that the engine has answered."""
        self.usage = Usage()
        """Of all answers."""
        self.expert = requests[0].expert if requests else ""
        self.hung = False
        """Whether it was lost because the engine made no step."""
        self._deltas = deltas
        self._events: list[BatchEvent] = []
        self._signal = asyncio.Event()
        self._flight = {f"{serial}/{r.id}": _InFlight(r) for r in requests}

    @property
    def finished(self) -> bool:
        """Whether every request has its completion."""
        return not self._flight

    @property
    def unfinished(self) -> int:
        """Requests without a completion."""
        return len(self._flight)

    async def next_events(self, gather_s: float = 0.0) -> list[BatchEvent]:
        """Wait for events and take all; an empty list says that none will come (finished or lost).

        Args:
            gather_s: after the first event wait so long for more, unless the batch ends before.
        """
        while not self._events and not self._ended:
            await self._change()
        if self._events and gather_s and not self._ended:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(gather_s):
                    while not self._ended:
                        await self._change()
        events, self._events = self._events, []
        return events

    @property
    def _ended(self) -> bool:
        return self.finished or self.lost

    async def _change(self) -> None:
        self._signal.clear()
        await self._signal.wait()

    @property
    def running(self) -> bool:
        """Whether the engine has requests of it."""
        return not self.lost and any(flight.sent for flight in self._flight.values())

    def lose(self, *, hung: bool) -> None:
        """The engine has gone; `hung`: it was killed because it made no step."""
        self.lost, self.hung = True, hung or (self.lost and self.hung)
        self._signal.set()

    def restart(self) -> None:
        """Another engine takes over what is unfinished; nothing may be on its way to the old one."""
        self.lost = self.hung = False
        for flight in self._flight.values():
            flight.sent = False

    def keys(self, request_ids: Iterable[str] | None = None) -> tuple[str, ...]:
        """Engine ids of what the engine has; of the given request ids only, where given."""
        wanted = None if request_ids is None else set(request_ids)
        return tuple(
            k for k, f in self._flight.items() if f.sent and (wanted is None or f.request.id in wanted)
        )

    def unsent(self) -> list[str]:
        """Engine ids of what the engine does not have yet."""
        return [key for key, flight in self._flight.items() if not flight.sent]

    def prepare(
        self, keys: Sequence[str], tokenizer: ChatTokenizer, max_model_len: int
    ) -> tuple[list[TokenRequest], list[tuple[str, str]]]:
        """Token requests of some engine ids, and (engine id, why not) of those that cannot be asked.

        Changes no list of requests, so that it may run in another thread than the rest.
        """
        ready, refused = [], []
        wanted = [(key, flight) for key in keys if (flight := self._flight.get(key)) is not None]
        prompts = tokenizer.render_all([flight.request.messages for _, flight in wanted])
        for (key, flight), prompt in zip(wanted, prompts, strict=True):
            try:
                if isinstance(prompt, ExpertError):
                    raise prompt
                ready.append(self._prepare(key, flight, prompt, tokenizer, max_model_len))
            except ExpertError as error:
                refused.append((key, str(error)))
        return ready, refused

    def mark_sent(self, ready: Iterable[TokenRequest]) -> None:
        """The engine has these now."""
        for request in ready:
            if request.id in self._flight:
                self._flight[request.id].sent = True

    def _prepare(
        self, key: str, flight: _InFlight, prompt: list[int], tokenizer: ChatTokenizer, max_model_len: int
    ) -> TokenRequest:
        request = flight.request
        if len(prompt) >= max_model_len:
            raise ExpertError(
                f"The question has {len(prompt):,} tokens for expert {request.expert!r}, whose context holds "
                f"{max_model_len:,} with the answer. Shorten it, or leave this expert out."
            )
        stream = self._deltas or bool(request.sampling.stop)
        flight.prompt_tokens, flight.ids, flight.started = len(prompt), [], time.perf_counter()
        flight.shown, flight.certainty = "", None
        flight.text = IncrementalText(tokenizer, request.sampling.stop) if stream else None
        return TokenRequest(
            id=key,
            prompt=tuple(prompt),
            sampling=request.sampling,
            max_tokens=min(request.sampling.max_tokens, max_model_len - len(prompt)),
            stop_ids=tokenizer.stop_ids,
            stream=stream,
        )

    def on_tokens(self, event: Tokens, tokenizer: ChatTokenizer) -> bool:
        """Take further tokens; True where a stop string was met and the engine must be told."""
        flight = self._flight.get(event.id)
        if flight is None:
            return False
        flight.ids += event.ids
        flight.certainty = event.certainty or flight.certainty
        stopped = False
        if flight.text is not None:
            pieces = [flight.text.push(event.ids)]
            if event.finish and not pieces[0].stopped:
                pieces.append(flight.text.finish())
            for piece in pieces:
                self._show(flight, piece.text)
                stopped = stopped or piece.stopped
        if event.finish or stopped:
            text = tokenizer.decode(flight.ids) if flight.text is None else flight.shown
            reason = "length" if event.finish == "length" and not stopped else "stop"
            self._finish(event.id, self._completion(flight, text, reason))
        return stopped and not event.finish

    def refuse(self, key: str, error: str) -> None:
        """A request cannot be asked; `key` is its engine id."""
        if key in self._flight:
            self._finish(key, failed(self._flight[key].request, error))

    def abandon(self, request_ids: Iterable[str]) -> None:
        """End requests that never reached the engine, with the empty text they have."""
        wanted = set(request_ids)
        for key in [k for k in self.unsent() if self._flight[k].request.id in wanted]:
            self._finish(key, self._completion(self._flight[key], self._flight[key].shown, "stop"))

    def fail_rest(self, error: str, *, retryable: bool, shown_only: bool = False) -> None:
        """Fail what is unfinished; with `shown_only`, only requests whose text is partly shown."""
        for key, flight in list(self._flight.items()):
            if not shown_only or (self._deltas and flight.shown):
                self._finish(key, failed(flight.request, error, retryable=retryable))

    def give_back(self, reason: str, *, retryable: bool) -> None:
        """Nothing more can be done here: what is unfinished may be tried elsewhere."""
        if self._flight:
            self._flight.clear()
            self.put(Refused(reason=reason, retryable=retryable))

    def note(self, what: str) -> None:
        """Remember for what is unfinished that something happened on the way."""
        for flight in self._flight.values():
            flight.notes = (*flight.notes, what)

    def put(self, *events: BatchEvent) -> None:
        """Pass events on, in order."""
        self._events += events
        self._signal.set()

    def _show(self, flight: _InFlight, text: str) -> None:
        flight.shown += text
        if text and self._deltas:
            self.put(Delta(request_id=flight.request.id, text=text))

    def _completion(self, flight: _InFlight, text: str, reason: str) -> Completion:
        untold = flight.request.sampling.certainty and flight.certainty is None and bool(flight.ids)
        return Completion(
            request_id=flight.request.id,
            expert=flight.request.expert,
            query_id=flight.request.query_id,
            text=text,
            finish_reason="length" if reason == "length" else "stop",
            usage=Usage(
                prompt_tokens=flight.prompt_tokens,
                completion_tokens=len(flight.ids),
                seconds=time.perf_counter() - flight.started if flight.started else 0.0,
            ),
            sample_index=flight.request.sample_index,
            certainty=flight.certainty,
            notes=(*flight.notes, _UNTOLD) if untold else flight.notes,
        )

    def _finish(self, key: str, completion: Completion) -> None:
        del self._flight[key]
        if completion.ok:
            self.answered += 1
            self.usage += completion.usage
        self.put(completion)
