"""The only module that calls vLLM. Runs inside an engine process.

Wraps vLLM's `LLMEngine`: load, reload in place, add, step, abort. Knows no text (token ids in,
token ids out), no Ray and no pipes. Written against vLLM 0.32 (GPU: 0.26 and later).
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from experts.errors import ExpertError
from experts.hosting.certainty import CertaintyGauge
from experts.hosting.messages import Awake, EngineSpec, Loaded, Slept, TokenRequest, Tokens
from experts.hosting.weight_check import WeightReport, compare_with_files

_log = logging.getLogger(__name__)


class VllmAdapter:
    """At most one live vLLM engine, and what it holds."""

    def __init__(self) -> None:
        self._engine: Any = None
        self._gauge: CertaintyGauge | None = None
        self._spec: EngineSpec | None = None
        self._no_reload: dict[str, str] = {}
        """Families in which an in-place reload went wrong, and how."""
        self._in_flight: set[str] = set()
        self._footprint = 0
        """Device memory that the live engine took, bytes."""

    # --- residency -------------------------------------------------------------------------

    def load(self, spec: EngineSpec) -> Loaded:
        """Make `spec`'s weights resident, by the cheapest way that is known to be right.

        Raises:
            Exception: whatever vLLM raises when it cannot build the engine.
        """
        started = time.perf_counter()
        note = self._reload_refusal(spec)
        if note is None:
            note = self._try_reload(spec)
            if note is None:
                return self._loaded("reload", started, None)
        self._new_engine(spec)
        return self._loaded("new_engine", started, note or None)

    def _reload_refusal(self, spec: EngineSpec) -> str | None:
        """Why not to reload: "" where it is not even a question (no engine, other family)."""
        if self._spec is None or self._engine is None or self._spec.family != spec.family:
            return ""
        reason = spec.reload_obstacle or self._no_reload.get(spec.family)
        return reason and f"{spec.expert} got a new engine instead of a reload: {reason}."

    def _try_reload(self, spec: EngineSpec) -> str | None:
        """Reload in place and compare with the file; None on success, else what went wrong."""
        try:
            self._engine.collective_rpc("reload_weights", kwargs={"weights_path": spec.folder})
            # Cached key-value blocks belong to the weights that are gone.
            self._engine.reset_prefix_cache()
            report = self.compare(spec.folder) if spec.verify_reload else None
        except Exception as error:  # noqa: BLE001  # whatever went wrong in vLLM, a new engine is the remedy
            _log.warning("reload of %s failed", spec.expert, exc_info=True)
            problem = f"the reload failed with {type(error).__name__}: {error}"
        else:
            if report is None or report.equal:
                self._spec = spec
                return None
            problem = report.describe()
        self._no_reload[spec.family] = problem
        return f"{spec.expert} got a new engine after a reload: {problem}."

    def _new_engine(self, spec: EngineSpec) -> None:
        self.shutdown()
        from vllm.engine.arg_utils import EngineArgs
        from vllm.v1.engine.llm_engine import LLMEngine

        self._engine = LLMEngine.from_engine_args(EngineArgs(**_engine_arguments(spec)))
        self._gauge = CertaintyGauge(self._engine)
        self._spec = spec
        self._footprint = self._used_memory() if spec.can_sleep else 0

    def sleep(self, level: int) -> Slept:
        """Give the device's memory back and keep the engine; see `messages.Sleep`.

        Without meaning on a CPU, where nothing is given back.
        """
        if self._spec is None or not self._spec.can_sleep:
            return Slept(0)
        before = self._free_memory()
        self._engine.reset_prefix_cache()
        self._engine.sleep(level=level)
        return Slept(max(0, self._free_memory() - before))

    def wake(self) -> Awake:
        """Take the device's memory again; after level 2 the weights are to be reloaded."""
        if self._spec is not None and self._spec.can_sleep:
            self._engine.wake_up()
            # Cached key-value blocks were given back with the rest.
            self._engine.reset_prefix_cache()
        return Awake()

    def _free_memory(self) -> int:
        return int(min(free for free, _ in self._engine.apply_model(_device_memory)))

    def _used_memory(self) -> int:
        return int(max(used for _, used in self._engine.apply_model(_device_memory)))

    def compare(self, folder: str) -> WeightReport:
        """What the engine really holds against the files of `folder`."""
        reports = self._engine.apply_model(_Comparison(folder))
        return WeightReport.merge(reports)

    def shutdown(self) -> None:
        """End the live engine, if any, and give its memory back."""
        if self._engine is not None:
            self._engine.engine_core.shutdown()
        self._engine = self._spec = self._gauge = None
        self._in_flight.clear()
        gc.collect()

    def _loaded(self, kind: Any, started: float, note: str | None) -> Loaded:
        import vllm

        return Loaded(
            kind=kind,
            seconds=time.perf_counter() - started,
            max_model_len=int(self._engine.model_config.max_model_len),
            engine_version=vllm.__version__,
            note=note,
            footprint_bytes=self._footprint,
        )

    # --- generation ------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether requests are in flight."""
        return bool(self._in_flight)

    def add(self, request: TokenRequest) -> None:
        """Start a request; it joins those that run.

        Raises:
            ExpertError: the engine refuses it.
        """
        if self._engine is None or self._gauge is None:
            raise ExpertError("No engine is loaded.")
        from vllm import SamplingParams
        from vllm.inputs import TokensPrompt as Prompt
        from vllm.sampling_params import RequestOutputKind

        engine_id, top_k = self._gauge.begin(request.id) if request.sampling.certainty else (request.id, None)
        parameters = SamplingParams(
            max_tokens=request.max_tokens,
            temperature=request.sampling.temperature,
            top_p=request.sampling.top_p,
            seed=request.sampling.seed,
            # The engine's own end of text is that of the first model it held; ours travels with the request.
            ignore_eos=True,
            stop_token_ids=list(request.stop_ids),
            detokenize=False,
            logprobs=top_k,
            output_kind=RequestOutputKind.DELTA if request.stream else RequestOutputKind.FINAL_ONLY,
        )
        try:
            self._engine.add_request(engine_id, Prompt(prompt_token_ids=list(request.prompt)), parameters)
        except (ValueError, TypeError) as error:
            self._gauge.forget([request.id])
            raise ExpertError(f"The engine refused the request: {error}") from error
        self._in_flight.add(request.id)

    def step(self) -> list[Tokens]:
        """One engine step; what it produced."""
        events: list[Tokens] = []
        if self._gauge is None:
            return events
        for output in self._engine.step():
            request_id = self._gauge.see(output)
            completion = output.outputs[0]
            finish: Literal["stop", "length"] | None = None
            if output.finished:
                self._in_flight.discard(request_id)
                finish = "length" if completion.finish_reason == "length" else "stop"
            events.append(Tokens(request_id, tuple(completion.token_ids), finish))
        return self._gauge.complete(events)

    def abort(self, ids: Sequence[str]) -> list[Tokens]:
        """End requests at once; unknown ids are ignored."""
        known = [i for i in ids if i in self._in_flight]
        if known and self._gauge is not None:
            # `internal=False`: the ids are ours, vLLM appends a suffix to its own.
            self._engine.abort_request([self._gauge.engine_id(i) for i in known], internal=False)
            self._gauge.forget(known)
        self._in_flight.difference_update(known)
        return [Tokens(i, (), "abort") for i in known]


