"""LLM synthesis: what the aggregator reads, when it is asked, and what happens when it fails."""

import pytest
from checks.ports import Port, dead, said
from pydantic import TypeAdapter, ValidationError

from aggregators.config import AggregatorConfig
from aggregators.reading.config import SynthesisConfig
from aggregators.reading.prompts import SynthesisPrompt
from aggregators.reading.synthesis import Synthesis
from experts.completion import Completion
from experts.errors import AggregationError
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from experts.verdict import Candidates, Verdict

CHOICE = Query.from_text("Which colour?", choices=("red", "green"))
OPEN = Query.from_text("Why?")
COMPACT = SynthesisPrompt(
    system="",
    template="{question}\n\nCandidates:\n{candidates}",
    candidate="{expert}: {text}",
    separator="\n",
    candidate_view="last_line",
)


def ask(port: Port, query: Query, *completions: Completion, **settings: object) -> Verdict:
    config = SynthesisConfig.model_validate({"kind": "synthesis", "expert": "judge", **settings})
    return Synthesis(config).aggregate([Candidates(query=query, completions=completions)], generate=port)[0]


def read(port: Port) -> tuple[Message, ...]:
    """The one conversation that the port was asked."""
    conversation: tuple[Message, ...]
    [(_, [conversation], _)] = port.calls
    return conversation


def test_the_compact_form() -> None:
    port = Port("The answer is (B).")
    verdict = ask(
        port,
        CHOICE,
        said("a", "I think.\nThe answer is (A).\n"),
        dead("x"),
        said("b", "The answer is (B)."),
        prompt=COMPACT,
    )
    assert read(port) == (
        Message(
            "user",
            "Which colour?\nA. red\nB. green\n\nCandidates:\na: The answer is (A).\nb: The answer is (B).",
        ),
    )
    assert (verdict.answer, verdict.agreed, verdict.support, verdict.notes) == ("B", ("b",), None, ())
    assert verdict.completion is not None
    assert (verdict.completion.answer, verdict.completion.query_id) == ("B", "q1")


def test_the_default_prompt_numbers_responses_and_hides_names_and_thoughts() -> None:
    port = Port("The answer is (A).")
    ask(port, CHOICE, dead("x"), said("alpha", "<think>secret</think>It is red."), said("beta", "{green}"))
    system, user = read(port)
    assert system.role == "system"
    line = "~~~ b8bd19890a92"
    first, second = f"{line}\nIt is red.\n{line}", f"{line}\n{{green}}\n{line}"
    assert f"### Response 1\n{first}\n\n### Response 2\n{second}\n\n" in user.content
    assert "secret" not in user.content
    assert "alpha" not in user.content
    assert user.content.endswith("the letter of the right option.")
    assert "Dead" not in user.content


def test_thoughts_are_shown_on_demand_and_long_candidates_keep_their_end() -> None:
    port = Port("The answer is (A).")
    ask(port, CHOICE, said("a", "<think>x</think>y"), strip_thinking=False)
    assert "<think>x</think>y" in read(port)[1].content
    port = Port("The answer is (A).")
    ask(port, CHOICE, said("a", "0123456789"), prompt={"max_candidate_chars": 3})
    assert "[...] 789" in read(port)[1].content


def test_history_stays_and_system_messages_are_joined() -> None:
    messages = (Message("system", "Be brief."), Message("user", "Hi"), Message("assistant", "Hello"))
    port = Port("Because.")
    ask(port, Query(id="q1", messages=(*messages, Message("user", "Why?"))), said("a", "x"))
    system, *history, last = read(port)
    assert system.content.endswith("\n\nBe brief.")
    assert tuple(history) == messages[1:]
    assert last.content.startswith("Question:\nWhy?")


