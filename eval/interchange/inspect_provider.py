"""The system as a model provider of inspect_ai: `inspect eval task.py --model compound/configs/mine.yaml`.

What stands behind the first `compound/` is a configuration file (or `-M config=FILE`); `compound/pocket`
without such a file is the bundled miniature pool. Generations that are asked for at about the same time are
answered as one batch, one batch at a time, so that experts are made resident once for many samples. The
prompt is inspect's: options stand in its text, and the answer is the system's whole text. Sampling is that of
the configuration; tools are not supported. Needs the package inspect_ai.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    StopReason,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from compound.answer import Answer
from compound.questions import check_text
from compound.system import Compound
from eval.interchange.gathering import Gathering
from experts.errors import CompoundError, ExpertError, ExpertUnavailable, QueryError
from experts.query import Message, Query

_BUNDLED = "pocket"
_CONNECTIONS = 512
"""Samples at once, unless told otherwise: a batch is at most as large."""


@modelapi(name="compound")
class CompoundAPI(ModelAPI):  # type: ignore[misc]  # its types are not followed
    """A Compound system that answers as a model does."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008  # as inspect's own providers have it
        **model_args: Any,
    ) -> None:
        """Build the system; engines start with the first question.

        Args:
            model_name: path of the configuration, or "pocket".
            base_url: not used.
            api_key: not used.
            config: of inspect; the system's own sampling counts.
            model_args: `config`, a path in place of the name's; `wait_s`, seconds (default 0.05) that a batch
                waits for more questions.

        Raises:
            ConfigError: no such configuration, or it is wrong.
        """
        super().__init__(model_name=model_name, base_url=base_url, api_key=api_key, config=config)
        path = str(model_args.pop("config", model_name))
        wait_s = float(model_args.pop("wait_s", 0.05))
        bundled = path == _BUNDLED and not Path(path).exists()
        self._system = Compound.from_config(None if bundled else path)
        self._gathering = Gathering(self._system.aanswer, wait_s=wait_s)

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002  # inspect's name
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Answer one conversation.

        Raises:
            QueryError: tools are given, or the conversation cannot be asked.
            CompoundError: it has no answer; see `should_retry`.
        """
        if tools:
            raise QueryError("A compound system takes no tools; evaluate it on a task without them.")
        answer = await self._gathering.ask(_query(input))
        if answer.error is not None:
            raise _failed(answer)
        usage = answer.usage
        output = ModelOutput.from_content(self.model_name, answer.text, stop_reason=_stop_reason(answer))
        output.usage = ModelUsage(
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
            total_tokens=usage.prompt_tokens + usage.completion_tokens,
            total_cost=usage.cost_usd or None,
        )
        output.metadata = {"answer": answer.answer, "experts": [c.expert for c in answer.completions]}
        return output

    def should_retry(self, ex: Exception) -> bool:
        """Whether the same call may succeed later."""
        return isinstance(ex, CompoundError) and ex.retryable

    def max_connections(self) -> int:
        """Many, so that batches are large."""
        return _CONNECTIONS

    def close(self) -> None:
        """End the system."""
        self._system.close()


def _query(conversation: list[ChatMessage]) -> Query:
    """The conversation as it is; the id is given by the batch."""
    messages = tuple(Message(message.role, message.text) for message in conversation)
    query = Query(id="question", messages=messages)
    check_text(query)  # here, or one bad question would fail its whole batch
    return query


def _stop_reason(answer: Answer) -> StopReason:
    """Of the text that was taken: only a cut-off one matters to who reads it."""
    completion = answer.verdict.completion
    return "max_tokens" if completion is not None and completion.finish_reason == "length" else "stop"


def _failed(answer: Answer) -> CompoundError:
    """Retryable only where every expert's failure is."""
    failures = [completion for completion in answer.completions if not completion.ok]
    retryable = bool(failures) and all(completion.retryable for completion in failures)
    return (ExpertUnavailable if retryable else ExpertError)(str(answer.error))
