"""How questions are put, and what makes the samples of one expert differ."""

from experts.prompts import PromptConfig, render_messages
from experts.query import Message, Query

QUERY = Query.from_text("Which?", choices=["x", "y"])
TWO = PromptConfig(approaches=("Work forwards.", "Work backwards from the options."))


def test_without_approaches_all_samples_are_the_same_messages_as_ever() -> None:
    first = render_messages(QUERY, PromptConfig())
    assert [m.role for m in first] == ["user"]
    assert all(render_messages(QUERY, PromptConfig(), i) == first for i in range(4))


def test_samples_use_the_approaches_in_turn() -> None:
    systems = [render_messages(QUERY, TWO, i)[0] for i in range(4)]
    assert [m.content for m in systems] == [*TWO.approaches, *TWO.approaches]
    assert {m.role for m in systems} == {"system"}
    assert len({render_messages(QUERY, TWO, i)[-1] for i in range(4)}) == 1, "the question stays the same"


def test_an_empty_approach_leaves_its_sample_as_it_is() -> None:
    some = PromptConfig(approaches=("", "Work backwards."))
    assert render_messages(QUERY, some, 0) == render_messages(QUERY, PromptConfig())
    assert render_messages(QUERY, some, 1)[0] == Message("system", "Work backwards.")


def test_there_is_one_system_message_with_the_users_own_behind_the_approach() -> None:
    chat = Query.from_messages(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": "Which?"},
        ]
    )
    messages = render_messages(chat, TWO)
    assert [m.role for m in messages] == ["system", "user", "assistant", "user"]
    assert messages[0].content == "Work forwards.\n\nBe brief."
    assert messages[1:] == chat.messages[1:]
