"""`compound export`: a run in the formats of others. Asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compound.commands.output import console
from eval.runs.options import DataOption, data_paths

if TYPE_CHECKING:
    from eval.question import Question
    from eval.runs.manifest import Manifest
    from eval.runs.row import QuestionRow
    from experts.sealing import Seal

_FORMATS = ("lm_eval", "matrix")


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder (lm_eval) or file (matrix) to write.")],
    to: Annotated[str, typer.Option(help="lm_eval: sample logs; matrix: outcome table.")] = "lm_eval",
    expert: Annotated[
        list[str] | None, typer.Option(help="lm_eval: this expert's logs too; repeat, or all.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Export a run: sample logs of lm-evaluation-harness, or the outcome matrix.

    Of questions that must not be published there are ids, letters and hashes, and no texts.
    """
    from eval.runs.manifest import Manifest
    from eval.runs.row import read_rows
    from experts.errors import ConfigError

    if to not in _FORMATS:
        raise ConfigError(f"--to must be one of {', '.join(_FORMATS)}, got {to!r}.")
    if expert and to == "matrix":
        raise ConfigError("--expert goes with --to lm_eval; the outcome matrix has all experts.")
    manifest = Manifest.read(folder / "manifest.json")
    rows = read_rows(folder / "rows.jsonl")
    if to == "matrix":
        written = _matrix(folder, manifest, rows, data, out)
    else:
        written = _samples(folder, manifest, rows, expert or [], data, out)
    for path in written:
        console().print(f"Written: {path}", markup=False, soft_wrap=True)


def _matrix(
    folder: Path, manifest: Manifest, rows: Sequence[QuestionRow], data: list[str] | None, out: Path
) -> list[Path]:
    from eval.runs.rebuilt_matrix import rebuilt_matrix
    from experts.outcome_table import OutcomeTable

    kept = folder / "matrix.parquet"
    table = OutcomeTable.load(kept) if kept.exists() else rebuilt_matrix(rows, _questions(manifest, data))
    table.save(out)
    return [out]


def _samples(
    folder: Path,
    manifest: Manifest,
    rows: Sequence[QuestionRow],
    experts: list[str],
    data: list[str] | None,
    out: Path,
) -> list[Path]:
    from eval.interchange.lm_eval_samples import SYSTEM, export_samples

    pool = tuple(dict.fromkeys(found.expert for row in rows for found in row.experts))
    named = pool if experts == ["all"] else tuple(experts)
    models = named if manifest.experts_only else (SYSTEM, *named)
    return export_samples(
        manifest,
        rows,
        _questions(manifest, data),
        _texts(folder / "completions.store", rows, models or pool),
        models=models or pool,  # of a run of experts only, all of them
        time=_time(folder / "rows.jsonl"),
        out=out,
    )


def _questions(manifest: Manifest, data: list[str] | None) -> dict[str, Question]:
    from eval.runs.questions_of import questions_of

    return questions_of(manifest, data_paths(data, [entry.name for entry in manifest.benchmarks]))


def _texts(path: Path, rows: Sequence[QuestionRow], experts: Sequence[str]) -> dict[str, str]:
    """Key -> text, of the experts' completions on questions that may be published."""
    from experts.store import CompletionStore

    keys = [
        expert.key
        for row in rows
        for expert in row.experts
        if not row.private and expert.expert in experts and expert.key
    ]
    # A store with a private question is sealed as a whole; opening makes one that is not there.
    if not keys or not path.exists():
        return {}
    with CompletionStore(path, seal=_seal(rows)) as store:
        found = {key: store.get(key) for key in keys}
    return {key: completion.text for key, completion in found.items() if completion is not None}


def _seal(rows: Sequence[QuestionRow]) -> Seal | None:
    from experts.sealing import gpqa_seal

    return gpqa_seal() if any(row.private for row in rows) else None


def _time(path: Path) -> str:
    """When the run was finished (UTC), in the harness's form for file names."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).strftime("%Y-%m-%dT%H-%M-%S.%f")
