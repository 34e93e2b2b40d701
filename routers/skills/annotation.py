"""Which skills a question needs: keywords from an LLM, or the nearest of a list of skill names.

Symbolic-MoE (arXiv 2503.05641), section on skill-based profiles. Annotators see what routers may see
(`Query.routing_text`), never an answer; a reply that failed or says nothing gives no keywords and a
note, and the router falls back to the experts' overall means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from experts.completion import Completion
from experts.encoders.build import build_encoder
from experts.encoders.encoder import Encoder, Vectors
from experts.engine import Generate
from experts.errors import RouterError
from experts.query import Message, Query
from routers.skills.config import AnnotatorConfig, EncoderAnnotatorConfig, LlmAnnotatorConfig
from routers.skills.keywords import normalise, parse_keywords, pooled_keywords


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Skills of one question."""

    keywords: tuple[str, ...]
    """Distinct, normalised, the surest first; may be empty."""
    note: str = ""
    """A sentence for people where there is something to say, such as why there are none."""


class Annotator(Protocol):
    """Names the skills of questions; same order and length as the queries."""

    def annotate(self, queries: Sequence[Query], generate: Generate | None) -> list[Annotation]:
        """One annotation per query.

        Raises:
            RouterError: the annotator asks an LLM and `generate` is None.
        """
        ...


class LlmAnnotator:
    """Asks one LLM for keywords, all queries in one batch.

    Args:
        config: prompt, number of replies, what is kept.
    """

    def __init__(self, config: LlmAnnotatorConfig) -> None:
        self.config = config

    def annotate(self, queries: Sequence[Query], generate: Generate | None) -> list[Annotation]:
        """See `Annotator.annotate`; each query's replies are neighbours in the batch."""
        if not queries:
            return []
        expert, samples = self.config.expert, self.config.samples
        if generate is None:
            raise RouterError(
                f"The annotator asks the LLM {expert!r}: pass `generate=`, "
                "or use an annotator of kind `encoder`."
            )
        prompts = [self._conversation(query) for query in queries for _ in range(samples)]
        replies = generate(expert, prompts, self.config.sampling)
        if len(replies) != len(prompts):
            raise RouterError(
                f"`generate` must return {len(prompts)} completions, one a prompt, got {len(replies)}."
            )
        return [self._read(replies[i : i + samples]) for i in range(0, len(replies), samples)]

    def _conversation(self, query: Query) -> tuple[Message, ...]:
        # Not str.format: questions and templates are full of braces.
        return (Message("user", self.config.template.replace("{question}", query.routing_text)),)

    def _read(self, replies: Sequence[Completion]) -> Annotation:
        answered = [reply for reply in replies if reply.ok]
        if not answered:
            return Annotation(
                keywords=(), note=f"No keywords: {self.config.expert} failed ({replies[0].error})."
            )
        lists = [
            parse_keywords(
                reply.text, max_chars=self.config.max_keyword_chars, cut_off=reply.finish_reason == "length"
            )
            for reply in answered
        ]
        keywords = pooled_keywords(lists, min_count=self.config.min_count, limit=self.config.max_keywords)
        if keywords:
            return Annotation(keywords=keywords)
        if any(lists):
            note = f"No keyword occurs in {self.config.min_count} of {self.config.expert}'s replies."
        else:
            note = f"No keywords could be read from {self.config.expert}'s reply: {answered[0].text[:80]!r}."
        return Annotation(keywords=(), note=note)


class EncoderAnnotator:
    """The skills whose name (and description) is nearest to the question.

    Args:
        config: the skills and how many are kept.
        encoder: None: built from `config.encoder`.
    """

    def __init__(self, config: EncoderAnnotatorConfig, encoder: Encoder | None = None) -> None:
        self.config = config
        self.encoder = encoder
        self._fitted: tuple[Encoder, Vectors] | None = None

    def annotate(self, queries: Sequence[Query], generate: Generate | None = None) -> list[Annotation]:
        """See `Annotator.annotate`; no LLM is asked."""
        if not queries:
            return []
        if self._fitted is None:
            self._fitted = self._fit()
        encoder, skills = self._fitted
        cosines = encoder.encode([query.routing_text for query in queries]) @ skills.T
        return [self._nearest(row) for row in cosines.astype(np.float64)]

    def _fit(self) -> tuple[Encoder, Vectors]:
        """The encoder and the vectors of the skills, made once."""
        described = self.config.descriptions
        texts = [f"{name}: {described[name]}" if name in described else name for name in self.config.skills]
        encoder = (self.encoder or build_encoder(self.config.encoder)).fit(texts)
        return encoder, encoder.encode(texts)

    def _nearest(self, cosines: NDArray[np.float64]) -> Annotation:
        order = np.argsort(-cosines, kind="stable")[: self.config.keep]
        kept = [int(i) for i in order if cosines[i] >= self.config.min_similarity]
        if not kept:
            best = self.config.skills[int(order[0])]
            return Annotation(
                keywords=(), note=f"No skill is near: the nearest is {best} ({cosines[order[0]]:.2f})."
            )
        named = ", ".join(f"{self.config.skills[i]} ({cosines[i]:.2f})" for i in kept)
        return Annotation(
            keywords=tuple(dict.fromkeys(normalise(self.config.skills[i]) for i in kept)),
            note=f"Nearest skills: {named}.",
        )


def build_annotator(config: AnnotatorConfig) -> Annotator:
    """The annotator of a configuration; loads and asks nothing yet."""
    if isinstance(config, LlmAnnotatorConfig):
        return LlmAnnotator(config)
    return EncoderAnnotator(config)
