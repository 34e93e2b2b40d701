"""How a benchmark of question files is described: where its files are, and what their columns mean.

One value for one YAML file. Reads nothing, and knows no benchmark by name. Imports nothing heavy.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

GoldForm = Literal["letter", "index", "index0", "index1", "option", "plain", "tail", "integer"]
_OF_CHOICES = ("letter", "index", "index0", "index1", "option")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""A name, or several of which the first that is there is meant."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HubSource(_Part):
    """A data set on the Hugging Face hub."""

    id: str = Field(min_length=3)
    """Such as "openai/gsm8k"."""
    revision: str | None = None
    """Commit; None: the newest, so that a run cannot be repeated once it changes."""


class SplitFiles(_Part):
    """The files of one split; may be written as names alone."""

    files: Names = Field(min_length=1)
    """Names or patterns (`data/test-*.parquet`), the first that matches anything; .parquet, .jsonl, .json or
    .csv; in the root of the hub's data set, else relative to the YAML file."""
    count: int | None = Field(default=None, ge=1)
    """Rows that they must have; None: not checked."""
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """Of what the first of `files` finds, several files one after the other; None: not checked. Files by the
    other names, which are another layout of the same, are not checked."""

    @model_validator(mode="before")
    @classmethod
    def _from_names(cls, data: Any) -> Any:
        return {"files": data} if isinstance(data, str | list) else data


class SplitColumn(_Part):
    """Splits by a column. Applies where the files have it; where not, a file's split is that of its name."""

    column: Names = Field(min_length=1)
    values: dict[str, str] = Field(default_factory=dict)
    """Value -> split; a value that is not here is the split's name."""
    other: str | None = None
    """Split of every value that is not in `values`."""


class Columns(_Part):
    """Which column is what."""

    question: Names = Field(min_length=1)
    gold: Names = Field(min_length=1)
    choices: Names = ()
    """A column of lists; () = open questions, or `choice_columns`."""
    choice_columns: tuple[str, ...] = ()
    """One column an option, in letter order."""
    subject: Names = ()
    """() = the benchmark's name."""
    id: Names = ()
    """Where there is none, ids are hashes of question and options."""


class ShotsSource(_Part):
    """Where worked examples come from: of a question's own subject, in the order of the file."""

    split: str
    solution: Names = Field(min_length=1)
    """Column of the worked solution."""
    drop: str = ""
    """What is taken off the front of a solution."""
    intro: str = ""
    """In front of the first example; `{subject}` stands for the subject."""
    instruction: str | None = None
    """Behind every example and the question, in place of the mapping's own."""


class MappingConfig(_Part):
    """A benchmark of question files."""

    name: str = Field(pattern="^[a-z0-9][a-z0-9_.-]*$")
    version: Annotated[str, BeforeValidator(lambda v: str(v) if isinstance(v, int | float) else v)]
    """Raised when questions, prompts or scoring change."""
    hub: HubSource | None = None
    """None: the files are local."""
    files: dict[str, SplitFiles] = Field(min_length=1)
    """Split -> its files; with `split`, the key is only a name."""
    split: SplitColumn | Literal["hash"] | None = None
    """How rows are assigned to splits. None: by file; hash: by the question's text, 40% train, 10%
    validation, 50% test (`experts.outcome_table.hash_split`)."""
    columns: Columns
    gold: GoldForm
    """letter; index (from 0 or 1, found out over all rows), index0, index1; option: its text; plain: the
    answer's text; tail: what follows the last `####` (GSM8K); integer, or "80 or 81" where both are right."""
    gold_range: tuple[int, int] | None = None
    """Least and greatest integer; None: any."""
    no_option: tuple[str, ...] = ()
    """Texts that only fill up the options, such as "N/A"; empty ones are always left out."""
    subjects: tuple[str, ...] = ()
    """All that there are; () = any."""
    instruction: str | None = None
    """Behind the question; None: as the system is configured."""
    same_value: bool = False
    """Whether open answers are compared by value, such as 0.5 and 1/2."""
    shots: ShotsSource | None = None
    """None: it has no worked examples."""
    extraction: str = ""
    """Name of its own extraction, scored beside ours; "" = none."""
    private: bool = False
    """Whether its questions must not be published."""

    @model_validator(mode="after")
    def _check(self) -> MappingConfig:
        columns = self.columns
        problems = []
        if columns.choices and columns.choice_columns:
            problems.append("columns: give choices (one column) or choice_columns, not both")
        has_choices = bool(columns.choices or columns.choice_columns)
        if has_choices != (self.gold in _OF_CHOICES):
            allowed = ", ".join(_OF_CHOICES if has_choices else ("plain", "tail", "integer"))
            kind = "with options" if has_choices else "without options"
            problems.append(f"gold: must be one of {allowed} for questions {kind}, got {self.gold!r}")
        if self.same_value and has_choices:
            problems.append("same_value: is for open questions, and there are options")
        if self.gold_range is not None and self.gold != "integer":
            problems.append(f"gold_range: is for gold: integer, got gold: {self.gold}")
        if problems:
            raise ValueError("\n".join(problems))
        return self
