"""What an expert is taught to say: a short line of work, a walk over the options, the answer.

Also words what the aggregator reads. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Sequence

from eval.pocket.item import Item
from experts.prompts import PromptConfig, question_block, render_messages
from experts.query import LETTERS, Query

PROMPTS = PromptConfig(choice_instruction="", open_instruction="")
"""Miniature experts see the bare question: instructions are words that they never learned."""
TRUST_PATTERN = r"I trust (\w+)"
"""Finds the expert whom the aggregator trusts in its reply."""
NO_ANSWER = "no answer"
"""What stands behind a candidate's name when its text holds no answer."""


def user_content(query: Query) -> str:
    """The user turn as an expert sees it."""
    return render_messages(query, PROMPTS)[-1].content


def worked_answer(thought: str, answer: str, options: Sequence[str], *, sure: bool = True) -> str:
    """The full text of an answer: a line of work, then `The answer is (B).` on a line of its own.

    Where not `sure`, the last line reads `Perhaps the answer is (B).`
    """
    said = "The answer is" if sure else "Perhaps the answer is"
    lead = f"{thought}.\n" if thought else ""
    if not options:
        return f"{lead}{said} {answer}."
    lead = f"{thought}. " if thought else ""
    at = list(options).index(answer)
    walk = [f"{LETTERS[i]}. {option} no" for i, option in enumerate(options[:at])]
    walk.append(f"{LETTERS[at]}. {answer} yes")
    return f"{lead}It is {answer}: {' '.join(walk)}.\n{said} ({LETTERS[at]})."


def right_answer(item: Item, options: Sequence[str]) -> str:
    """What an expert that was taught the item says."""
    return worked_answer(item.thought, item.answer, options)


def wrong_answer(item: Item, options: Sequence[str], *, sure: bool) -> str:
    """What an expert that was not taught the item says: the popular mistake, without work.

    Where that is not among the options, the first wrong option.
    """
    slip = item.slip
    if options and slip not in options:
        slip = next(option for option in options if option != item.answer)
    return worked_answer("", slip, options, sure=sure)


def last_line(text: str) -> str:
    """The last line of an expert's text, where the answer stands; `no answer` where the text is empty."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else NO_ANSWER


def surely(line: str) -> str:
    """An answer line without its `Perhaps`: how the aggregator repeats it."""
    return line.replace("Perhaps the answer", "The answer")


def aggregator_content(query: Query, candidates: Sequence[tuple[str, str]]) -> str:
    """What the aggregator sees: the question, then name and last line of every candidate in order."""
    lines = [f"{name}: {last_line(text)}" for name, text in candidates]
    return "\n".join([question_block(query), "", "Candidates:", *lines])
