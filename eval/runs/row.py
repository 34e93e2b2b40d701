"""One question of a run from routing to fusion, as a line of `rows.jsonl`.

A row has everything that reports need, and neither texts nor times: a run that was interrupted leaves the
rows of one that was not, and a benchmark that must not be published can be reported on. Texts are in the
completion store, under the keys given here. Computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.runs.whole_file import write_whole
from eval.scoring import Outcome
from experts.errors import BenchmarkError


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExpertRow(_Line):
    """What one expert made of one question (its first sample)."""

    expert: str
    outcome: Outcome
    answer: str | None = None
    """A letter, or the open answer's text; None: unparsed, or an error."""
    official: Outcome | None = None
    """By the benchmark's own extraction; None: it has none, or the expert failed."""
    asked: bool = False
    """Whether the system itself asked it; the others were asked for the baselines."""
    truncated: bool = False
    """Cut off at the most tokens allowed."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    key: str = ""
    """Of the completion in the run's store; "" where nothing was kept."""
    error: str | None = None
    """One sentence; set exactly when the outcome is "error"."""


class QuestionRow(_Line):
    """One question: what the system and every expert made of it."""

    id: str
    """Unique in the run."""
    benchmark: str
    subject: str
    gold: str
    """The right letter (after any permutation of the options), or the open answer."""
    permutation: tuple[int, ...] = ()
    """Where the options stood in the source: option i was option permutation[i]; () = not permuted."""
    private: bool = False
    """Whether nothing that tells the question may be shown: no text of it, of its options, of reasons."""
    outcome: Outcome | None = None
    """Of the system; None: only experts were run."""
    answer: str | None = None
    support: float | None = None
    """Probability in [0, 1] that the aggregator gave its answer; None: it gives none."""
    abstained: str | None = None
    stopped: str | None = None
    """Why no more experts were asked."""
    chosen: tuple[str, ...] = ()
    """Experts that the router chose, best first; one sampled twice stands twice."""
    estimates: dict[str, float] = Field(default_factory=dict)
    """The router's estimate for every expert."""
    calibrated: bool = False
    """Whether estimates are probabilities."""
    reasons: tuple[str, ...] = ()
    """Of the router; () for a private question."""
    calls: int = 0
    """Of the system: experts' samples and the aggregator's calls."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    """Of the system, over all its calls."""
    truncated: int = 0
    """Completions of the system that were cut off."""
    warnings: tuple[str, ...] = ()
    error: str | None = None
    """One sentence; set exactly when the outcome is "error"."""
    scores: dict[str, float] = Field(default_factory=dict)
    """Row of the report's table -> score in [0, 1] of this question, errors as 0; see `Standing.name`."""
    experts: tuple[ExpertRow, ...] = ()
    """Of the whole pool, in its order."""


def write_rows(rows: Iterable[QuestionRow], path: Path) -> None:
    """Write all rows, by way of a temporary file.

    Raises:
        BenchmarkError: it cannot be written there, such as on a full disk; what was there stays.
    """
    write_whole(path, (row.model_dump_json(exclude_defaults=True) + "\n" for row in rows))


def read_rows(path: Path) -> list[QuestionRow]:
    """Rows in the order of the run.

    Raises:
        BenchmarkError: no such file, or a line that is no row; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BenchmarkError(
            f"{path} cannot be read ({error}); give the folder of a finished `compound eval`."
        ) from error
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            rows.append(QuestionRow.model_validate_json(line))
        except ValidationError as error:
            problem = error.errors()[0]
            raise BenchmarkError(
                f"{path}, line {number}, is no row of a run "
                f"({'.'.join(map(str, problem['loc']))}: {problem['msg']}); "
                "run the same `compound eval` command again, which asks nothing twice."
            ) from error
    return rows
