"""`route_and_answer`: the shortest way from a question to an answer.

Keeps one system per configuration file alive between calls and ends it when the program ends.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import overload

from aggregators.config import AggregatorConfig
from compound.answer import Answer
from compound.config import default_config_path
from compound.questions import Conversation, Question, is_batch
from compound.system import Compound
from experts.query import Query
from routers.config import RouterConfig

_systems: dict[Path, Compound] = {}
_lock = threading.Lock()


def _system(config: str | Path | None) -> Compound:
    path = Path(config).expanduser().resolve() if config is not None else default_config_path()
    with _lock:
        if path not in _systems:
            if not _systems:
                atexit.register(_close_all)
            _systems[path] = Compound.from_config(path)
        return _systems[path]


def _close_all() -> None:
    with _lock:
        while _systems:
            _systems.popitem()[1].close()


@overload
def route_and_answer(
    question: str | Query,
    *,
    choices: Sequence[str] | None = None,
    k: int | None = None,
    router: RouterConfig | str | None = None,
    aggregator: AggregatorConfig | str | None = None,
    config: str | Path | None = None,
) -> Answer: ...


@overload
def route_and_answer(
    question: list[str] | list[Query],
    *,
    choices: Sequence[str] | None = None,
    k: int | None = None,
    router: RouterConfig | str | None = None,
    aggregator: AggregatorConfig | str | None = None,
    config: str | Path | None = None,
) -> list[Answer]: ...


@overload
def route_and_answer(
    question: Sequence[Question] | Conversation,
    *,
    choices: Sequence[str] | None = None,
    k: int | None = None,
    router: RouterConfig | str | None = None,
    aggregator: AggregatorConfig | str | None = None,
    config: str | Path | None = None,
) -> Answer | list[Answer]: ...


def route_and_answer(
    question: Question | Sequence[Question],
    *,
    choices: Sequence[str] | None = None,
    k: int | None = None,
    router: RouterConfig | str | None = None,
    aggregator: AggregatorConfig | str | None = None,
    config: str | Path | None = None,
) -> Answer | list[Answer]:
    """Route a question to k experts, ask them, fuse their answers.

    The first call starts the engines (seconds); later calls reuse them until the program ends.

    Args:
        question: text, a conversation in the OpenAI layout (routing reads all of it), a `Query`,
            or a list of these. A list is answered as one batch: cheaper than one by one.
        choices: options of a single multiple-choice question, without letters; at most 26.
        k: experts per question; None: as configured.
        router: another router's configuration, or the name of its kind.
        aggregator: another aggregator's configuration, or the name of its kind.
        config: YAML file of the system; None: the bundled miniature pool.

    Returns:
        One `Answer` for one question; for a list of questions a list, in order.

    Raises:
        CompoundError: the question, the configuration or an argument is wrong (see its classes).
            Experts that fail are data: `Answer.warnings`, and `Answer.error` if all did.
    """
    answers = _system(config).answer(question, choices=choices, k=k, router=router, aggregator=aggregator)
    return answers if is_batch(question) else answers[0]


async def aroute_and_answer(
    question: Question | Sequence[Question],
    *,
    choices: Sequence[str] | None = None,
    k: int | None = None,
    router: RouterConfig | str | None = None,
    aggregator: AggregatorConfig | str | None = None,
    config: str | Path | None = None,
) -> Answer | list[Answer]:
    """`route_and_answer` for asynchronous callers; the same arguments, results and errors."""
    system = _system(config)
    answers = await system.aanswer(question, choices=choices, k=k, router=router, aggregator=aggregator)
    return answers if is_batch(question) else answers[0]
