"""Plays back outputs recorded earlier, by query id and sample index; never invents a text.

Experts whose size is given are timed on a simulated machine: a submit is a round, planned and switched as on
real slots, in virtual time, and completions come in the order in which they would have ended. Nobody waits.
The messages of a request are not looked at but for their length, and of its sampling only whether it asks
for certainty.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from experts.completion import Completion, Delta, Request, Usage, failed
from experts.config import HostingConfig, RecordedExpert
from experts.errors import ExpertError
from experts.playback.jsonl_recording import read_jsonl
from experts.playback.parquet_recording import ParquetRecordings
from experts.playback.recording import RecordedAnswer, Recording, estimated_tokens
from experts.playback.simulated_run import SimulatedRun
from experts.scheduling.switches import Switch
from experts.streams import check_requests


class RecordedEngine:
    """Serves recorded experts from files that are read once, at construction."""

    def __init__(
        self,
        experts: Mapping[str, RecordedExpert],
        hosting: HostingConfig = HostingConfig(),  # noqa: B008 - frozen
        *,
        last: str | None = None,
    ) -> None:
        """Read the files.

        Args:
            experts: by name; at least one.
            hosting: how many slots the simulated machine has, and the waiting bound.
            last: the expert that aggregates; it comes last on its slot.

        Raises:
            ConfigError: a file cannot be read, something in it is broken, or it does not hold the model.
        """
        self._configs = dict(experts)
        self._recordings = _recordings(self._configs)
        self._simulated = SimulatedRun(self._configs, hosting, last)
        self._closed = False

    @property
    def experts(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._configs)

    @property
    def estimated(self) -> tuple[str, ...]:
        """Experts of which some completion's tokens were not recorded: they are characters / 4."""
        return tuple(name for name, found in self._recordings.items() if not found.tokens_known)

    @property
    def simulated_seconds(self) -> float:
        """Of the simulated machine's clock."""
        return self._simulated.seconds

    def switches(self) -> list[Switch]:
        """Those of the simulated machine, oldest first."""
        return self._simulated.switches()

    def identity(self, expert: str) -> str:
        """Hash of the file, and the model within it."""
        return f"recorded:{self._recordings[expert].checksum}"

    async def submit(
        self, requests: Sequence[Request], *, deltas: bool = False
    ) -> AsyncGenerator[Delta | Completion, None]:
        """Play back; a delta is the whole text. A sample that is not in the file is an error completion.

        Raises:
            ExpertError: closed, an unknown expert, an id that is not unique.
        """
        if self._closed:
            raise ExpertError(f"The recorded engine of {', '.join(self.experts)} is closed; build a new one.")
        check_requests(requests, self.experts, ())
        for completion in self._in_order(requests):
            if deltas and completion.text:
                yield Delta(request_id=completion.request_id, text=completion.text)
            yield completion

    async def abort(self, request_ids: Sequence[str]) -> None:
        """Do nothing: every request is finished as soon as it is started."""

    async def close(self) -> None:
        """Further submits raise."""
        self._closed = True

    def _in_order(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Those that are not simulated and those that failed at once, then the others as they end."""
        answers: dict[str, RecordedAnswer] = {}
        usages: dict[str, Usage] = {}
        timed = []
        for request in requests:
            answer = self._recordings[request.expert].get(request.query_id, request.sample_index)
            if answer is None or answer.finish_reason == "error":
                yield self._failed(request, answer)
            elif self._configs[request.expert].parameters_b is None:
                yield _completion(request, answer, _usage(request, answer), 0.0)
            else:
                answers[request.id], usages[request.id] = answer, _usage(request, answer)
                timed.append(request)
        if timed:
            for seconds, request in self._simulated.ends(timed, usages):
                yield _completion(request, answers[request.id], usages[request.id], seconds)

    def _failed(self, request: Request, answer: RecordedAnswer | None) -> Completion:
        name = request.expert
        if answer is not None:
            return failed(request, f"Expert {name!r} failed when this was recorded: {answer.text}")
        return failed(
            request,
            f"Expert {name!r}: {self._configs[name].path} holds no output for query {request.query_id!r}, "
            f"sample {request.sample_index}; record it, or leave the question out.",
        )


def _recordings(experts: Mapping[str, RecordedExpert]) -> dict[str, Recording]:
    models: dict[Path, list[str | None]] = {}
    for config in experts.values():
        if config.path.suffix == ".parquet":
            models.setdefault(config.path, []).append(config.model)
    files = {path: ParquetRecordings(path, wanted) for path, wanted in models.items()}
    return {
        name: files[config.path].recording(config.model, config.id_prefix)
        if config.path in files
        else read_jsonl(config.path, config.id_prefix)
        for name, config in experts.items()
    }


def _usage(request: Request, answer: RecordedAnswer) -> Usage:
    """Tokens as they were recorded, else estimated from characters; no seconds."""
    asked, said = answer.prompt_tokens, answer.completion_tokens
    if asked is None:
        asked = estimated_tokens(sum(len(message.content) for message in request.messages))
    return Usage(
        prompt_tokens=asked,
        completion_tokens=estimated_tokens(len(answer.text)) if said is None else said,
    )


def _completion(request: Request, answer: RecordedAnswer, usage: Usage, seconds: float) -> Completion:
    return Completion(
        request_id=request.id,
        expert=request.expert,
        query_id=request.query_id,
        text=answer.text,
        finish_reason=answer.finish_reason,
        usage=replace(usage, seconds=seconds) if seconds else usage,
        sample_index=request.sample_index,
        certainty=answer.certainty if request.sampling.certainty else None,
    )