def _device_memory(_model: Any) -> tuple[int, int]:
    """(free on the device, held by this worker's torch) in bytes; runs inside vLLM's worker."""
    import torch

    return int(torch.cuda.mem_get_info()[0]), int(torch.cuda.memory_reserved())


class _Comparison:
    """A picklable call for the engine's workers."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, model: Any) -> WeightReport:
        return compare_with_files(model, Path(self.folder))


def _engine_arguments(spec: EngineSpec) -> dict[str, Any]:
    """Keyword arguments of vLLM's `EngineArgs`."""
    engine = spec.engine
    eager = engine.enforce_eager if engine.enforce_eager is not None else spec.device == "cpu"
    arguments: dict[str, Any] = {
        "model": spec.folder,
        "dtype": engine.dtype,
        "max_model_len": engine.max_model_len,
        "max_num_seqs": engine.max_num_seqs,
        "tensor_parallel_size": engine.tensor_parallel_size,
        "quantization": engine.quantization,
        "trust_remote_code": engine.trust_remote_code,
        "enforce_eager": eager,
        "kv_cache_memory_bytes": spec.kv_cache_bytes,
        "skip_tokenizer_init": True,
        # Else the first model's end-of-text ids would stay in force after a reload; stop ids
        # travel with every request.
        "generation_config": "vllm",
        "disable_log_stats": True,
    }
    if spec.device == "gpu":
        arguments["gpu_memory_utilization"] = engine.gpu_memory_utilization
        arguments["enable_sleep_mode"] = spec.can_sleep
    return {**{k: v for k, v in arguments.items() if v is not None}, **engine.extra}
