"""Raw outputs from a file, for the questions and experts of a table. Knows no aggregator."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from eval.fusing.recorded import Texts
from experts.errors import ConfigError
from experts.outcome_table import OutcomeTable

_COLUMNS = ("model", "question_id", "text")


def read_texts(path: Path, table: OutcomeTable) -> Texts:
    """What the table's experts wrote on its questions.

    Args:
        path: parquet with the columns model, question_id (as in the table, or the part of the table's
            ids behind the last colon, if no other question shares it) and text.
        table: of the pool.

    Raises:
        ConfigError: the file cannot be read, or has nothing on the table's questions.
    """
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        rows = parquet.read_table(
            path, columns=list(_COLUMNS), filters=[("model", "in", list(table.experts))]
        )
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(
            f"The texts {path} cannot be read ({reason}); give a parquet file with the columns "
            f"{', '.join(_COLUMNS)}."
        ) from error
    ids = [query.id for query in table.queries]
    short = Counter(name.rpartition(":")[2] for name in ids)
    known = {tail: name for name in ids if short[tail := name.rpartition(":")[2]] == 1}
    known |= {name: name for name in ids}
    found: dict[tuple[str, str], str] = {}
    for model, question, text in zip(*(rows[name].to_pylist() for name in _COLUMNS), strict=True):
        query = known.get(str(question))
        if query is not None and text is not None:
            found[model, query] = text
    if not found:
        raise ConfigError(
            f"{path} has no texts on the table's questions: their question_id must be that of the table, "
            f"such as {table.queries[0].id!r}."
        )
    return found
