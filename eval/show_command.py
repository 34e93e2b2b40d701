"""`compound show`: one question of a run, from routing to fusion. Asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compound.commands.output import JsonOption, console, print_json
from eval.runs.options import DataOption, data_paths

if TYPE_CHECKING:
    from eval.question import Question
    from eval.runs.manifest import Manifest
    from eval.runs.row import QuestionRow

_PRIVATE = "Its question is private and not shown; give --reveal to see it on this screen."


def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")],
    id: Annotated[str, typer.Argument(metavar="ID", help="Of the question, or the part behind the colon.")],
    data: DataOption = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show a question that must not be published.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show one question of a run: estimates, choice, what every expert said, the fused answer."""
    from eval.runs.manifest import Manifest
    from eval.runs.row import read_rows

    manifest = Manifest.read(folder / "manifest.json")
    row = _find(read_rows(folder / "rows.jsonl"), id)
    notes: list[str] = []
    question, texts = None, {}
    if row.private and not reveal:
        notes.append(_PRIVATE)
    else:
        question = _question(manifest, row, data, notes)
        texts = _texts(folder / "completions.store", manifest, row, notes)
    if json:
        print_json(_as_dict(row, question, texts, notes))
    else:
        _show(row, question, texts, notes)


def _find(rows: Sequence[QuestionRow], id: str) -> QuestionRow:
    from difflib import get_close_matches

    from experts.errors import BenchmarkError

    found = [row for row in rows if id in (row.id, row.id.partition(":")[2])]
    if len(found) == 1:
        return found[0]
    if found:
        raise BenchmarkError(f"{id!r} is ambiguous: {', '.join(row.id for row in found)}; give one of them.")
    names = [row.id for row in rows]
    close = get_close_matches(id, names, n=3, cutoff=0.5) or names[:3]
    raise BenchmarkError(
        f"The run has no question {id!r}; close to it are {', '.join(close)} "
        f"(of {len(rows)}, all in rows.jsonl)."
    )


def _question(
    manifest: Manifest, row: QuestionRow, data: list[str] | None, notes: list[str]
) -> Question | None:
    """The question, loaded again; None, and a note, where it cannot be."""
    from eval.runs.questions_of import questions_of
    from experts.errors import BenchmarkError

    entries = tuple(entry for entry in manifest.benchmarks if entry.name == row.benchmark)
    paths = data_paths(data, [entry.name for entry in manifest.benchmarks])
    try:
        questions = questions_of(manifest.model_copy(update={"benchmarks": entries}), paths)
    except BenchmarkError as error:
        notes.append(f"The question's text is not shown: {error}")
        return None
    if row.id not in questions:
        notes.append(f"The question's text is not shown: {row.benchmark} no longer has it.")
    return questions.get(row.id)


def _texts(path: Path, manifest: Manifest, row: QuestionRow, notes: list[str]) -> dict[str, str]:
    """Expert -> its text; {} and a note where there is no store, or another run is writing it."""
    from experts.errors import ConfigError
    from experts.sealing import gpqa_seal
    from experts.store import CompletionStore

    # Opening makes a store that is not there.
    if not path.exists():
        notes.append(f"The experts' texts are not shown: there is no {path}.")
        return {}
    private = any(entry.private for entry in manifest.benchmarks)
    try:
        with CompletionStore(path, seal=gpqa_seal() if private else None) as store:
            found = {expert.expert: store.get(expert.key) for expert in row.experts if expert.key}
    except ConfigError as error:
        notes.append(f"The experts' texts are not shown: {error}")
        return {}
    return {name: completion.text for name, completion in found.items() if completion is not None}


def _as_dict(
    row: QuestionRow, question: Question | None, texts: dict[str, str], notes: list[str]
) -> dict[str, Any]:
    whole = row.model_dump(mode="json")
    whole["question"] = (
        None
        if question is None
        else {"text": question.query.question, "options": list(question.query.choices)}
    )
    for expert in whole["experts"]:
        expert["text"] = texts.get(expert["expert"])
    whole["notes"] = notes
    return whole


def _show(row: QuestionRow, question: Question | None, texts: dict[str, str], notes: list[str]) -> None:
    screen = console()
    for line in [*_asked(row, question), *_routing(row)]:
        screen.print(line, markup=False, soft_wrap=True)
    for expert in row.experts:
        how = ", asked" if expert.asked else ""
        cut = ", cut off" if expert.truncated else ""
        found = "no answer" if expert.answer is None else expert.answer
        head = f"{expert.expert}: {found} ({expert.outcome}{how}{cut}, {expert.completion_tokens} tokens)"
        screen.print()
        screen.print(head, markup=False, soft_wrap=True, style="cyan")
        if expert.error or expert.expert in texts:
            screen.print(expert.error or texts[expert.expert].strip(), markup=False, soft_wrap=True)
    screen.print()
    for line in [*_fused(row), *notes]:
        screen.print(line, markup=False, soft_wrap=True)


def _asked(row: QuestionRow, question: Question | None) -> list[str]:
    lines = [f"{row.id} ({row.benchmark}, {row.subject})"]
    if question is not None:
        from experts.query import LETTERS

        lines += ["", question.query.question]
        lines += [
            f"  {letter}. {text}" for letter, text in zip(LETTERS, question.query.choices, strict=False)
        ]
    return [*lines, "", f"Gold answer: {row.gold}"]


def _routing(row: QuestionRow) -> list[str]:
    if row.outcome is None:
        return ["Only experts were run: nothing was routed or fused."]
    label = "P(right)" if row.calibrated else "score"
    ranked = sorted(row.estimates, key=lambda name: -row.estimates[name])
    lines = [f"Chosen: {', '.join(row.chosen) or 'nobody'}"]
    if ranked:
        lines.append(f"{label}: " + ", ".join(f"{name} {row.estimates[name]:.2f}" for name in ranked))
    return [*lines, *(f"  {reason}" for reason in row.reasons), *([row.stopped] if row.stopped else [])]


def _fused(row: QuestionRow) -> list[str]:
    if row.outcome is None:
        return []
    support = "" if row.support is None else f", support {row.support:.2f}"
    told = row.error or row.abstained or (f"{row.answer}" if row.answer is not None else "no answer")
    used = f"{row.calls} calls, {row.prompt_tokens} + {row.completion_tokens} tokens"
    return [f"System: {told} ({row.outcome}{support}, {used})", *row.warnings]
