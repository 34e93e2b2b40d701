"""How aggregators that are an LLM are written in a configuration. Imports nothing heavy, builds nothing."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from aggregators.reading.prompts import (
    AssessmentPrompt,
    JudgePrompt,
    ModeratorPrompt,
    NominalGroupPrompt,
    ReadingPrompt,
    SynthesisPrompt,
)
from aggregators.settings import AggregatorSettings
from aggregators.votes.config import VoteKind
from experts.sampling import SamplingConfig


class ReadingSettings(AggregatorSettings):
    """What all kinds share in which an LLM of the pool reads the candidates."""

    kind: str
    expert: str = Field(min_length=1)
    """Name of the aggregating expert."""
    prompt: ReadingPrompt
    """What it reads."""
    sampling: SamplingConfig | None = None
    """Of the aggregating expert; None: its own."""
    strip_thinking: bool = True
    """Show neither the aggregator nor the user thoughts (`<think>` and the like) and tool calls."""
    fallback: VoteKind = "majority"
    """What decides where the aggregator failed or its reply says nothing."""
    guard: bool = True
    """Leave out sentences of candidates that instruct their reader ("Ignore the others"), and where only
    candidates with such a sentence support the LLM's answer, let `fallback` decide among the others."""


class SynthesisConfig(ReadingSettings):
    """An expert of the pool reads all candidates and writes the answer."""

    kind: Literal["synthesis"]
    prompt: SynthesisPrompt = SynthesisPrompt()


class JudgeConfig(ReadingSettings):
    """An expert of the pool names the candidate whose answer is taken as it stands."""

    kind: Literal["judge"]
    prompt: JudgePrompt = JudgePrompt()
    pattern: str = r"(?i)best response\W*(?:is\W+)?(?:response\W*|number\W*)?([\w.-]+)"
    """Regular expression with one group for the candidate's number or its expert's name; the last
    match in the reply counts."""

    @model_validator(mode="after")
    def _check_pattern(self) -> JudgeConfig:
        try:
            groups = re.compile(self.pattern).groups
        except re.error as error:
            raise ValueError(f"`pattern` is no regular expression: {error}; got {self.pattern!r}.") from error
        if groups != 1:
            raise ValueError(f"`pattern` must have exactly one group, got {groups} in {self.pattern!r}.")
        return self


class MixtureConfig(ReadingSettings):
    """Mixture of agents: layers of experts that each read the layer before; the last is `expert` alone."""

    kind: Literal["mixture"]
    layers: int = Field(default=3, ge=2, le=4)
    """The experts that the router chose are the first layer; with 2, `expert` reads them at once."""
    proposers: tuple[str, ...] = ()
    """Experts of the layers in between, each with its own sampling; none: only `expert`."""
    prompt: SynthesisPrompt = SynthesisPrompt()


class NominalGroupConfig(ReadingSettings):
    """An expert works through the seven steps of the nominal group technique, in one call."""

    kind: Literal["nominal_group"]
    prompt: NominalGroupPrompt = NominalGroupPrompt()


class JudgeThenSynthesiseConfig(ReadingSettings):
    """An expert assesses all candidates and writes an answer only where none is best as it stands."""

    kind: Literal["judge_then_synthesise"]
    prompt: AssessmentPrompt = AssessmentPrompt()


class ModeratorConfig(ReadingSettings):
    """An expert selects two candidates and ends the discussion, or has experts answer again."""

    kind: Literal["moderator"]
    rounds: int = Field(default=2, ge=1, le=4)
    """Most times that the moderator reads a query's candidates. SMoA's code has 2."""
    proposers: tuple[str, ...] = ()
    """Experts that answer again after reading the two, each with its own sampling; none: only `expert`."""
    roles: dict[str, str] = Field(default_factory=dict)
    """Expert -> who it is, in a sentence or two: shown to the moderator, and the system message of a proposer
    that answers again."""
    prompt: ModeratorPrompt = ModeratorPrompt()
    writing: SynthesisPrompt = SynthesisPrompt()
    """What proposers that answer again, and in the end the moderator, read."""
