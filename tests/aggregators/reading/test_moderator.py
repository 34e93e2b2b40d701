"""The moderator: selects two, ends the discussion or has experts answer again, and survives bad JSON."""

import json
from collections.abc import Sequence

import pytest
from checks.ports import dead, said

from aggregators.reading.config import ModeratorConfig
from aggregators.reading.moderator import Moderator
from aggregators.reading.selection import read_selection
from aggregators.reading.showing import Shown
from experts.completion import Completion
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from experts.verdict import Candidates, Verdict

CHOICE = Query.from_text("Which colour?", choices=("red", "green", "blue"))
THREE = (
    said("ann", "Sure. The answer is (A)."),
    said("bob", "Hm. The answer is (B)."),
    said("cyd", "Well. The answer is (C)."),
)
SHOWN = [Shown(c, c.text) for c in THREE]


class Discussion:
    """A `generate` port: the chair's replies in turn, and what the others always say."""

    def __init__(self, *chair: str, other: str = "Again. The answer is (C).", broken: tuple[str, ...] = ()):
        self.chair, self.other, self.broken = list(chair), other, broken
        self.calls: list[tuple[str, tuple[Message, ...]]] = []

    def __call__(
        self, expert: str, conversations: Sequence[Sequence[Message]], sampling: SamplingConfig | None
    ) -> list[Completion]:
        self.calls += [(expert, tuple(turns)) for turns in conversations]
        if expert in self.broken:
            return [dead(expert) for _ in conversations]
        return [said(expert, self.chair.pop(0) if expert == "chair" else self.other) for _ in conversations]

    @property
    def asked(self) -> list[str]:
        return [expert for expert, _ in self.calls]


def chosen(*best: int, end: bool) -> str:
    return json.dumps({"reasoning": "x", "best": best, "end": end})


def verdict(port: Discussion, *completions: Completion, **settings: object) -> Verdict:
    config = ModeratorConfig.model_validate({"kind": "moderator", "expert": "chair", **settings})
    items = [Candidates(query=CHOICE, completions=completions or THREE)]
    return Moderator(config).aggregate(items, generate=port)[0]


def test_the_end_of_the_discussion_is_the_end_of_the_calls() -> None:
    port = Discussion(chosen(2, 3, end=True))
    found = verdict(port, proposers=("ann",))
    assert (found.answer, found.text, found.agreed) == ("B", "Hm. The answer is (B).", ("bob",))
    assert (port.asked, found.earlier, found.notes) == (["chair"], (), ())


def test_else_proposers_read_the_two_in_their_roles_and_answer_again() -> None:
    port = Discussion(chosen(2, 3, end=False), chosen(2, 1, end=True))
    roles = {"ann": "A painter.", "bob": "A printer."}
    found = verdict(port, proposers=("ann", "dan"), roles=roles)
    assert port.asked == ["chair", "ann", "dan", "chair"]
    moderator, ann, dan = (messages for _, messages in port.calls[:3])
    assert "### Response 1\nRole: A painter.\n" in moderator[-1].content
    assert "### Response 3\nRole: none\n" in moderator[-1].content
    assert "Hm." in ann[-1].content and "Well." in ann[-1].content and "Sure." not in ann[-1].content
    assert ann[0].content.startswith("A painter.\n\nSeveral models")
    assert dan[0].content.startswith("Several models")
    assert (found.answer, found.text, found.agreed) == ("C", "Again. The answer is (C).", ("cyd",))
    assert [c.expert for c in found.earlier] == ["chair", "ann", "dan"]


def test_after_the_last_round_the_moderator_writes_from_the_selected() -> None:
    port = Discussion(chosen(1, 2, end=False), "Both. The answer is (B).")
    found = verdict(port, rounds=1, proposers=("ann",))
    assert port.asked == ["chair", "chair"]
    last = port.calls[-1][1][-1].content
    assert "Sure." in last and "Hm." in last and "Well." not in last
    assert (found.answer, found.text) == ("B", "Both. The answer is (B).")


@pytest.mark.parametrize(
    "reply",
    [
        "I like them all.",
        '{"best": [1, 2]}',
        '{"best": [1, 1], "end": true}',
        '{"best": [1, 9], "end": true}',
        '{"best": [1], "end": true}',
        '{"best": 1, "end": true}',
        '{"best": [1, 2], "end": "yes"}',
        '{"best": [1, 2], "end": true',
        "{" * 500,
    ],
)
def test_a_reply_that_selects_nobody_is_replaced_by_a_draw_that_can_be_repeated(reply: str) -> None:
    found = [verdict(Discussion(reply, "The answer is (B)."), rounds=1) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0].answer == "B"
    assert found[0].notes[0].startswith("The moderator chair selected nobody in round 1, so the lot fell on ")


@pytest.mark.parametrize(
    "reply",
    [
        '{"reasoning": "x {y}", "best": [3, 1], "end": true}',
        '```json\n{"best": ["3", "ann"], "end": true}\n```',
        '<think>{"best": [1, 2], "end": false}</think>{"best": [3, 1], "end": true} Good night.',
        '{not json} {"best": [1, 2], "end": false} No: {"best": [3, 1], "end": true}',
    ],
)
def test_selections_are_found_in_the_text_around_them(reply: str) -> None:
    selection = read_selection(reply, SHOWN)
    assert selection is not None
    assert ([c.expert for c in selection.best], selection.end) == (["cyd", "ann"], True)


def test_one_candidate_can_be_selected_alone() -> None:
    selection = read_selection('{"best": [1], "end": true}', SHOWN[:1])
    assert selection is not None and selection.best == THREE[:1]


def test_failures_on_the_way_leave_answers() -> None:
    port = Discussion(chosen(1, 2, end=False), chosen(2, 1, end=True), broken=("ann",))
    found = verdict(port, proposers=("ann",))
    assert (found.answer, found.notes) == ("B", ("ann failed to answer again.",))
    found = verdict(Discussion(broken=("chair",)), fallback="top")
    assert (found.answer, found.notes[0]) == (
        "A",
        "The aggregator chair failed (Dead), so the fall-back 'top' decided.",
    )
    port = Discussion(chosen(1, 2, end=True))
    found = verdict(port, said("ann", "Purple."), *THREE[1:])
    assert (
        found.notes[0]
        == "No option could be extracted from the answer of ann, whom the moderator chair trusts, "
        "so the fall-back 'majority' decided."
    )


def test_without_proposers_only_the_moderator_is_asked() -> None:
    port = Discussion(chosen(1, 2, end=False), "Mine. The answer is (A).", chosen(1, end=True))
    found = verdict(port)
    assert port.asked == ["chair"] * 3
    assert (found.text, found.answer) == ("Mine. The answer is (A).", "A")
    config = ModeratorConfig(kind="moderator", expert="chair", proposers=("ann", "chair"))
    assert Moderator(config).experts == ("chair", "ann")
