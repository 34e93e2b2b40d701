"""Systems of scripted experts: as YAML files for the command line, or with faults for the SDK."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from compound.config import SystemConfig
from compound.system import Compound
from experts.completion import Request
from experts.engines.scripted import Reply, Script, ScriptedEngine

SAMPLING = {"max_tokens": 64}
PRICE = {"prompt_usd_per_million": 1.0, "completion_usd_per_million": 2.0}
CAPITALS = {"France": "The answer is Paris.", "Italy": "The answer is Rome."}
TRIO: dict[str, Any] = {"ann": CAPITALS, "bob": CAPITALS, "cyd": {"France": "The answer is Lyon."}}
"""Two who know, one who errs; all three say "I do not know." elsewhere."""


def knows(request: Request) -> str:
    """A script that knows its capitals."""
    last = request.messages[-1].content
    return next((reply for key, reply in CAPITALS.items() if key in last), "I do not know.")


def content(experts: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A configuration; of an expert the replies, or all of it where it has a `kind`."""
    written = {
        name: given
        if "kind" in given
        else {"kind": "scripted", "sampling": SAMPLING, "price": PRICE, "replies": given}
        for name, given in (experts or TRIO).items()
    }
    base = {"experts": written, "router": {"kind": "fixed"}, "aggregator": {"kind": "majority"}}
    return base | {"k": len(written)} | changes


def system_file(folder: Path, experts: Mapping[str, Any] | None = None, **changes: Any) -> Path:
    path = folder / "system.yaml"
    path.write_text(yaml.safe_dump(content(experts, **changes), sort_keys=False), encoding="utf-8")
    return path


def mute(folder: Path) -> dict[str, Any]:
    """An expert that fails on every question: a recording that holds none."""
    path = folder / "empty.jsonl"
    path.touch()
    return {"kind": "recorded", "path": str(path), "sampling": SAMPLING}


def jsonl(path: Path, rows: Iterable[object]) -> Path:
    """A file of lines; a text is written as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


class Scripted:
    """A running system of scripted experts whose engines can be looked into."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        scripts: Mapping[str, Script],
        *,
        helpers: Sequence[str] = (),
        store: Path | None = None,
        on_progress: Any = None,
        **changes: Any,
    ) -> None:
        self.engines = {name: ScriptedEngine(default=s, experts=(name,)) for name, s in scripts.items()}
        monkeypatch.setattr(
            ScriptedEngine, "from_config", classmethod(lambda cls, name, config: self.engines[name])
        )
        whole = content({name: {} for name in scripts if name not in helpers}, **changes)
        whole["helpers"] = {name: {"kind": "scripted", "sampling": SAMPLING} for name in helpers}
        config = SystemConfig.model_validate(whole)
        more = {} if on_progress is None else {"on_progress": on_progress}
        self.system = Compound(config, store=store, **more)

    def asked(self, name: str) -> list[str]:
        """What an expert was asked: the last message of each of its requests."""
        return [request.messages[-1].content for request in self.engines[name].calls]

    def __enter__(self) -> "Scripted":
        return self

    def __exit__(self, *exc: object) -> None:
        self.system.close()


def fails(sentence: str = "the line is dead.") -> Reply:
    return Reply(error=sentence)
