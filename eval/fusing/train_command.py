"""`compound train-aggregator`: a learned fusion from an outcome table, written to a folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compound.commands.output import JsonOption, console, print_json, progress_bar

if TYPE_CHECKING:
    from experts.outcome_table import OutcomeTable
    from routers.config import TrainableConfig


def command(
    matrix: Annotated[Path, typer.Option("--matrix", "-m", help="Outcome table (parquet).")],
    router: Annotated[
        str,
        typer.Option(
            help="Whose estimates the fusion will see: a kind such as knn, a YAML file of one router, or the "
            "folder of a trained one."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the learned fusion.")],
    pool: Annotated[
        str | None, typer.Option(help="Experts, by commas, or FILE.json:NAME. Default: all.")
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(help="Split to learn from; repeatable. Default: train and validation where known."),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="lexical, or a sentence-transformers model: a folder (./...) or hub name."),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(help="Raw outputs (parquet: model, question_id, text), to read their signs as well."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Learn to fuse from outcomes; `aggregator: {kind: learned, path: ...}` uses it."""
    from aggregators.learned.fusion_folder import save_fusion
    from eval.fusing.estimates import router_estimates
    from eval.fusing.fitting import fit_fusion
    from eval.fusing.texts import read_texts
    from eval.routing.inputs import load_pool
    from eval.routing.train_command import rows_to_learn_from

    table = rows_to_learn_from(load_pool(matrix, pool), split)
    written = None if texts is None else read_texts(texts, table)
    with progress_bar() as shown:
        started = time.perf_counter()
        shown("estimating", 0, 2)
        left_out, _ = router_estimates(_router(router, encoder, table), table, table.take([]))
        shown("learning to fuse", 1, 2)
        fusion = fit_fusion(table, left_out, written)
        shown("learning to fuse", 2, 2)
    save_fusion(out, fusion, len(table.queries))
    summary = {
        "experts": list(table.experts),
        "questions": len(table.queries),
        "seconds": round(time.perf_counter() - started, 3),
        "out": str(out),
        "bytes": sum(path.stat().st_size for path in out.iterdir() if path.is_file()),
    }
    if json:
        print_json(summary)
        return
    for line in (
        f"a fusion of {len(table.experts)} experts ({', '.join(table.experts)}) was learned from "
        f"{len(table.queries):,} questions in {summary['seconds']:.1f} s",
        f"written to {out} ({int(str(summary['bytes'])) / 1e6:.1f} MB); use it with",
        f"  aggregator: {{kind: learned, path: {out}}}",
    ):
        console().print(line, markup=False, soft_wrap=True)


def _router(router: str, encoder: str | None, table: OutcomeTable) -> TrainableConfig:
    """The configuration of the router, which is fitted here on parts of the table."""
    from eval.routing.router_settings import router_settings, with_facts
    from experts.errors import ConfigError
    from experts.saving import load_header

    folder = Path(router).expanduser()
    if folder.is_dir() and (folder / "router.json").is_file():
        if encoder is not None:
            raise ConfigError(
                f"{folder} is a trained router, which has its encoder: leave `--encoder` {encoder!r} out."
            )
        from pydantic import TypeAdapter

        from routers.config import TrainableConfig

        return TypeAdapter[TrainableConfig](TrainableConfig).validate_python(load_header(folder).config)
    return with_facts(router_settings(router, encoder, table), table)
