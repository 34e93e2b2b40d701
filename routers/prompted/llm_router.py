"""An LLM as router: it reads a card of every expert and the question, ranks, and gives its reason.

After LLMoE (arXiv 2501.09636), whose LLM names one of two experts. Rankings are not believed but
counted: when fitted, some profiled questions are ranked, and the chance of an expert is how often it
was right at the place it is given. A reply without a ranking leaves the experts' means, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from experts.decision import RoutingDecision
from experts.engine import Generate
from experts.errors import ConfigError, RouterError
from experts.outcomes import OutcomeMatrix
from experts.query import Message, Query
from routers.factors.likelihood import Array
from routers.prompted.cards import PROMPT_VERSION, Verdict, card_order, prompt, read_reply
from routers.prompted.config import LlmRouterConfig
from routers.prompted.places import count_places, place_chances, place_of_each
from routers.router import Estimate, aligned_scores, check_k, fitted_experts, make_decision
from routers.saving import FORMAT_VERSION, Header, load_header, load_state, save_router, versions
from routers.training_data import expert_means, text_hash


class LlmRouter:
    """Asks one LLM for a ranking of the pool, all queries in one call.

    Args:
        config: who is asked, what the cards say.

    Attributes:
        experts_: the pool, in configuration order.
        means_: (m,) of the experts, as the cards say them.
        counts_: (m, m + 1, 2) right and run at each place of a ranking, the last for the unnamed.
        questions_: how many it was fitted on.
    """

    kind = "llm"

    experts_: tuple[str, ...]
    means_: Array
    counts_: Array
    questions_: int

    def __init__(self, config: LlmRouterConfig) -> None:
        self.config = config

    def fit(
        self, queries: Sequence[Query], outcomes: OutcomeMatrix, *, generate: Generate | None = None
    ) -> Self:
        """Count who was right at which place of the rankings of some questions; see `Router.fit`."""
        scores = aligned_scores(queries, outcomes)
        rows = sorted(range(len(queries)), key=lambda i: (text_hash(queries[i].routing_text), queries[i].id))
        asked = rows[: self.config.fit_questions]
        means = expert_means(scores[rows])
        verdicts = self._ask([queries[i] for i in asked], outcomes.experts, means, generate)
        self.counts_ = count_places([ranked for ranked, _ in verdicts], scores[asked])
        self.experts_, self.means_, self.questions_ = outcomes.experts, means, len(queries)
        return self

    def estimate(self, queries: Sequence[Query], *, generate: Generate | None = None) -> list[Estimate]:
        """Rank, then look up what the places are worth; see `Router.estimate`."""
        experts = fitted_experts(self, self.kind)
        chances = place_chances(self.counts_, self.means_, self.config.shrinkage)
        return [
            self._estimate(ranked, reasons, chances)
            for ranked, reasons in self._ask(queries, experts, self.means_, generate)
        ]

    def decide(
        self, queries: Sequence[Query], estimates: Sequence[Estimate], k: int
    ) -> list[RoutingDecision]:
        """The k best by estimate; see `Router.decide`."""
        experts = fitted_experts(self, self.kind)
        check_k(k, len(experts))
        return [make_decision(self.kind, experts, q, e, k) for q, e in zip(queries, estimates, strict=True)]

    def route(
        self, queries: Sequence[Query], k: int, *, generate: Generate | None = None
    ) -> list[RoutingDecision]:
        """`estimate`, then `decide`; see `Router.route`."""
        check_k(k, len(fitted_experts(self, self.kind)))
        return self.decide(queries, self.estimate(queries, generate=generate), k)

    def save(self, folder: Path) -> None:
        """Write what was learned.

        Raises:
            RouterNotFittedError: nothing was.
            ConfigError: the folder cannot be written.
        """
        header = Header(
            format=FORMAT_VERSION,
            kind=self.kind,
            config=self.config.model_dump(mode="json"),
            experts=fitted_experts(self, self.kind),
            questions=self.questions_,
            versions=versions(),
        )
        state = {"counts": self.counts_, "means": self.means_, "prompt_version": PROMPT_VERSION}
        save_router(folder, header, state)

    def load(self, folder: Path) -> Self:
        """Take what `save` wrote.

        Raises:
            ConfigError: no such router, or its counts are of another LLM or prompt.
        """
        header = load_header(folder)
        if header.kind != self.kind:
            raise ConfigError(f"{folder} holds a router of kind {header.kind!r}, not {self.kind!r}.")
        state = load_state(folder)
        mine = self.config.model_dump(mode="json")
        changed = [name for name in ("expert", "template") if header.config.get(name) != mine[name]]
        if state["prompt_version"] != PROMPT_VERSION:
            changed.append("prompt version")
        if changed:
            raise ConfigError(
                f"The router at {folder} was fitted with another {' and another '.join(changed)}, so its "
                "counts do not hold: train it again with `compound train`."
            )
        self.counts_, self.means_ = state["counts"], state["means"]
        self.experts_, self.questions_ = header.experts, header.questions
        return self

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

    def _estimate(self, ranked: tuple[int, ...], reasons: tuple[str, ...], chances: Array) -> Estimate:
        if not ranked:
            return Estimate(values=self.means_.copy(), calibrated=True, reasons=reasons)
        pool = range(len(self.experts_))
        places = place_of_each(ranked, len(pool))
        best = ranked[0]
        right, run = self.counts_[best, 0]
        named = f"{self.experts_[best]} was right on {right:.4g} of {run:.4g} questions"
        return Estimate(
            values=chances[pool, places],
            calibrated=True,
            reasons=(*reasons, f"{named} that it was named first on."),
        )
