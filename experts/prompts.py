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
    approaches: tuple[str, ...] = ()
    """System messages that make the samples of one expert differ: its first sample of a query uses the first,
    and so on, from the start again after the last. An approach ("Solve it backwards from the options.") or
    a persona, as the experts that Multi-expert Prompting (arXiv 2411.00492) invents; here they are fixed, so
    that runs can be repeated. An empty text leaves its sample as it is; none: all samples alike."""

    def approach(self, sample_index: int) -> str:
        """The system message of a sample, counted from 0; empty: none."""
        return self.approaches[sample_index % len(self.approaches)] if self.approaches else ""


def question_block(query: Query) -> str:
    """The question and, one a line, its lettered options: `A. Paris`."""
    lines = [query.question.strip()]
    lines += [f"{letter}. {choice}" for letter, choice in zip(LETTERS, query.choices, strict=False)]
    return "\n".join(lines)


def render_messages(query: Query, prompts: PromptConfig, sample_index: int = 0) -> tuple[Message, ...]:
    """The conversation as an expert sees it: the last turn gets its options and the instruction.

    Args:
        query: what is asked.
        prompts: how.
        sample_index: which of an expert's samples of the query it is for; decides on the approach, which
            stands before a system message of the query's own.
    """
    instruction = query.instruction
    if instruction is None:
        instruction = prompts.choice_instruction if query.choices else prompts.open_instruction
    content = question_block(query)
    if instruction:
        content = f"{content}\n\n{instruction}"
    return (*_history(query, prompts.approach(sample_index)), Message("user", content))


def _history(query: Query, approach: str) -> tuple[Message, ...]:
    """All turns but the last, behind approach and examples; at most one system message, in front."""
    earlier = query.messages[:-1]
    if query.examples:
        system = earlier[:1] if earlier and earlier[0].role == "system" else ()
        earlier = (*system, *query.examples, *earlier[len(system) :])
    if not approach:
        return earlier
    if earlier and earlier[0].role == "system":
        return (Message("system", f"{approach}\n\n{earlier[0].content}"), *earlier[1:])
    return (Message("system", approach), *earlier)
