"""How aggregators that are an LLM are written in a configuration. Imports nothing heavy, builds nothing."""

from __future__ import annotations

import re
from string import Formatter
from typing import Literal

from pydantic import Field, model_validator

from aggregators.settings import AggregatorSettings
from aggregators.votes.config import VoteKind
from experts.sampling import SamplingConfig


class SynthesisPrompt(AggregatorSettings):
    """What the aggregating LLM reads.

    Raises:
        ValueError: a template names an unknown field or lacks a needed one.
    """

    system: str = (
        "Several models answered the same question, each on its own. Work out the best answer from what they "
        "wrote. Judge critically: any of them may be wrong, and so may most of them, so check the reasoning "
        "instead of copying the most frequent result."
    )
    """System message; empty: none."""
    template: str = "Question:\n{question}\n\nResponses:\n\n{candidates}\n\n{instruction}"
    """User message, with {question} (options included), {candidates} and, if wished, {instruction}."""
    candidate: str = "### Response {index}\n{text}"
    """One candidate, with {text} and, if wished, {index} (from 1) and {expert}."""
    separator: str = "\n\n"
    """Between candidates."""
    choice_instruction: str = (
        "Weigh the responses step by step, then finish with "
        '"The answer is (X)." where X is the letter of the right option.'
    )
    """{instruction} of a multiple-choice question."""
    open_instruction: str = "Write the one answer that the user should get, complete in itself."
    """{instruction} of an open question."""
    candidate_view: Literal["full", "last_line"] = "full"
    """What of a candidate is shown: all its text, or its last line that is not empty."""
    max_candidate_chars: int = Field(default=8000, ge=1)
    """Of a longer candidate only the end is shown, since answers stand at the end."""

    @model_validator(mode="after")
    def _check_fields(self) -> SynthesisPrompt:
        _require_fields("template", self.template, needed={"question", "candidates"}, allowed={"instruction"})
        _require_fields("candidate", self.candidate, needed={"text"}, allowed={"index", "expert"})
        return self


def _require_fields(name: str, template: str, *, needed: set[str], allowed: set[str]) -> None:
    parsed = list(Formatter().parse(template))
    found = {field for _, field, _, _ in parsed if field is not None}
    if not needed <= found <= needed | allowed or any(
        spec or conversion for _, _, spec, conversion in parsed
    ):
        raise ValueError(
            f"{name} must contain {_braced(needed)} and may contain {_braced(allowed)}, without format "
            f"specifications; got {template!r}. Write {{{{ and }}}} for plain braces."
        )


def _braced(fields: set[str]) -> str:
    return ", ".join(f"{{{field}}}" for field in sorted(fields))


class SynthesisConfig(AggregatorSettings):
    """An expert of the pool reads all candidates and writes the answer."""

    kind: Literal["synthesis"]
    expert: str = Field(min_length=1)
    """Name of the aggregating expert."""
    prompt: SynthesisPrompt = SynthesisPrompt()
    sampling: SamplingConfig | None = None
    """None: the expert's own."""
    strip_thinking: bool = True
    """Show neither the aggregator nor the user what stands before `</think>`."""
    fallback: VoteKind = "majority"
    """What decides where the aggregator failed or its answer cannot be extracted."""


class JudgePrompt(SynthesisPrompt):
    """What the judging LLM reads; see `SynthesisPrompt`."""

    system: str = (
        "Several models answered the same question, each on its own. Decide which single response is most "
        "likely to be right. Check the reasoning; the most frequent result may be wrong."
    )
    choice_instruction: str = (
        'Weigh the responses step by step, then finish with "Best response: N" where N is its number.'
    )
    open_instruction: str = choice_instruction


class JudgeConfig(AggregatorSettings):
    """An expert of the pool names the candidate whose answer is taken as it stands."""

    kind: Literal["judge"]
    expert: str = Field(min_length=1)
    """Name of the judging expert."""
    prompt: JudgePrompt = JudgePrompt()
    pattern: str = r"(?i)best response\W*(?:is\W+)?(?:response\W*|number\W*)?([\w.-]+)"
    """Regular expression with one group for the candidate's number or its expert's name; the last
    match in the reply counts."""
    sampling: SamplingConfig | None = None
    """None: the expert's own."""
    strip_thinking: bool = True
    """Show the judge no candidate's thoughts before `</think>`."""
    fallback: VoteKind = "majority"
    """What decides where the judge failed or named no candidate."""

    @model_validator(mode="after")
    def _check_pattern(self) -> JudgeConfig:
        try:
            groups = re.compile(self.pattern).groups
        except re.error as error:
            raise ValueError(f"`pattern` is no regular expression: {error}; got {self.pattern!r}.") from error
        if groups != 1:
            raise ValueError(f"`pattern` must have exactly one group, got {groups} in {self.pattern!r}.")
        return self
