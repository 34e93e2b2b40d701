"""How a query is put into words for an expert: question, options, instruction.

Knows nothing of tokenizers and chat templates (the host of the engine applies those).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from experts.query import LETTERS, Message, Query


class PromptConfig(BaseModel):
    """Instructions put behind a question. Empty strings put nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    choice_instruction: str = (
        'Think step by step, then finish with "The answer is (X)." where X is the letter of the right option.'
    )
    """Behind a multiple-choice question. MMLU-Pro's zero-shot wording, in our words."""
    open_instruction: str = ""
    """Behind an open question."""


def question_block(query: Query) -> str:
    """The question and, one a line, its lettered options: `A. Paris`."""
    lines = [query.question.strip()]
    lines += [f"{letter}. {choice}" for letter, choice in zip(LETTERS, query.choices, strict=False)]
    return "\n".join(lines)


def render_messages(query: Query, prompts: PromptConfig) -> tuple[Message, ...]:
    """The conversation as an expert sees it: the last turn gets its options and the instruction."""
    instruction = prompts.choice_instruction if query.choices else prompts.open_instruction
    content = question_block(query)
    if instruction:
        content = f"{content}\n\n{instruction}"
    return (*query.messages[:-1], Message("user", content))
