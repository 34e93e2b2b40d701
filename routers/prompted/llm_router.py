"""An LLM as router: it reads a card of every expert and the question, ranks, and gives its reason.

After LLMoE (arXiv 2501.09636), whose LLM names one of two experts. Rankings are not believed but
counted: when fitted, some profiled questions are ranked, and the chance of an expert is how often it
was right at the place it is given. A reply without a ranking leaves the experts' means, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experts.engine import Generate
from experts.errors import ConfigError, RouterError
from experts.outcomes import OutcomeMatrix
from experts.query import Message, Query
from routers.estimator import State
from routers.likelihood import Array
from routers.outcome_router import OutcomeRouter
from routers.prediction import Prediction
from routers.prompted.cards import PROMPT_VERSION, Verdict, card_order, prompt, read_reply
from routers.prompted.config import LlmRouterConfig
from routers.prompted.places import count_places, place_chances, place_of_each
from routers.training_data import expert_means, text_hash


class LlmRouter(OutcomeRouter):
    """Asks one LLM for a ranking of the pool, all queries in one call.

    Args:
        config: who is asked, what the cards say.

    Attributes:
        means_: (m,) of the experts, as the cards say them.
        counts_: (m, m + 1, 2) right and run at each place of a ranking, the last for the unnamed.
    """

    config: LlmRouterConfig

    means_: Array
    counts_: Array

    def _learn(self, queries: Sequence[Query], outcomes: OutcomeMatrix, generate: Generate | None) -> None:
        scores = outcomes.mean_score()
        rows = sorted(range(len(queries)), key=lambda i: (text_hash(queries[i].routing_text), queries[i].id))
        asked = rows[: self.config.fit_questions]
        self.means_ = expert_means(scores[rows])
        verdicts = self._ask([queries[i] for i in asked], outcomes.experts, self.means_, generate)
        self.counts_ = count_places([ranked for ranked, _ in verdicts], scores[asked])

    def _explained(
        self, queries: Sequence[Query], generate: Generate | None
    ) -> tuple[Prediction, list[tuple[str, ...]]]:
        by_place = place_chances(self.counts_, self.means_, self.config.shrinkage)
        verdicts = self._ask(queries, self.experts_, self.means_, generate)
        chances = np.tile(self.means_, (len(queries), 1))
        reasons = []
        for row, (ranked, sentences) in enumerate(verdicts):
            if ranked:
                places = place_of_each(ranked, len(self.means_))
                chances[row] = by_place[np.arange(len(places)), places]
                sentences = (*sentences, self._record(ranked[0]))
            reasons.append(sentences)
        return Prediction.of_chances(chances), reasons

    def _record(self, best: int) -> str:
        right, run = self.counts_[best, 0]
        named = f"{self.experts_[best]} was right on {right:.4g} of {run:.4g} questions"
        return f"{named} that it was named first on."

    def _state(self) -> State:
        return {"counts": self.counts_, "means": self.means_, "asked": self._asked()}

    def _restore(self, state: dict[str, Any], folder: Path) -> None:
        changed = [name for name, value in self._asked().items() if state["asked"][name] != value]
        if changed:
            raise ConfigError(
                f"The router at {folder} was fitted with another {' and another '.join(changed)}, so its "
                "counts do not hold: train it again with `compound train`."
            )
        self.counts_, self.means_ = state["counts"], state["means"]

    def _asked(self) -> dict[str, str | int]:
        """What counts depend on."""
        expert, template = self.config.expert, self.config.template
        return {"expert": expert, "template": template, "prompt version": PROMPT_VERSION}

    def _ask(
        self, queries: Sequence[Query], experts: Sequence[str], means: Array, generate: Generate | None
    ) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
        """Per query the ranking, () where there is none, and sentences about it."""
        if not queries:
            return []
        llm = self.config.expert
        if generate is None:
            raise RouterError(f"The llm router asks the LLM {llm!r}: pass `generate=`, or use another kind.")
        orders = [card_order(self.config.seed, query, len(experts)) for query in queries]
        about = self.config.descriptions
        prompts = [
            (Message("user", prompt(self.config.template, query, order, experts, about, means)),)
            for query, order in zip(queries, orders, strict=True)
        ]
        replies = generate(llm, prompts, self.config.sampling)
        if len(replies) != len(prompts):
            raise RouterError(
                f"`generate` must return {len(prompts)} completions, one a prompt, got {len(replies)}."
            )
        results = []
        for reply, order in zip(replies, orders, strict=True):
            verdict = read_reply(reply.text, order, experts) if reply.ok else Verdict(ranked=())
            trouble = f"{llm} failed ({reply.error})" if not reply.ok else ""
            results.append((verdict.ranked, self._sentences(verdict, reply.text, trouble, experts)))
        return results

    def _sentences(
        self, verdict: Verdict, text: str, trouble: str, experts: Sequence[str]
    ) -> tuple[str, ...]:
        llm = self.config.expert
        if not verdict.ranked:
            trouble = trouble or f"no ranking could be read from {llm}'s reply {text[:80]!r}"
            return (f"The experts' means decide, since {trouble}.",)
        named = f"{llm} ranks {', '.join(experts[i] for i in verdict.ranked)}."
        return (named, f"Its reason: {verdict.reason.rstrip('.')}.") if verdict.reason else (named,)
