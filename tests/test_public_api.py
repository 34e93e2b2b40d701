"""The public names, as a promise: a change of this list is a change for users."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import compound

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "vllm", "ray", "transformers", "sentence_transformers", "sklearn", "openai")


def test_public_names_are_exactly_these() -> None:
    assert compound.__all__ == [
        "AggregationError",
        "Answer",
        "BenchmarkError",
        "Completion",
        "Compound",
        "CompoundError",
        "ConfigError",
        "ExpertError",
        "ExpertTimeout",
        "ExpertUnavailable",
        "Message",
        "OutcomeMatrix",
        "Query",
        "QueryError",
        "ReloadMismatch",
        "RouterError",
        "RouterNotFittedError",
        "RoutingDecision",
        "SamplingConfig",
        "ScriptedEngine",
        "SystemConfig",
        "Timings",
        "Usage",
        "Verdict",
        "aroute_and_answer",
        "default_config_path",
        "load_config",
        "route_and_answer",
    ]


@pytest.mark.parametrize("name", compound.__all__)
def test_public_object_and_its_public_methods_are_documented(name: str) -> None:
    thing = getattr(compound, name)
    assert thing.__doc__ and thing.__doc__.strip()
    if not inspect.isclass(thing):
        return
    for member, value in vars(thing).items():
        if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
            assert value.__doc__, f"{name}.{member}"


def test_errors_are_one_tree() -> None:
    errors = [getattr(compound, n) for n in compound.__all__ if n.endswith("Error")]
    assert len(errors) > 5
    assert all(issubclass(e, compound.CompoundError) for e in errors)


@pytest.mark.parametrize(
    "module",
    [
        "compound",
        "compound.cli",
        "compound.batch",
        "compound.check",
        "compound.commands.answer",
        "compound.commands.output",
        "eval.eval_command",
        "eval.evaluation",
        "eval.profile_command",
        "eval.reports.build",
        "eval.runs.running",
    ],
)
def test_import_brings_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; print(*[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=250
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
