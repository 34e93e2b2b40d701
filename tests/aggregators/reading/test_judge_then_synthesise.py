"""Judge first, then synthesise: only queries without a best answer are asked a second time."""

from collections.abc import Sequence

from checks.ports import said

from aggregators.reading.config import JudgeThenSynthesiseConfig
from aggregators.reading.judge_then_synthesise import JudgeThenSynthesise
from experts.completion import Completion
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from experts.verdict import Candidates, Verdict

TWO = (said("ann", "The answer is (A)."), said("bob", "Hm. The answer is (B)."))


class Turns:
    """A `generate` port with one reply per query and turn, by the query's number."""

    def __init__(self, *replies: tuple[str, ...]) -> None:
        self.replies = replies
        self.calls: list[list[tuple[Message, ...]]] = []

    def __call__(
        self, expert: str, conversations: Sequence[Sequence[Message]], sampling: SamplingConfig | None
    ) -> list[Completion]:
        self.calls.append([tuple(c) for c in conversations])
        return [self._reply(expert, turns) for turns in conversations]

    def _reply(self, expert: str, turns: Sequence[Message]) -> Completion:
        question = next(m.content for m in turns if m.role == "user")
        number = int(question.split("Number ")[1][0])
        reply = self.replies[number][sum(m.role == "assistant" for m in turns)]
        completion: Completion = said(expert, reply)
        return completion


def verdicts(port: Turns, *, choices: tuple[str, ...] = ("red", "green")) -> list[Verdict]:
    items = [
        Candidates(query=Query.from_text(f"Number {i}?", id=f"q{i}", choices=choices), completions=TWO)
        for i in range(len(port.replies))
    ]
    judge = JudgeThenSynthesise(JudgeThenSynthesiseConfig(kind="judge_then_synthesise", expert="chair"))
    return judge.aggregate(items, generate=port)


def test_only_what_has_no_best_answer_is_written() -> None:
    port = Turns(
        ("1 is wrong. Best response: 2",),
        ("<think>Best response: 1</think>Both miss it. Best response: combined", "Red. The answer is (A)."),
        ("Best response: ann.",),
    )
    found = verdicts(port)
    assert [len(call) for call in port.calls] == [3, 1]
    assert [(v.answer, v.text) for v in found] == [
        ("B", "Hm. The answer is (B)."),
        ("A", "Red. The answer is (A)."),
        ("A", "The answer is (A)."),
    ]
    assert [len(v.earlier) for v in found] == [0, 1, 0]
    assert found[1].completion is not None and found[1].completion.answer == "A"
    assert all(v.notes == () for v in found)


def test_the_answer_is_written_in_the_same_conversation_without_thoughts() -> None:
    port = Turns(("<think>Hm.</think>Both miss it. Best response: combined", "Red. The answer is (A)."))
    verdicts(port)
    [[first], [second]] = port.calls
    assert second[: len(first)] == first, "so that a prefix cache need not read the candidates again"
    assert second[-2] == Message("assistant", "Both miss it. Best response: combined")
    assert second[-1].content.startswith("Now write the combined answer")


def test_an_assessment_that_names_nothing_leads_to_writing() -> None:
    [found] = verdicts(Turns(("I cannot say.", "Because of the sun.")), choices=())
    assert (found.text, found.answer, len(found.earlier)) == ("Because of the sun.", None, 1)


def test_a_combined_answer_without_an_option_leaves_it_to_the_vote() -> None:
    [found] = verdicts(Turns(("Best response: combined", "Well.")))
    assert found.answer == "A"
    assert found.notes[0].startswith("No option could be extracted from the answer of aggregator chair")
    assert len(found.earlier) == 1
