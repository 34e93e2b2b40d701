"""How the skill router and its annotators are written in a configuration file. Imports nothing heavy.

Symbolic-MoE (arXiv 2503.05641) is what the `skill` kind follows; README sections on routing say how
the default differs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from experts.encoders.config import EncoderConfig, LexicalEncoderConfig
from experts.sampling import SamplingConfig
from routers.skills.general import GENERAL_SKILLS

KEYWORD_TEMPLATE = """\
Question: {question}

Which fields of knowledge and which skills does one need to answer this? Name two to five of them, each \
in one to three words and no more specific than a chapter of a textbook, for example: organic chemistry, \
contract law, mental arithmetic, world capitals. Do not answer the question. Write one line and nothing else:
Keywords: first, second"""
"""Default zero-shot prompt of the LLM annotator, in our own words."""


class LlmAnnotatorConfig(BaseModel):
    """An LLM names the skills that a question needs.

    The released behaviour of the paper is `samples: 5, min_count: 2, max_keyword_chars: 20` at
    temperature 0.7; the default spends one greedy call.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["llm"]
    expert: str
    """Name of the expert or helper that annotates."""
    template: str = KEYWORD_TEMPLATE
    """The prompt; `{question}` stands for the question and its options."""
    samples: int = Field(default=1, ge=1)
    """Replies asked for per question."""
    min_count: int = Field(default=1, ge=1)
    """Keep a keyword that occurs in at least so many of the replies."""
    max_keyword_chars: int = Field(default=40, ge=1)
    """Longer keywords are dropped: they are sentences, not skills."""
    max_keywords: int = Field(default=8, ge=1)
    """Most keywords kept per question, the most frequent first; bounds a runaway reply."""
    sampling: SamplingConfig | None = None
    """None: the expert's own. With several samples the temperature must be above 0."""

    @model_validator(mode="after")
    def _check(self) -> LlmAnnotatorConfig:
        if "{question}" not in self.template:
            raise ValueError("`template` must contain {question}.")
        if self.min_count > self.samples:
            raise ValueError(f"`min_count` ({self.min_count}) must not exceed `samples` ({self.samples}).")
        if self.samples > 1 and self.sampling is not None and self.sampling.temperature == 0:
            raise ValueError(
                f"`samples` is {self.samples}, but at temperature 0 all replies are the same: "
                "set `sampling.temperature`, such as 0.7, or ask for one sample."
            )
        return self


class EncoderAnnotatorConfig(BaseModel):
    """The nearest of a list of skill names, where no LLM is to be spent on annotation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["encoder"]
    skills: tuple[str, ...] = Field(default=GENERAL_SKILLS, min_length=1)
    """Names to choose from; no commas. Default: fifty textbook titles, from algebra to literature."""
    descriptions: dict[str, str] = Field(default_factory=dict)
    """Skill -> a few words that are encoded with its name."""
    encoder: EncoderConfig = LexicalEncoderConfig()
    keep: int = Field(default=2, ge=1)
    """Most skills kept per question."""
    min_similarity: float = Field(default=0.05, ge=-1.0, le=1.0)
    """Cosine below which a skill is not kept; a question may then have none."""

    @model_validator(mode="after")
    def _check(self) -> EncoderAnnotatorConfig:
        unknown = sorted(set(self.descriptions) - set(self.skills))
        if unknown:
            raise ValueError(f"`descriptions` names {unknown}, which are not among `skills`.")
        bad = [name for name in self.skills if not name.strip() or "," in name]
        if bad or len(set(self.skills)) != len(self.skills):
            raise ValueError(
                f"`skills` must be distinct, not empty and without commas, got {list(self.skills)}."
            )
        return self


AnnotatorConfig = Annotated[LlmAnnotatorConfig | EncoderAnnotatorConfig, Field(discriminator="kind")]


class ReleasedConfig(BaseModel):
    """Options of `mode: released`; the defaults are what the paper's authors released as code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    selection: Literal["proportional", "softmax"] = "proportional"
    """`proportional`: in proportion to local score times competency (the code); `softmax`: over
    the same products (the paper's text)."""
    softmax_temperature: float = Field(default=0.5, gt=0)
    competency_temperature: float = Field(default=0.5, gt=0)
    """Competency is the total net count to the power 1 / temperature, normalised."""
    trim: float | None = Field(default=None, gt=0, lt=1)
    """Experts recruited for less than this share of a batch are replaced (the paper's text: 0.05);
    None: off (the code)."""
    seed: int = 0


class SkillRouterConfig(BaseModel):
    """Which experts were right on questions that needed the same skills."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["skill"]
    mode: Literal["shrunk", "released"] = "shrunk"
    """`shrunk`: calibrated estimates, no drawing; `released`: the paper's method as released."""
    profiles: Path | None = None
    """File of profiles made by `compound profile`, relative to the configuration file; None: to be
    fitted."""
    annotator: AnnotatorConfig = EncoderAnnotatorConfig(kind="encoder")
    """Names the skills of a question. The default spends no LLM: the nearest of general skills."""
    encoder: EncoderConfig = LexicalEncoderConfig()
    """Finds the known keywords nearest to one that is not in the profiles."""
    min_similarity: float = Field(default=0.4, ge=0.0, lt=1.0)
    """Cosine at which a known keyword begins to count for an unknown one (`shrunk` only)."""
    shrinkage: float | None = Field(default=None, gt=0)
    """Questions that the prior is worth (`shrunk` only); None: fitted, or as in the profiles file."""
    released: ReleasedConfig = ReleasedConfig()
