"""`compound demo`: a few questions with the routing explained, then an evaluation. Computes nothing."""

from __future__ import annotations

from compound.commands.output import ConfigOption, console, show_answer

QUESTIONS = 3
EVALUATED = 200
VALIDATION = 200
"""Questions on which the best single expert is chosen."""


def demo(config: ConfigOption = None) -> None:
    """Answer a few questions with the routing explained, then evaluate a few hundred."""
    from compound.config import default_config_path, load_config
    from eval.reports.terminal import report_tables
    from eval.runs.progress import run_progress
    from eval.runs.running import Run
    from eval.runs.selection import select
    from experts.prompts import question_block

    selected = select(["pocket"], split="test", n=EVALUATED, validation=VALIDATION)
    settings = load_config(config or default_config_path())
    screen = console()
    with run_progress(str) as shown, Run(selected, settings, on_progress=shown) as run:
        for question in selected.questions[:QUESTIONS]:
            screen.rule(style="dim")
            screen.print(question_block(question.query), style="bold", markup=False)
            show_answer(screen, run.system.answer(question.query)[0])
            screen.print(f"  right answer: {question.gold}", markup=False)
        screen.rule(style="dim")
        screen.print(f"Now {EVALUATED} questions at once, beside the baselines:")
        report = run.evaluate()
    for part in report_tables(report):
        screen.print(part)
