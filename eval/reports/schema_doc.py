"""`docs/report.md`: the layout of `report.json` as tables, made from the types and their docstrings.

    python -m eval.reports.schema_doc > docs/report.md

Knows no report.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel

from eval.reports.schema import FORMAT, Report

_INTRODUCTION = f"""# report.json

What `compound eval` finds, in the folder of the run, in format {FORMAT}. This page is made from
`eval/reports/schema.py` and `eval/runs/` by `python -m eval.reports.schema_doc`.

Shares and accuracies are in [0, 1], intervals are 95%. A question that failed, was withheld or has no answer
that could be read counts as wrong, and is counted on its own beside. `null` stands where there is nothing to
measure. Two equal runs differ in `course` only, which has all times. NaN and infinity never occur.
"""


def schema_markdown() -> str:
    """The whole page: a table of fields for every part, in the order in which a report first names it."""
    return "\n".join([_INTRODUCTION, *(_section(part) for part in _parts(Report))])


def _parts(part: type[BaseModel]) -> list[type[BaseModel]]:
    """The type itself, then all that it is made of, breadth first."""
    found = [part]
    for one in found:
        found += [inner for inner in dict.fromkeys(_inner(one)) if inner not in found]
    return found


def _inner(part: type[BaseModel]) -> Iterator[type[BaseModel]]:
    waiting = [field.annotation for field in part.model_fields.values()]
    while waiting:
        one = waiting.pop(0)
        if inspect.isclass(one) and issubclass(one, BaseModel):
            yield one
        waiting = [*get_args(one), *waiting]


def _section(part: type[BaseModel]) -> str:
    types, words = _written(part)
    lines = [
        f"## {part.__name__}",
        "",
        f"{inspect.getdoc(part)}",
        "",
        "| key | type | what |",
        "|---|---|---|",
    ]
    for name in part.model_fields:
        lines.append(f"| `{name}` | {types[name]} | {words.get(name, '')} |")
    return "\n".join([*lines, ""])


def _written(part: type[BaseModel]) -> tuple[dict[str, str], dict[str, str]]:
    """Types of fields and the docstrings below them, as they stand in the source."""
    [definition] = ast.parse(inspect.getsource(part)).body
    assert isinstance(definition, ast.ClassDef), "a type is a class"
    types, words, last = {}, {}, ""
    for line in definition.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            last = line.target.id
            types[last] = _in_json(ast.unparse(line.annotation))
        elif last and isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
            words[last] = _cell(str(line.value.value))
            last = ""
        else:
            last = ""
    return types, words


def _in_json(annotation: str) -> str:
    """A type of Python's as JSON has it."""
    text = re.sub(r"\btuple\[(.*), \.\.\.\]", lambda m: f"list of ({_in_json(m[1])})", annotation)
    names = {"float": "number", "int": "integer", "str": "string", "bool": "boolean"}
    names |= {"None": "null", "Any": "any value"}
    text = re.sub(r"\b(float|int|str|bool|None|Any)\b", lambda m: names[m[0]], text)
    text = re.sub(r"dict\[string, ([\w ]+)\]", r"object of \1", text).replace(" | ", " or ")
    return re.sub(r"\((\w+)\)", r"\1", text)


def _cell(text: str) -> str:
    return re.sub(r"\bNone\b", "null", " ".join(text.split()).replace("|", "\\|"))


if __name__ == "__main__":
    sys.stdout.write(schema_markdown())
