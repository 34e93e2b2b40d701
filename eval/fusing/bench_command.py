"""`compound bench-aggregators`: aggregators on one recorded pool, beside what they must beat."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compound.commands.output import JsonOption, console, print_json, progress_bar

if TYPE_CHECKING:
    from routers.config import TrainableConfig


def command(
    matrix: Annotated[
        Path, typer.Option("--matrix", "-m", help="Outcome table, as `compound import` writes.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for bench.json and coverage.png.")],
    pool: Annotated[
        str | None, typer.Option(help="Experts, by commas, or FILE.json:NAME. Default: all.")
    ] = None,
    router: Annotated[
        str, typer.Option(help="Kind that ranks the experts, such as knn, or a YAML file of one router.")
    ] = "forest",
    encoder: Annotated[
        str, typer.Option(help="lexical, or a sentence-transformers model: folder or name.")
    ] = "lexical",
    texts: Annotated[
        Path | None,
        typer.Option(help="Raw outputs (parquet: model, question_id, text): adds a fusion that reads them."),
    ] = None,
    resplit: Annotated[
        bool, typer.Option(help="Half for testing, by the hash of the texts, in place of the file's splits.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Compare aggregators on recorded answers: chosen on validation, fitted again, reported on test."""
    from eval.fusing.bench import bench_aggregators
    from eval.fusing.picture import draw
    from eval.fusing.report import report
    from eval.fusing.texts import read_texts
    from eval.routing.inputs import encoder_config, load_pool, make_folder

    table = load_pool(matrix, pool, resplit=resplit)
    written = None if texts is None else read_texts(texts, table)
    settings = encoder_config(encoder)
    make_folder(out)
    with progress_bar() as shown:
        bench = bench_aggregators(
            table, _router(router, encoder, table), settings, texts=written, on_stage=shown
        )
    found = report(bench, encoder=encoder)
    (out / "bench.json").write_text(json_module.dumps(found, indent=1) + "\n", encoding="utf-8")
    draw(found, out / "coverage.png")
    if json:
        print_json(found)
    else:
        _show(found, out)


def _router(router: str, encoder: str, table: Any) -> TrainableConfig:
    from eval.routing.router_settings import router_settings, with_facts

    return with_facts(router_settings(router, encoder, table), table)


def _show(found: dict[str, Any], out: Path) -> None:
    from eval.fusing.report import coverage_line, early_lines, floor_table, table

    screen = console()
    screen.print(floor_table(found))
    for most in found["winner"]:
        screen.print(table(found, int(most)))
    for line in (
        "* the best on validation. Differences are paired, with 95% bootstrap intervals. Calls and "
        "completion tokens are per question. ECE and Brier skill are of the support that the aggregator "
        "gives its answer.",
        *early_lines(found),
        coverage_line(found),
        f"All of it is in {out}.",
    ):
        screen.print(line, markup=False, soft_wrap=True)
