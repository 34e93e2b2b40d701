"""What is asked: a query with its conversation and, for multiple choice, its options.

Deliberately knows nothing of the right answer: gold lives in `eval.question.Question`, so that
nothing that answers a query can see it (structure, not convention, guards against leakage).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from experts.errors import QueryError

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Option letters in order; a query has at most `len(LETTERS)` options."""

Role = Literal["system", "user", "assistant"]
_ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str

    def __post_init__(self) -> None:
        if self.role not in _ROLES:
            raise QueryError(f"A message's role must be one of {', '.join(_ROLES)}, got {self.role!r}.")
        if not isinstance(self.content, str):
            raise QueryError(
                f"A message's content must be text, got {type(self.content).__name__}: {self.content!r}."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question as it is put to experts.

    Raises:
        QueryError: empty question, last message not the user's, one option only, an empty
            option, or more than 26 options.
    """

    id: str
    """Unique within a batch; results carry it."""
    messages: tuple[Message, ...]
    """The conversation, oldest first; the last message is the user's and holds the question."""
    choices: tuple[str, ...] = ()
    """Options of a multiple-choice question in letter order, without letters; empty when open."""
    examples: tuple[Message, ...] = ()
    """Worked examples, as turns of user and assistant, that experts see before the conversation (few-shot).
    They are about other questions, so routers never read them."""
    instruction: str | None = None
    """Behind the question in place of the configured one; None: as configured (`PromptConfig`)."""

    def __post_init__(self) -> None:
        if not self.id:
            raise QueryError("A query needs a non-empty id.")
        if not self.messages or self.messages[-1].role != "user":
            raise QueryError(f"Query {self.id!r}: the last message must be the user's, with the question.")
        if not self.messages[-1].content.strip():
            raise QueryError(f"Query {self.id!r}: the question is empty. Give some text to answer.")
        self._check_choices()

    def _check_choices(self) -> None:
        if len(self.choices) > len(LETTERS):
            raise QueryError(
                f"Query {self.id!r} has {len(self.choices)} choices; "
                f"at most {len(LETTERS)} (A to Z) can be told apart. Give fewer."
            )
        if len(self.choices) == 1:
            raise QueryError(
                f"Query {self.id!r} has one choice; give at least two, or none for an open question."
            )
        for letter, choice in zip(LETTERS, self.choices, strict=False):
            if not isinstance(choice, str) or not choice.strip():
                raise QueryError(
                    f"Query {self.id!r}: choice {letter} must be non-empty text, got {choice!r}."
                )

    @classmethod
    def from_text(cls, text: str, *, id: str = "q1", choices: Sequence[str] = ()) -> Query:
        """A single-turn query."""
        return cls(id=id, messages=(Message("user", text),), choices=tuple(choices))

    @classmethod
    def from_messages(
        cls, messages: Sequence[Message | Mapping[str, str]], *, id: str = "q1", choices: Sequence[str] = ()
    ) -> Query:
        """A query from chat messages in the OpenAI layout (`{"role": ..., "content": ...}`)."""
        return cls(id=id, messages=tuple(_to_message(m) for m in messages), choices=tuple(choices))

    @property
    def question(self) -> str:
        """Text of the last user message."""
        return self.messages[-1].content

    @property
    def routing_text(self) -> str:
        """All that a router may read: every turn but the assistant's, oldest first, then the options."""
        turns = [m.content for m in self.messages if m.role != "assistant"]
        return "\n".join([*turns, *self.choices])

    @property
    def letters(self) -> str:
        """Letters of the options at hand, such as "ABCD"; empty for an open question."""
        return LETTERS[: len(self.choices)]


def _to_message(raw: Message | Mapping[str, str]) -> Message:
    if isinstance(raw, Message):
        return raw
    if not isinstance(raw, Mapping) or set(raw) != {"role", "content"}:
        raise QueryError(f"A message must have exactly the keys 'role' and 'content', got {raw!r}.")
    return Message(raw["role"], raw["content"])  # type: ignore[arg-type]  # Message checks the role