def test_one_call_for_the_whole_batch_in_order() -> None:
    sampling = SamplingConfig(max_tokens=7)
    items = [
        Candidates(query=Query.from_text(f"Why {i}?", id=f"q{i}"), completions=(c,))
        for i, c in enumerate([said("a", "x"), dead("a"), said("a", "y")])
    ]
    port = Port("Because.")
    synthesis = Synthesis(SynthesisConfig(kind="synthesis", expert="judge", sampling=sampling))
    verdicts = synthesis.aggregate(items, generate=port)
    [(expert, conversations, used)] = port.calls
    assert (expert, len(conversations), used) == ("judge", 2, sampling)
    assert "Why 2?" in conversations[1][-1].content
    assert [v.query_id for v in verdicts] == ["q0", "q1", "q2"]
    assert [v.error is None for v in verdicts] == [True, False, True]
    assert synthesis.experts == ("judge",)


def test_open_text_is_the_answer() -> None:
    verdict = ask(Port("<think>hm</think>\nBecause of the sun."), OPEN, said("a", "x"))
    assert (verdict.text, verdict.answer, verdict.notes) == ("Because of the sun.", None, ())


@pytest.mark.parametrize(
    ("port", "note"),
    [
        (Port("", error="Out of memory."), "The aggregator judge failed (Out of memory)"),
        (Port("Both are fine."), "No option could be extracted from the answer of aggregator judge"),
        (
            Port("<think>The answer is (A)."),
            "No option could be extracted from the answer of aggregator judge",
        ),
    ],
)
@pytest.mark.parametrize(("fallback", "answer"), [("majority", "B"), ("weighted", "B"), ("top", "A")])
def test_fall_backs(port: Port, note: str, fallback: str, answer: str) -> None:
    candidates = [said(name, f"The answer is ({x}).") for name, x in zip("abc", "ABB", strict=True)]
    verdict = ask(port, CHOICE, *candidates, fallback=fallback)
    assert (verdict.answer, verdict.aggregator, verdict.error) == (answer, "synthesis", None)
    assert verdict.notes[0] == f"{note}, so the fall-back {fallback!r} decided."
    assert verdict.completion is not None


def test_an_empty_open_text_falls_back() -> None:
    verdict = ask(Port("<think>and so on"), OPEN, said("a", "An essay."))
    assert verdict.text == "An essay."
    assert "wrote nothing" in verdict.notes[0]


def test_candidates_without_text_are_not_asked_about() -> None:
    port = Port("The answer is (A).")
    verdict = ask(port, CHOICE, said("a", "<think>cut off"), said("b", " "))
    assert port.calls == []
    assert verdict.notes[0].startswith("No candidate had any text to read")


def test_a_cut_off_answer_is_mentioned() -> None:
    assert "cut off" in ask(Port("Because", cut=True), OPEN, said("a", "x")).notes[0]


def test_a_missing_or_broken_port_raises() -> None:
    synthesis = Synthesis(SynthesisConfig(kind="synthesis", expert="judge"))
    item = Candidates(query=OPEN, completions=(said("a", "x"),))
    with pytest.raises(AggregationError, match="needs `generate`"):
        synthesis.aggregate([item])
    with pytest.raises(AggregationError, match="0 completions for 1 conversations"):
        synthesis.aggregate([item], generate=lambda expert, conversations, sampling: [])
    assert synthesis.aggregate([Candidates(query=OPEN, completions=(dead("a"),))])[0].error is not None


@pytest.mark.parametrize(
    "prompt",
    [
        {"template": "{question}"},
        {"template": "{question} {candidates} {gold}"},
        {"template": "{question} {candidates!r}"},
        {"template": "{question} {candidates} {"},
        {"candidate": "{expert}"},
        {"candidate": "{text:>9}"},
        {"candidate": "{text} {0}"},
    ],
)
def test_bad_templates_are_refused(prompt: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SynthesisPrompt.model_validate(prompt)


def test_configuration_errors_name_the_kinds() -> None:
    with pytest.raises(ValidationError, match="majority"):
        TypeAdapter(AggregatorConfig).validate_python({"kind": "majorty"})
    with pytest.raises(ValidationError, match="extra"):
        TypeAdapter(AggregatorConfig).validate_python({"kind": "top", "k": 3})
