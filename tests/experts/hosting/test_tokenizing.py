"""Chat templates, stop ids and incremental text, with a shipped tokenizer and a byte-level double."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compound.config import default_config_path, load_config
from experts.config import VllmExpert
from experts.hosting.tokenizing import ChatTokenizer, IncrementalText
from experts.query import Message


class Bytes(ChatTokenizer):
    """One token a byte: the hardest case for text that must come in whole characters."""

    def __init__(self) -> None:
        self.stop_ids = ()

    def decode(self, token_ids: Sequence[int]) -> str:
        return bytes(token_ids).decode("utf-8", errors="replace")


@pytest.fixture(scope="module")
def shipped() -> ChatTokenizer:
    expert = load_config(default_config_path()).all_experts["abacus"]
    assert isinstance(expert, VllmExpert)
    return ChatTokenizer(Path(expert.model))


def test_a_conversation_is_rendered_with_its_turns(shipped: ChatTokenizer) -> None:
    alone = shipped.render([Message("user", "What is 3 + 4?")])
    chat = shipped.render(
        [
            Message("system", "Be brief."),
            Message("user", "What is 3 + 4?"),
            Message("assistant", "It is 7."),
            Message("user", "What is 3 + 4?"),
        ]
    )
    assert 0 < len(alone) < len(chat)
    assert shipped.stop_ids, "without stop ids an answer never ends"


@given(st.text(), st.lists(st.integers(1, 4)))
def test_pieces_join_to_the_text_whatever_the_cuts(text: str, cuts: list[int]) -> None:
    incremental, data, pieces = IncrementalText(Bytes()), text.encode(), []
    for size in cuts:
        pieces.append(incremental.push(list(data[:size])).text)
        data = data[size:]
    pieces += [incremental.push(list(data)).text, incremental.finish().text]
    assert "".join(pieces) == text
    assert not any(
        "\N{REPLACEMENT CHARACTER}" in piece for piece in pieces if "\N{REPLACEMENT CHARACTER}" not in text
    )


@given(st.text("ab.", max_size=30), st.sampled_from(["ab.", "a", "..", "bab"]))
def test_stop_strings_cut_where_they_first_occur(text: str, stop: str) -> None:
    incremental, seen, stopped = IncrementalText(Bytes(), [stop]), "", False
    for byte in text.encode():
        piece = incremental.push([byte])
        seen += piece.text
        if piece.stopped:
            stopped = True
            break
    if not stopped:
        piece = incremental.finish()
        seen, stopped = seen + piece.text, piece.stopped
    assert stopped == (stop in text)
    assert seen == text.split(stop, 1)[0]
