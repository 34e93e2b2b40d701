"""What switches and work cost on one device: learned from what happened, guessed before that.

    book = CostBook("cpu x2")
    book.observe_switch(facts, "reload", 0.05)
    book.prices(facts).reload_s

A pure value without a clock; `cost_file` keeps it. Knows neither engines nor configurations.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from experts.scheduling import first_guesses
from experts.scheduling.cost_estimates import (
    Estimate,
    WorkLine,
    switch_estimate,
    token_units,
    work_estimate,
)
from experts.scheduling.model_costs import KEPT, ModelCosts, ModelFacts, ObservedWork, checked_seconds
from experts.scheduling.switches import SwitchKind
from experts.scheduling.work import SwitchPrices

_MODELS = 500
_ROUTINGS = 100
"""Models and routings that are stored; those not seen for longest are forgotten."""


class CostBook:
    """Costs of the models on one kind of device. Not thread-safe."""

    def __init__(self, device: str) -> None:
        """An empty book.

        Args:
            device: name of a slot's share of the machine, such as "cpu x2" or "NVIDIA H100 80GB HBM3";
                begins with "cpu" exactly for CPUs.
        """
        self.device = device
        self._models: dict[str, ModelCosts] = {}
        self._starts: list[float] = []
        self._shares: dict[str, dict[str, float]] = {}
        self._turn = 0

    # --- what to expect --------------------------------------------------------------------------

    def prices(self, facts: ModelFacts) -> SwitchPrices:
        """Seconds to make a model resident, in each way."""
        return SwitchPrices(
            wake_s=self.switch_seconds(facts, "wake").seconds,
            reload_s=self.switch_seconds(facts, "reload").seconds,
            engine_s=self.switch_seconds(facts, "new_engine").seconds,
            process_s=self.switch_seconds(facts, "new_process").seconds,
        )

    def switch_seconds(self, facts: ModelFacts, kind: SwitchKind) -> Estimate:
        """Seconds to make a model resident in one way, and what the figure rests on."""
        return switch_estimate(self._models.values(), facts, kind, self.device)

    def work_line(self, facts: ModelFacts) -> WorkLine:
        """Fixed seconds of a residency and seconds a token, and what they rest on."""
        return work_estimate(self._models.values(), facts, self.device)

    def generate_seconds(
        self, facts: ModelFacts, requests: int, prompt_tokens: float, completion_tokens: float
    ) -> float:
        """Seconds for one residency's requests, switches aside; 0.0 for no requests."""
        if requests == 0:
            return 0.0
        return self.work_line(facts).seconds(token_units(prompt_tokens, completion_tokens))

    def answer_tokens(self, key: str, max_tokens: int) -> float:
        """Completion tokens to expect of a request: the model's mean, else half of `max_tokens`."""
        model = self._models.get(key)
        if model is None or not model.work:
            return first_guesses.ANSWER_SHARE * max_tokens
        mean = sum(w.completion_tokens for w in model.work) / sum(w.requests for w in model.work)
        return min(mean, float(max_tokens))

    def prompt_tokens(self, key: str, characters: float) -> float:
        """Tokens of so many characters of prompts: at the model's ratio, else a quarter."""
        counted = [w for w in self._observed_work(key) if w.prompt_characters and w.prompt_tokens]
        if not counted:
            return characters / first_guesses.CHARACTERS_PER_TOKEN
        tokens, seen = sum(w.prompt_tokens for w in counted), sum(w.prompt_characters for w in counted)
        return characters * tokens / seen

    def start_seconds(self) -> Estimate:
        """Seconds until slots can be used: Ray and its workers."""
        if self._starts:
            return Estimate(median(self._starts), "device")
        return Estimate(first_guesses.START_S, "guess")

    def shares(self, routing: str) -> Mapping[str, float] | None:
        """Requests a query to each expert in the last run of a routing; None: it has not run."""
        return self._shares.get(routing)

    def _observed_work(self, key: str) -> list[ObservedWork]:
        return self._models[key].work if key in self._models else []

    # --- what happened ---------------------------------------------------------------------------

    def observe_switch(self, facts: ModelFacts, kind: SwitchKind, seconds: float) -> None:
        """Learn from a switch.

        Raises:
            ValueError: `seconds` is negative or not finite.
        """
        checked = checked_seconds(seconds)
        self._model(facts).add_switch(kind, checked)

    def observe_work(
        self,
        facts: ModelFacts,
        requests: int,
        prompt_tokens: int,
        completion_tokens: int,
        seconds: float,
        prompt_characters: int = 0,
    ) -> None:
        """Learn from the work of one residency, the switch before it aside.

        Args:
            facts: of the model.
            requests: none: nothing is learned.
            prompt_tokens: of all requests.
            completion_tokens: of all requests.
            seconds: from the first request to the last completion.
            prompt_characters: of all prompts before any chat template; 0: not counted.

        Raises:
            ValueError: `seconds` is negative or not finite.
        """
        work = ObservedWork(
            requests=requests,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            seconds=checked_seconds(seconds),
            prompt_characters=prompt_characters,
        )
        if requests > 0:
            self._model(facts).add_work(work)

    def observe_start(self, seconds: float) -> None:
        """Learn from a start of Ray and the slots.

        Raises:
            ValueError: `seconds` is negative or not finite.
        """
        self._starts = [*self._starts, checked_seconds(seconds)][-KEPT:]

    def observe_shares(self, routing: str, shares: Mapping[str, float]) -> None:
        """Remember how many requests a query each expert got; only the last run counts.

        Args:
            routing: tells configurations of pool, router and k apart.
            shares: expert -> requests a query; they sum to k.
        """
        self._shares.pop(routing, None)  # to the end: it is the latest now
        self._shares[routing] = {name: checked_seconds(share) for name, share in shares.items()}

    def _model(self, facts: ModelFacts) -> ModelCosts:
        """The model's record, made if need be; its facts are the latest."""
        model = self._models.setdefault(facts.key, ModelCosts(facts=facts))
        self._turn += 1
        model.facts, model.turn = facts, self._turn
        return model

    # --- to and from plain values ----------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; at most 500 models and 100 routings, those seen last."""
        latest = sorted(self._models.values(), key=lambda m: (-m.turn, m.facts.key))[:_MODELS]
        return {
            "turn": self._turn,
            "starts": list(self._starts),
            "models": {m.facts.key: m.to_dict() for m in sorted(latest, key=lambda m: m.facts.key)},
            "shares": {name: dict(self._shares[name]) for name in list(self._shares)[-_ROUTINGS:]},
        }

    @classmethod
    def from_dict(cls, device: str, data: Mapping[str, Any]) -> CostBook:
        """What `to_dict` gave.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: it did not give that.
        """
        book = cls(device)
        book._turn = int(data["turn"])
        book._starts = [checked_seconds(s) for s in data["starts"]][-KEPT:]
        book._models = {str(key): ModelCosts.from_dict(str(key), m) for key, m in data["models"].items()}
        for routing, shares in data["shares"].items():
            book.observe_shares(str(routing), shares)
        return book
