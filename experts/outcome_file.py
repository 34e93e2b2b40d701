"""The file of an outcome table: one parquet file (zstd), one row per question, expert and sample.

Columns, all of which must be there:

    question_id  text    unique id of the question
    question     text    the last user message
    earlier      text    the messages before it as a JSON list of [role, content]; "" = none
    choices      text    the options in letter order as a JSON list; "" = an open question
    subject      text    coarse field; "" = unknown
    split        text    train, validation, test; "" = unknown
    expert       text    name; null = the question's only row, nobody was asked
    sample       int32   0, 1, ...
    score        double  in [0, 1]; null = not run or failed
    answer       text    the extracted answer; "" = unparsed
    tokens       double  completion tokens; null = unknown
    seconds      double  null = unknown
    cost_usd     double  null = unknown
    certainty    double  without a unit; null = unknown

Texts are dictionaries, so that a question costs its text once. Questions come in order of their first
row. The file's metadata has under `compound.outcomes` a JSON object: `format` (1), `experts` (in order,
also those that never ran), `samples`, `facts`. Long rather than wide, so that any parquet reader can
filter and group it, and because most cells of a large pool may be empty. Holds no gold answer.
Reading is in `experts.outcome_reader`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experts.errors import ConfigError
from experts.query import Query

if TYPE_CHECKING:
    import pyarrow as pa

    from experts.outcome_table import OutcomeTable

FORMAT_VERSION = 1
MEASURES = ("score", "tokens", "seconds", "cost_usd", "certainty")
QUESTION_COLUMNS = ("question_id", "question", "earlier", "choices", "subject", "split")
KEY = b"compound.outcomes"
_DICTIONARY_BYTES = 1 << 30
"""Above it parquet would repeat every text; its default of 1 MiB is less than the texts of a benchmark."""


def write_table(table: OutcomeTable, path: Path) -> None:
    """Write `table` to `path`; see `OutcomeTable.save`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    temporary = path.with_name(path.name + ".tmp")
    try:
        pq.write_table(
            _long(table),
            temporary,
            compression="zstd",
            dictionary_pagesize_limit=_DICTIONARY_BYTES,
        )
        temporary.replace(path)
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(f"The outcome table cannot be written to {path} ({error}).") from error
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"The outcome table cannot be written to {path}: a text has a lone surrogate ({error})."
        ) from error


def _long(table: OutcomeTable) -> pa.Table:
    """The table in the file's layout."""
    import pyarrow as pa

    question, expert, sample = _cells(table)
    asked = expert >= 0
    cell = (question, np.maximum(expert, 0), sample)

    def per_question(values: list[str]) -> pa.Array:
        return pa.array(values, pa.string()).dictionary_encode().take(pa.array(question))

    outcomes = table.outcomes
    columns: dict[str, Any] = {
        name: per_question(values) for name, values in zip(QUESTION_COLUMNS, _texts(table), strict=True)
    }
    names = pa.array(table.experts, pa.string())
    columns["expert"] = pa.DictionaryArray.from_arrays(pa.array(expert.astype(np.int32), mask=~asked), names)
    columns["sample"] = pa.array(sample.astype(np.int32))
    for name in MEASURES:
        values = getattr(outcomes, name)[cell] if outcomes.score.size else np.full(len(question), np.nan)
        columns[name] = pa.array(values, pa.float64(), mask=np.isnan(values) | ~asked)
    answers = outcomes.answer[cell] if outcomes.score.size else np.full(len(question), "")
    # As a list: of numpy's texts pyarrow keeps what stands before a NUL character.
    columns["answer"] = pa.array(np.where(asked, answers, "").tolist(), pa.string()).dictionary_encode()
    header = {
        "format": FORMAT_VERSION,
        "experts": table.experts,
        "samples": outcomes.score.shape[2],
        "facts": {name: asdict(facts) for name, facts in table.facts.items()},
    }
    return pa.table(columns).replace_schema_metadata({KEY: json.dumps(header).encode()})


def _cells(table: OutcomeTable) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Question, expert and sample of every row, by question; expert -1 for a question without cells."""
    outcomes = table.outcomes
    filled = outcomes.answer != ""
    for name in MEASURES:
        filled |= ~np.isnan(getattr(outcomes, name))
    question, expert, sample = np.nonzero(filled)
    idle = np.flatnonzero(~filled.any(axis=(1, 2)))
    question = np.concatenate([question, idle])
    expert = np.concatenate([expert, np.full(idle.size, -1)])
    sample = np.concatenate([sample, np.zeros(idle.size, dtype=np.int64)])
    order = np.argsort(question, kind="stable")
    return question[order], expert[order], sample[order]


def _texts(table: OutcomeTable) -> tuple[list[str], ...]:
    """The values of `QUESTION_COLUMNS`, each (n)."""
    queries = table.queries
    return (
        [query.id for query in queries],
        [query.question for query in queries],
        [_earlier(query) for query in queries],
        [json.dumps(query.choices, ensure_ascii=False) if query.choices else "" for query in queries],
        list(table.outcomes.subjects) or [""] * len(queries),
        list(table.splits),
    )


def _earlier(query: Query) -> str:
    turns = [[message.role, message.content] for message in query.messages[:-1]]
    return json.dumps(turns, ensure_ascii=False) if turns else ""
