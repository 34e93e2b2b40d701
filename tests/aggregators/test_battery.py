"""One battery for all aggregators: what `aggregators.aggregator.Aggregator` promises.

A new aggregator is one more line in `CONFIGS`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from checks.made_pools import shared_fusion
from pydantic import TypeAdapter

from aggregators.aggregator import Aggregator
from aggregators.build import build_aggregator
from aggregators.config import AggregatorConfig
from aggregators.learned.fusion_folder import save_fusion
from experts.completion import Completion
from experts.engine import Generate
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from experts.verdict import Candidates, Verdict

LEARNED: dict[str, object] = {"kind": "learned", "path": "fitted when first needed"}
CONFIGS: tuple[dict[str, object], ...] = (
    {"kind": "majority"},
    {"kind": "weighted"},
    {"kind": "weighted", "clip": 0.1, "open_options": 2},
    {"kind": "borda"},
    {"kind": "borda", "by": "rank", "power": 0.0},
    {"kind": "complexity"},
    {"kind": "complexity", "longest": 3},
    {"kind": "majority", "equivalence": {"kind": "math"}},
    {"kind": "weighted", "equivalence": {"kind": "embedding"}},
    {"kind": "top"},
    {"kind": "certainty"},
    {"kind": "certainty", "power": 0.0},
    LEARNED,
    {"kind": "abstain", "inner": LEARNED, "below": 0.2},
    {"kind": "synthesis", "expert": "judge"},
    {"kind": "synthesis", "expert": "judge", "fallback": "weighted", "strip_thinking": False},
    {"kind": "synthesis", "expert": "judge", "fallback": "top", "prompt": {"candidate_view": "last_line"}},
    {"kind": "judge", "expert": "judge"},
    {"kind": "judge", "expert": "judge", "guard": False, "prompt": {"order": "shuffled"}},
    {"kind": "mixture", "expert": "judge", "layers": 2},
    {"kind": "mixture", "expert": "judge", "layers": 4, "proposers": ["ann", "judge"]},
    {"kind": "nominal_group", "expert": "judge"},
    {"kind": "judge_then_synthesise", "expert": "judge", "fallback": "weighted"},
    {"kind": "moderator", "expert": "judge", "rounds": 1},
    {"kind": "moderator", "expert": "judge", "proposers": ["ann", "bob"], "roles": {"ann": "A painter."}},
    {"kind": "judge", "expert": "judge", "pattern": r"The (answer) is", "fallback": "weighted"},
    {"kind": "on_agreement", "inner": {"kind": "synthesis", "expert": "judge"}},
    {"kind": "on_agreement", "inner": {"kind": "weighted"}, "share": 0.6},
    {"kind": "abstain", "inner": {"kind": "majority"}},
    {"kind": "chosen", "path": str(Path(__file__).parent / "chosen" / "choice.json")},
    {
        "kind": "abstain",
        "inner": {"kind": "on_agreement", "inner": {"kind": "judge", "expert": "judge"}},
        "below": 0.9,
    },
)
CHOICES = ("red", "green", "blue", "white")


class ScriptedGenerate:
    """A `generate` port with fixed replies, in turn; a reply that starts with ! is an error."""

    def __init__(self, *replies: str) -> None:
        self.replies = replies
        self.calls: list[tuple[str, list[tuple[Message, ...]], SamplingConfig | None]] = []

    def __call__(
        self, expert: str, conversations: Sequence[Sequence[Message]], sampling: SamplingConfig | None
    ) -> list[Completion]:
        self.calls.append((expert, [tuple(c) for c in conversations], sampling))
        return [self._reply(expert, i) for i in range(len(conversations))]

    def _reply(self, expert: str, i: int) -> Completion:
        reply = self.replies[i % len(self.replies)]
        return broken(expert, reply[1:]) if reply.startswith("!") else said(expert, reply)


def said(expert: str, text: str, *, sample: int = 0) -> Completion:
    """A completion with a text."""
    return Completion(
        request_id=f"{expert}-{sample}",
        expert=expert,
        query_id="q1",
        text=text,
        finish_reason="stop",
        sample_index=sample,
    )


def broken(expert: str, error: str = "The engine died.") -> Completion:
    """An error completion."""
    return Completion(
        request_id=expert, expert=expert, query_id="q1", text="", finish_reason="error", error=error
    )


def choice_item(*completions: Completion, id: str = "q1", **estimates: float) -> Candidates:
    """A multiple-choice item with four options."""
    query = Query.from_text("Which colour?", id=id, choices=CHOICES)
    return Candidates(query=query, completions=completions, estimates=estimates)


def open_item(*completions: Completion, id: str = "q1", **estimates: float) -> Candidates:
    """An open item."""
    return Candidates(query=Query.from_text("How many?", id=id), completions=completions, estimates=estimates)


def run(aggregator: Aggregator, *items: Candidates, generate: Generate | None = None) -> list[Verdict]:
    """Verdicts, with a port that always answers (B) where none is given."""
    return aggregator.aggregate(items, generate=generate or ScriptedGenerate("The answer is (B)."))


def check_order_and_length(aggregator: Aggregator) -> None:
    items = [choice_item(said("a", f"The answer is ({x})."), id=f"q{i}") for i, x in enumerate("DACB")]
    verdicts = run(aggregator, *items)
    assert [v.query_id for v in verdicts] == ["q0", "q1", "q2", "q3"]
    assert run(aggregator) == []


def check_errors_are_passed_over(aggregator: Aggregator) -> None:
    [verdict] = run(aggregator, choice_item(broken("a"), said("b", "The answer is (B)."), broken("c")))
    assert (verdict.answer, verdict.error, verdict.agreed) == ("B", None, ("b",))


def check_all_failed(aggregator: Aggregator) -> None:
    port = ScriptedGenerate("The answer is (B).")
    [bad, good, none] = run(
        aggregator,
        choice_item(broken("a", "Timed out."), broken("b", "No memory.")),
        choice_item(said("a", "The answer is (B).")),
        choice_item(),
        generate=port,
    )
    assert bad.error is not None
    for part in ("a", "b", "Timed out", "No memory"):
        assert part in bad.error
    assert (bad.text, bad.answer, bad.agreed) == ("", None, ())
    assert (good.answer, good.error) == ("B", None)
    assert none.error is not None
    assert all(len(conversations) == 1 for _, conversations, _ in port.calls), "only of `good`"


def check_one_candidate(aggregator: Aggregator) -> None:
    [verdict] = run(aggregator, choice_item(said("a", "The answer is (B).")))
    assert (verdict.answer, verdict.agreed, verdict.error) == ("B", ("a",), None)
    assert verdict.text


def check_letters_within_options(aggregator: Aggregator) -> None:
    items = [
        choice_item(said("a", "The answer is (J)."), said("b", "The answer is (E).")),
        choice_item(said("a", "?"), said("b", "The answer is (D).")),
    ]
    for verdict in run(aggregator, *items, generate=ScriptedGenerate("The answer is (Z).")):
        assert verdict.answer in (None, *"ABCD")
        assert verdict.text


def check_inputs_are_not_mutated(aggregator: Aggregator) -> None:
    items = [
        choice_item(said("a", "The answer is (A)."), broken("b"), a=0.5, b=0.2),
        open_item(said("a", "x")),
    ]
    before = copy.deepcopy(items)
    run(aggregator, *items)
    assert items == before


def check_deterministic(aggregator: Aggregator) -> None:
    items = [choice_item(said("a", "The answer is (A)."), said("b", "The answer is (C)."), a=0.5, b=0.5)]
    assert run(aggregator, *items) == run(aggregator, *items)


def check_open_questions(aggregator: Aggregator) -> None:
    item = open_item(said("a", "The answer is 1,000.0."), said("b", "The answer is 1000."))
    [verdict] = run(aggregator, item, generate=ScriptedGenerate("Both agree. The answer is 1000."))
    assert verdict.answer in ("1,000.0", "1000")
    assert verdict.agreed == ("a", "b")


def check_open_questions_without_answers(aggregator: Aggregator) -> None:
    item = open_item(said("a", "An essay."), said("b", "Another essay."))
    [verdict] = run(aggregator, item, generate=ScriptedGenerate("A third essay."))
    assert (verdict.answer, verdict.support, verdict.agreed) == (None, None, ())
    assert verdict.text.endswith("ssay.")


def check_verdict_is_named(aggregator: Aggregator) -> None:
    kinds = {
        v.aggregator
        for v in run(aggregator, choice_item(said("a", "The answer is (A).")), choice_item(broken("a")))
    }
    assert len(kinds) == 1


CHECKS: list[Callable[[Aggregator], None]] = [
    check_order_and_length,
    check_errors_are_passed_over,
    check_all_failed,
    check_one_candidate,
    check_letters_within_options,
    check_inputs_are_not_mutated,
    check_deterministic,
    check_open_questions,
    check_open_questions_without_answers,
    check_verdict_is_named,
]


@pytest.fixture(scope="session")
def fusion_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A learned fusion of experts a to e."""
    folder = tmp_path_factory.mktemp("fusion")
    save_fusion(folder, shared_fusion(), questions=150)
    return folder


def with_path(config: dict[str, object], folder: Path) -> dict[str, object]:
    """The configuration with the folder of the learned fusion in it, where it has one."""
    if config is LEARNED:
        return config | {"path": folder}
    return config | {"inner": with_path(config["inner"], folder)} if "inner" in config else config  # type: ignore[arg-type]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(
    check: Callable[[Aggregator], None], config: dict[str, object], fusion_folder: Path
) -> None:
    written = with_path(config, fusion_folder)
    aggregator = build_aggregator(TypeAdapter(AggregatorConfig).validate_python(written))
    assert isinstance(aggregator, Aggregator)
    check(aggregator)
