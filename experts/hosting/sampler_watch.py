"""Watches the sampler inside vLLM's worker: how certain the model was of every token that it gave.

Stands in the sampler's place, hands every call on unchanged, and measures the rows of requests that
ask, from the logits as the model gave them: before temperature, top-p and penalties. Works on copies,
so that no text can change. Only two numbers a token leave the device, never the vocabulary.

For V tokens with probabilities p_j the self-certainty is KL(uniform || p) = -(1/V) sum_j log p_j - log V
(Kang et al. 2025, arXiv 2502.18581, section 3). V is the model's own vocabulary: vLLM cuts its padding
off before it samples. Tokens whose logit is -inf cannot be given; they do not count in V.

Knows both of vLLM's model runners (0.32: one for CPUs, another for GPUs), no requests and no texts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

_MARK, _END = "certain<", ">"
"""A request that asks says so in its id, which is all that every runner keeps in the order of rows. vLLM
appends a suffix to ids."""


def marked(request_id: str) -> str:
    """The id under which a request that asks is to be given to the engine."""
    return f"{_MARK}{request_id}{_END}"


def unmarked(engine_id: str) -> str:
    """The request's own id; of ids without a mark, the id as it is."""
    return _own_id(engine_id) or engine_id


def _own_id(engine_id: str) -> str | None:
    """The request's own id, where it asks; None where it does not."""
    return engine_id[len(_MARK) : engine_id.rindex(_END)] if engine_id.startswith(_MARK) else None


def watch_sampler(worker: Any) -> bool:
    """Put a watch in the place of a worker's sampler; runs in the worker.

    Returns:
        Whether the worker samples in a way that can be watched: one row of logits a request, hence without
        speculative decoding.
    """
    runner = worker.model_runner
    sampler = getattr(runner, "sampler", None)
    if getattr(runner, "speculative_config", None) is not None or not callable(sampler):
        return False
    if not isinstance(sampler, SamplerWatch):
        runner.sampler = SamplerWatch(runner, sampler)
    return True


def read_watch(
    worker: Any, counts: Mapping[str, int], ended: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """What the watch has measured; runs in the worker.

    Args:
        worker: whose sampler is watched.
        counts: request id -> number of its tokens so far, at least 1.
        ended: ids to be forgotten after this.

    Returns:
        Request id -> (mean log-probability of its tokens, mean self-certainty), nats; ids of which fewer
        tokens were measured are left out.
    """
    watch = getattr(worker.model_runner, "sampler", None)
    return watch.read(counts, ended) if isinstance(watch, SamplerWatch) else {}


class SamplerWatch:
    """A sampler that measures on the way; everything else is the sampler's own."""

    def __init__(self, runner: Any, sampler: Any) -> None:
        """Watch `sampler`, to which `runner` belongs."""
        self._runner, self._sampler = runner, sampler
        self._measured: dict[str, list[tuple[float, float]]] = {}
        """Request id -> (log-probability, self-certainty) of each of its tokens."""
        self._steps: deque[tuple[list[str], Any, Any]] = deque()
        """Steps on their way from the device: ids, values, event that says they have come."""

    def __getattr__(self, name: str) -> Any:
        """What the sampler has."""
        return getattr(self._sampler, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Sample, and measure the rows of requests that ask."""
        logits = kwargs["logits"] if "logits" in kwargs else args[0]
        asking = self._asking(len(logits), [*args, *kwargs.values()])
        if not asking:
            return self._sampler(*args, **kwargs)
        import torch

        rows = torch.tensor([row for row, _ in asking], device=logits.device)
        own = logits if len(asking) == len(logits) else logits.index_select(0, rows)
        # Before it samples: the sampler divides by temperatures in place.
        logprobs = own.log_softmax(dim=-1, dtype=torch.float32)
        output = self._sampler(*args, **kwargs)
        taken = output.sampled_token_ids.reshape(len(logits), -1)[rows, 0].long()
        self._send([name for _, name in asking], measure(logprobs, taken))
        return output

    def _asking(self, n_rows: int, arguments: Sequence[Any]) -> list[tuple[int, str]]:
        """Rows whose token is kept and whose request asks, with the request's id."""
        batch = next((a for a in arguments if hasattr(a, "prefill_len_np")), None)
        if batch is not None:
            names = batch.req_ids
            unread = batch.seq_lens_cpu_upper_bound.numpy()[: len(names)] < batch.prefill_len_np[: len(names)]
        else:
            names = self._runner.input_batch.req_ids
            unread = self._runner.discard_request_mask.np[: len(names)]
        if len(names) != n_rows:  # a trial run of the engine's own
            return []
        # A prompt that is read in pieces has a row at each, whose token is thrown away.
        own = ((row, _own_id(name)) for row, name in enumerate(names) if not unread[row])
        return [(row, name) for row, name in own if name is not None]

    def _send(self, names: list[str], values: Any) -> None:
        """Let values come from the device while it goes on; take those of earlier steps."""
        if values.is_cuda:
            import torch

            host = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
            host.copy_(values, non_blocking=True)
            arrived = torch.cuda.Event()
            arrived.record()
            self._steps.append((names, host, arrived))
        else:
            self._steps.append((names, values, None))
        self._take(leave=1)

    def _take(self, *, leave: int) -> None:
        """Book all steps but the latest `leave`, whose values the device may still be computing."""
        while len(self._steps) > leave:
            names, values, arrived = self._steps.popleft()
            if arrived is not None:
                arrived.synchronize()
            for name, (logprob, certainty) in zip(names, values.tolist(), strict=True):
                self._measured.setdefault(name, []).append((logprob, certainty))

    def read(self, counts: Mapping[str, int], ended: Sequence[str]) -> dict[str, tuple[float, float]]:
        """See `read_watch`. An engine that works ahead may have measured more tokens than were given."""
        self._take(leave=0)
        found = {}
        for name, count in counts.items():
            values = self._measured.get(name, [])[:count]
            if len(values) == count > 0:
                found[name] = (sum(v[0] for v in values) / count, sum(v[1] for v in values) / count)
        for name in ended:
            self._measured.pop(name, None)
        return found


def measure(logprobs: Any, taken: Any) -> Any:
    """Log-probability of the tokens taken and self-certainty, both in nats.

    Args:
        logprobs: (r, V) float32 tensor of log-probabilities; -inf: not in the vocabulary.
        taken: (r) int64 tensor of token ids.

    Returns:
        (r, 2) float32 tensor.
    """
    import torch

    mean = logprobs.mean(dim=-1)
    size = torch.full_like(mean, logprobs.shape[-1])
    # On a GPU looking would make the host wait for the device, which costs more than a second pass.
    if logprobs.is_cuda or not bool(mean.isfinite().all()):
        absent = logprobs.isneginf()
        size = size - absent.sum(dim=-1)
        mean = logprobs.masked_fill(absent, 0.0).sum(dim=-1) / size
    own = logprobs.gather(-1, taken[:, None])[:, 0]
    return torch.stack([own, -mean - size.log()], dim=-1)
