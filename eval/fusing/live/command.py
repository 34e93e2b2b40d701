"""`compound bench-pool --config C`: every aggregator on the live pool of a configuration."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compound.commands.output import ConfigOption, JsonOption, console, print_json, progress_bar

if TYPE_CHECKING:
    from aggregators.config import AggregatorConfig

GROUPS = 8
_STORE = "completions.store"


def live_command(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder for live.json, choice.json and the store of completions."),
    ],
    config: ConfigOption = None,
    benchmark: Annotated[str, typer.Option(help="Name of the benchmark.")] = "pocket",
    limit: Annotated[
        int | None, typer.Option(help="Questions of each split. Default: the usual sizes.")
    ] = None,
    rows: Annotated[
        Path | None, typer.Option(help="YAML file of further aggregators: name to settings.")
    ] = None,
    reader: Annotated[
        str | None, typer.Option(help="Expert that reads candidates. Default: the configured aggregator's.")
    ] = None,
    encoder: Annotated[
        str, typer.Option(help="Of the groups: lexical, or a sentence-transformers model.")
    ] = "lexical",
    groups: Annotated[int, typer.Option(min=1, help="Most groups of questions to choose for.")] = GROUPS,
    json: JsonOption = False,
) -> None:
    """Compare all aggregators on a live pool: chosen on validation, reported on test."""
    from compound.config import default_config_path, load_config
    from compound.system import Compound
    from eval.benchmarks.names import benchmark_version, load_benchmark
    from eval.fusing.live.bench import bench_live
    from eval.fusing.live.lineup import lineup
    from eval.fusing.live.report import live_report
    from eval.routing.inputs import encoder_config, make_folder

    validation, test = (load_benchmark(benchmark, split, limit) for split in ("validation", "test"))
    settings = load_config(config or default_config_path())
    compared = lineup(settings, reader=reader, more=read_rows(rows) if rows else None)
    make_folder(out)
    names = [*compared.options, "baselines"]
    with (
        progress_bar() as shown,
        Compound(settings, store=out / _STORE, on_progress=shown) as system,
    ):
        bench = bench_live(
            system,
            validation,
            test,
            compared,
            encoder=encoder_config(encoder),
            groups=groups,
            choice_path=out / "choice.json",
            on_row=lambda name: shown("comparing aggregators", names.index(name), len(names)),
        )
    found = live_report(bench, benchmark=benchmark, version=benchmark_version(benchmark))
    (out / "live.json").write_text(
        json_module.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8"
    )
    if json:
        print_json(found)
    else:
        _show(found, out)


def _show(found: dict[str, Any], out: Path) -> None:
    from eval.fusing.live.tables import accuracy_table, cost_table, sentences

    screen = console()
    screen.print(accuracy_table(found))
    screen.print(cost_table(found))
    screen.print(
        "* the best on validation, + the configured one. Differences are paired, on test, with 95% bootstrap "
        "intervals; self-consistency is the best single expert's at the row's number of calls. Calls and "
        "tokens include the experts'; ms are those of fusing alone (of a baseline: of asking), - where "
        "completions came from the store.",
        markup=False,
    )
    for line in [*sentences(found), f"All of it is in {out}."]:
        screen.print(line, markup=False, soft_wrap=True)


def read_rows(path: Path) -> dict[str, AggregatorConfig]:
    """Further rows from a YAML file, their relative paths resolved against its folder.

    Raises:
        ConfigError: the file cannot be read, or an entry is no aggregator.
    """
    from pydantic import TypeAdapter, ValidationError

    from aggregators.config import AggregatorConfig
    from compound.config_file import read_yaml
    from experts.errors import ConfigError
    from experts.relative_paths import anchor_paths

    one: TypeAdapter[AggregatorConfig] = TypeAdapter(AggregatorConfig)
    found = {}
    for name, settings in read_yaml(path).items():
        try:
            found[str(name)] = anchor_paths(one.validate_python(settings), path.parent.resolve())
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in (name, *first["loc"]))
            raise ConfigError(f"{path}: {where} is not an aggregator: {first['msg']}.") from error
    return found
