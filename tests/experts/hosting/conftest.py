"""One hosted engine for all tests of this folder, and what they ask of it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from compound.config import SystemConfig
from experts.completion import Request
from experts.config import VllmExpert
from experts.hosting.hosted_engine import HostedEngine
from experts.query import Message
from experts.sampling import SamplingConfig

MakeRequest = Callable[..., Request]


@pytest.fixture(scope="session")
def experts(pocket_config: SystemConfig, tmp_path_factory: pytest.TempPathFactory) -> dict[str, VllmExpert]:
    """The miniature pool's experts and helpers, and some that are broken in ways of their own."""
    make = tmp_path_factory.mktemp
    found = {n: e for n, e in pocket_config.all_experts.items() if isinstance(e, VllmExpert)}
    missing = found["abacus"].model_copy(update={"model": "/nowhere/at/all"})
    endless = _endless(Path(found["abacus"].model), make("rambler"))
    rambler = found["abacus"].model_copy(update={"model": str(endless)})
    torn = found["abacus"].model_copy(update={"model": str(_torn(Path(found["abacus"].model), make("torn")))})
    # No machine has room for this KV cache.
    greedy = found["abacus"].engine.model_copy(update={"extra": {"kv_cache_memory_bytes": 2**47}})
    glutton = found["abacus"].model_copy(update={"engine": greedy})
    return {**found, "missing": missing, "rambler": rambler, "torn": torn, "glutton": glutton}


def _torn(source: Path, folder: Path) -> Path:
    """A copy of a model whose weights were not copied to the end."""
    shutil.copytree(source, folder, dirs_exist_ok=True)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    return folder


def _endless(source: Path, folder: Path) -> Path:
    """A copy of a model that does not know what ends an answer, so that it goes on to its limit."""
    for path in source.iterdir():
        if path.suffix == ".json" and path.name != "tokenizer.json":
            settings = json.loads(path.read_text(encoding="utf-8"))
            kept = {key: value for key, value in settings.items() if not key.startswith("eos_token")}
            (folder / path.name).write_text(json.dumps(kept), encoding="utf-8")
        elif path.is_file():
            shutil.copy(path, folder)
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hosted(pocket_config: SystemConfig, experts: dict[str, VllmExpert]) -> AsyncIterator[HostedEngine]:
    """A hosted engine that tests must leave able to work; they share its event loop."""
    engine = HostedEngine(experts, pocket_config.hosting)
    yield engine
    await engine.close()


@pytest.fixture(scope="session")
def ask() -> MakeRequest:
    """Makes requests; greedy, and short where nothing is said."""

    def make(
        request_id: str, expert: str, text: str = "What is 3 + 4?", max_tokens: int = 24, **sampling: object
    ) -> Request:
        return Request(
            id=request_id,
            expert=expert,
            query_id=request_id,
            messages=(Message("user", text),),
            sampling=SamplingConfig.model_validate({"max_tokens": max_tokens, **sampling}),
        )

    return make


@pytest.fixture(scope="session")
def trial(experts: dict[str, VllmExpert], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `reload_trial` found, run once in a process of its own."""
    folders = [experts[name].model for name in ("abacus", "atlas", "almanac")]
    program = Path(__file__).with_name("reload_trial.py")
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path_factory.mktemp("tied")), *folders],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
