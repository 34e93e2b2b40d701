"""How experts and their hosting are written in a configuration file. Imports nothing heavy.

An expert is named by its key under `experts:` (routed to) or `helpers:` (annotator, aggregator).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from experts.sampling import SamplingConfig


class Price(BaseModel):
    """Price of an expert in US dollars per million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt_usd_per_million: float = Field(default=0.0, ge=0.0)
    completion_usd_per_million: float = Field(default=0.0, ge=0.0)


class ExpertBase(BaseModel):
    """What every expert has, whatever serves it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sampling: SamplingConfig
    description: str = ""
    """One or two sentences on what it is good at."""
    price: Price = Price()
    memory_gib: float | None = Field(default=None, gt=0)
    """GiB that it takes when resident, for budgets on memory. None: the size of its weights where they are
    on this machine, else unknown."""


class EngineArguments(BaseModel):
    """Arguments of the vLLM engine that hosts an expert; part of its engine family."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    max_model_len: int | None = Field(default=None, ge=16)
    """Most tokens of prompt and answer; None: what the model configuration says."""
    max_num_seqs: int = Field(default=256, ge=1)
    """Most sequences that run at once."""
    tensor_parallel_size: int = Field(default=1, ge=1)
    gpu_memory_utilization: float = Field(default=0.9, gt=0.0, le=1.0)
    """Share of the GPU's memory for weights and KV cache; without meaning on a CPU."""
    enforce_eager: bool | None = None
    """None: eager on a CPU, compiled with CUDA graphs on a GPU."""
    quantization: str | None = None
    trust_remote_code: bool = False
    extra: dict[str, JsonValue] = Field(default_factory=dict)
    """Further arguments of vLLM's `EngineArgs`, by their names there."""


class VllmExpert(ExpertBase):
    """A whole LLM hosted here by vLLM."""

    kind: Literal["vllm"] = "vllm"
    model: str
    """A folder (relative to the configuration file; starts with `.` or `/`), else a hub id."""
    revision: str | None = None
    """Commit or tag of a hub id; pin it so that results can be repeated."""
    engine: EngineArguments = EngineArguments()

    @property
    def is_local(self) -> bool:
        """Whether `model` names a folder and not a hub id."""
        return self.model.startswith((".", "/", "~"))


class OpenAIExpert(ExpertBase):
    """A model behind an OpenAI-compatible endpoint."""

    kind: Literal["openai"]
    model: str
    """The model's name at the endpoint."""
    base_url: str
    """Such as `http://127.0.0.1:8000/v1`."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; None: no key is sent."""
    timeout_s: float = Field(default=120.0, gt=0)
    """Bound on one attempt, seconds."""
    max_retries: int = Field(default=4, ge=0)
    """Attempts after the first, on 408, 409, 429, 5xx and lost connections."""
    max_concurrency: int = Field(default=32, ge=1)
    """Requests in flight at once."""


class RecordedExpert(ExpertBase):
    """Outputs recorded earlier, played back by query id (and sample index): no model runs."""

    kind: Literal["recorded"]
    path: Path
    """JSONL of `{"query_id", "text", "sample_index"?, "finish_reason"?, "prompt_tokens"?,
    "completion_tokens"?}`, or parquet (ends in .parquet) with these columns, for several experts with a
    column `model` too; relative to the configuration."""
    model: str | None = None
    """Whose rows, by the column `model` of a parquet file; None: it has only one."""
    id_prefix: str = ""
    """Put in front of every recorded id to make it the run's, such as `mmlu_pro:`."""
    parameters_b: float | None = Field(default=None, gt=0)
    """Size in billions of parameters of 16 bits, for which switches and generation are timed on a simulated
    GPU; None: not simulated, answers come at once."""
    family: str | None = None
    """Experts of the same family are switched by reloading weights; None: a family of its own."""

    @model_validator(mode="after")
    def _model_of_parquet(self) -> RecordedExpert:
        if self.model is not None and self.path.suffix != ".parquet":
            raise ValueError(
                f"`model` names rows of a parquet file, and {self.path} does not end in .parquet: "
                "leave it out, or give such a file"
            )
        return self


class ScriptedExpertConfig(ExpertBase):
    """The scripted double: fixed replies, for tests and examples."""

    kind: Literal["scripted"]
    replies: dict[str, str] = Field(default_factory=dict)
    """Text that occurs in the last message -> reply; the first key that occurs wins."""
    default: str = "I do not know."
    """Reply where no key occurs."""


ExpertConfig = Annotated[
    VllmExpert | OpenAIExpert | RecordedExpert | ScriptedExpertConfig, Field(discriminator="kind")
]


class HostingConfig(BaseModel):
    """Where and how vLLM experts run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str | None = None
    """Ray cluster to join (`auto` or `ray://host:port`); None: start Ray on this machine."""
    device: Literal["auto", "cpu", "gpu"] = "auto"
    """`auto`: a GPU where Ray finds one, else the CPU."""
    slots: int = Field(default=1, ge=1)
    """How many experts may be resident at once, each on its own device share."""
    cpus_per_slot: float | None = Field(default=None, gt=0)
    """CPU cores that a slot reserves; None: all cores divided by the slots on a CPU, 1 on a GPU."""
    parked_engines: int = Field(default=0, ge=0)
    """Engines of other families that a slot keeps beside the one at work, each in a process of its own:
    asleep on a GPU (vLLM's sleep mode), idle on a CPU. Back in such a family, waking replaces building."""
    sleep_level: Literal[1, 2] = 1
    """How parked engines sleep on a GPU. 1: their weights stay in the host's memory, which must have
    room for them; 2: weights are dropped and read again from the files."""
    max_wait_s: float = Field(default=120.0, gt=0)
    """Once work has waited so long, seconds, no younger work for another expert is started before it. Well
    above a switch's time times experts per slot, or work is done in order of arrival and switches grow."""
    max_queued: int | None = Field(default=None, ge=1)
    """Most requests that may wait for a slot, over all clients; more are refused. None: no bound."""
    priority: int = 0
    """Of this client's work among all that share the slots; higher goes first, within `max_wait_s`."""
    retries: int = Field(default=2, ge=0)
    """How often work is tried again, elsewhere if there is another slot, after a slot failed with it."""
    kv_cache_gib: float = Field(default=1.0, gt=0)
    """Size of the KV cache of a CPU slot, GiB."""
    start_timeout_s: float = Field(default=600.0, gt=0)
    """Bound on starting an engine, seconds; then its process is killed and the expert fails."""
    hang_timeout_s: float = Field(default=120.0, gt=0)
    """Bound on an engine with work making no step, seconds; then its process is killed and the
    work is tried once more in a new one."""
    costs: Path | None = None
    """File of measured switch and generation times, which plans and schedules are made from; relative to
    the configuration file. None: `hosting-costs.json` in the user's cache folder."""
    verify_reload: bool = True
    """After an in-place reload compare checksums of what the engine holds with the file."""
