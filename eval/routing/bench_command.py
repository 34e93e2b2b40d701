"""`compound bench-routers`: every kind of router on one recorded pool, beside what it must beat."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compound.commands.output import JsonOption, console, print_json, progress_bar

if TYPE_CHECKING:
    pass

_TIMED_TEXTS = 256
"""Questions that are encoded anew to tell what encoding takes."""


def command(
    matrix: Annotated[
        Path, typer.Option("--matrix", "-m", help="Outcome table, as `compound import` writes.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for bench.json and accuracy.png.")],
    pool: Annotated[
        str | None, typer.Option(help="Experts, by commas, or FILE.json:NAME. Default: all.")
    ] = None,
    encoder: Annotated[
        str, typer.Option(help="lexical, or a sentence-transformers model: folder or name.")
    ] = "lexical",
    kinds: Annotated[str | None, typer.Option(help="Kinds to compare, by commas. Default: all.")] = None,
    resplit: Annotated[
        bool, typer.Option(help="Half for testing, by the hash of the texts, in place of the file's splits.")
    ] = False,
    finetune: Annotated[bool, typer.Option(help="Also fine-tune the encoder's model (slow).")] = False,
    curve: Annotated[bool, typer.Option(help="Also the winner fitted on fewer questions.")] = False,
    json: JsonOption = False,
) -> None:
    """Compare all kinds of routers: chosen on validation, fitted again, reported on test."""
    from eval.routing.bench import bench_routers
    from eval.routing.inputs import encoder_config, load_pool, make_folder, pick_kinds
    from eval.routing.learning_curve import learning_curve
    from eval.routing.lineup import lineup
    from eval.routing.picture import draw
    from eval.routing.report import report
    from eval.routing.trial import encoding_microseconds

    table = load_pool(matrix, pool, resplit=resplit)
    settings = encoder_config(encoder)
    entries = pick_kinds(lineup(settings, table.experts, table.facts, finetune=finetune), kinds)
    make_folder(out)
    with progress_bar() as shown:
        bench = bench_routers(
            table,
            entries,
            settings,
            on_row=lambda name, done: shown(f"fitting {name}" if name else "fitting", done, len(entries)),
        )
    texts = [query.routing_text for query in table.queries[:_TIMED_TEXTS]]
    found = report(
        bench,
        dict(table.facts),
        encoder=encoder,
        encoding_microseconds=encoding_microseconds(settings, texts),
    )
    if curve:
        winner = bench.winner(1)
        found["learning_curve"] = learning_curve(table, winner.config)
    (out / "bench.json").write_text(json_module.dumps(found, indent=1) + "\n", encoding="utf-8")
    draw(found, out / "accuracy.png")
    if json:
        print_json(found)
    else:
        _show(found, out)


def _show(found: dict[str, object], out: Path) -> None:
    from eval.routing.report import cost_table, floor_table, table

    screen = console()
    screen.print(floor_table(found))
    for most in found["winner"]:  # type: ignore[attr-defined]  # a dict, as `report` makes it
        screen.print(table(found, int(most)))
    screen.print(cost_table(found))
    screen.print(
        "* the best on validation. Differences are paired, with 95% bootstrap intervals. ECE over all "
        "experts, of the worst one, and what perfect probabilities would show for the worst by chance; "
        "Brier skill of the worst expert; us are microseconds a query.",
        markup=False,
    )
    for kind, why in found["skipped"].items():  # type: ignore[attr-defined]
        screen.print(f"{kind} was left out: {why}", markup=False)
    for point in found.get("learning_curve", ()):  # type: ignore[attr-defined]
        screen.print(
            f"{point['questions']} questions: {100 * point['1']:.1f} with one expert, "
            f"{100 * point['3']:.1f} with three",
            markup=False,
        )
    screen.print(f"All of it is in {out}.", markup=False, soft_wrap=True)
